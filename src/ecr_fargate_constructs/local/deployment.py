"""Deploy an app to the embedded AWS: synthesize, check, bootstrap, build, push and deploy."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

from ecr_fargate_constructs.local import base_images, seeds, toolkit
from ecr_fargate_constructs.local.cdk_failures import failed_step
from ecr_fargate_constructs.local.notes import notes, warnings
from ecr_fargate_constructs.local.podman import podman_environment
from ecr_fargate_constructs.local.refusals import refuse_other_environments, refuse_unknown, refuse_unsupported
from ecr_fargate_constructs.tools.assembly import stacks as assembly

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ecr_fargate_constructs.local.instance import Instance, Memory
    from ecr_fargate_constructs.local.progress import Progress
    from ecr_fargate_constructs.local.watching.synthesis import WarmApp
    from ecr_fargate_constructs.tools.assembly.stacks import Stack

_MAX_LOOKUPS = 3  # rounds: a private zone can be looked up only after its VPC
_NO_LOOKUPS = "Context lookups have been disabled"


class NeedsAwsError(Exception):
    """The app calls AWS during synthesis, and the embedded AWS is not running yet."""


class Deployment:
    """A deployment of an app with the CDK command line."""

    def __init__(
        self,
        instance: Instance,
        memory: Memory,
        names: Sequence[str],
        progress: Progress,
        context: Sequence[str] = (),
        app: WarmApp | None = None,
    ) -> None:
        """Find or install the CDK command line, and run nothing yet.

        Args:
            instance: The instance.
            memory: The recorded state of the instance.
            names: Names of the stacks; all stacks if empty.
            progress: Shows what is going on.
            context: ``KEY=VALUE`` for the app.
            app: Records how the app is run, and runs it again if it can.
        """
        self._instance = instance
        self._app = app
        self._memory = memory
        self._names = names
        self._progress = progress
        self._context = [part for each in context for part in ("--context", each)]
        self._images: dict[str, set[str]] = {}  # by the names that Dockerfiles write
        self._stand_ins: dict[str, str] = {}
        self._fresh = instance.state / "cdk.out.new"
        progress.step("getting the CDK command line")
        self._toolkit = toolkit.find_toolkit(instance.app_directory, progress.detail)
        instance.toolkit_log.write_text("", encoding="utf-8")

    def synthesize(self, *, running: bool) -> list[Stack]:
        """Synthesize the app, show its warnings, and refuse stacks that do not exist or do not fit this instance.

        Args:
            running: Whether the embedded AWS is running, so that the app can call it.

        Raises:
            ToolError: The app fails, or cannot be deployed to this instance.
            NeedsAwsError: The app calls AWS, and the embedded AWS is not running.
        """
        self._progress.step("synthesizing the app")
        with seeds.context_kept(self._instance.app_directory):
            try:
                if not (running and self._app is not None and self._app.synthesize(self._fresh)):
                    self._synthesize(running=running)
            except (NeedsAwsError, toolkit.ToolkitError):
                self._refuse_lookups_elsewhere(running=running)
                raise
        refuse_unknown(self._fresh, self._names)
        stacks = assembly.stacks(self._fresh, self._names)
        for text in warnings(stacks):
            self._progress.note(text, kind="warning")
        refuse_other_environments(self._fresh, self._names, self._instance, running=running)
        for text in notes(stacks, self._memory.engine):
            self._progress.note(text)
        return stacks

    @property
    def stacks(self) -> list[Stack]:
        """The chosen stacks of the new cloud assembly."""
        return assembly.stacks(self._fresh, self._names)

    @property
    def changed(self) -> bool:
        """Whether the new cloud assembly differs from the deployed one in a template or an asset."""
        return _content(self._fresh) != _content(self._instance.assembly)

    def accept(self) -> list[Stack]:
        """Refuse what the embedded AWS cannot deploy, and make the new cloud assembly the deployed one."""
        supported = set(json.loads(self._instance.types_file.read_text(encoding="utf-8")))
        refuse_unsupported(assembly.stacks(self._fresh, self._names), supported)
        shutil.rmtree(self._instance.assembly, ignore_errors=True)  # only now: until here the previous one is deployed
        self._fresh.rename(self._instance.assembly)
        return assembly.stacks(self._instance.assembly, self._names)

    def bootstrap(self) -> None:
        """Bootstrap the instance, unless that has been done."""
        if not self._memory.bootstrapped:
            self._progress.step("bootstrapping")
            # Without --app the command would synthesize the app again.
            environment = f"aws://{self._instance.account}/{self._instance.region}"
            self._run("bootstrap", environment, "--app", str(self._instance.assembly), runs_app=False)
            self._memory.bootstrapped = True
            self._memory.save(self._instance)

    def put_stubs(self) -> None:
        """Create stubs for resources that the app refers to and does not create, and print a note for each."""
        self._put(seeds.stubs(self._instance.assembly))

    def get_base_images(self, stacks: Sequence[Stack]) -> None:
        """Pull the images that the Dockerfiles name, or make stand-ins for them."""
        for stack in stacks:
            for built in stack.built_images():
                for name, image in base_images.images_of(built).items():
                    self._images.setdefault(name, set()).add(image)
        self._stand_ins = base_images.provide(
            self._memory.engine,
            sorted(set().union(*self._images.values())),
            podman_environment(self._instance),
            self._progress.detail,
        )
        for image in self._stand_ins:
            self._progress.note(f"{image} could not be pulled: a stand-in made from Debian packages replaces it")

    def deploy(self) -> None:
        """Build, push and deploy."""
        self._progress.step("building, pushing and deploying")
        chosen = self._names or ["--all"]
        try:
            options = ("--app", str(self._instance.assembly), "--require-approval", "never")
            self._run("deploy", *options, *chosen, runs_app=False)
        except toolkit.ToolkitError as error:
            if self._stand_ins and failed_step(error.lines):
                error.cause += (
                    f"\na stand-in made from Debian packages replaces {', '.join(self._stand_ins)}: it has the "
                    "interpreter or the server, but no pip, compiler or curl"
                )
                error.fix = (
                    "if the step needs one of these, connect this machine to the base image's registry, or load the "
                    "image into the engine; otherwise correct the Dockerfile or the files that it copies"
                )
            raise

    def _run(self, *arguments: str, runs_app: bool = True) -> None:
        named = self._images.items()
        others = {image: stand_in for image, stand_in in self._stand_ins.items() if stand_in != image}
        toolkit.run_toolkit(
            self._instance,
            self._memory,
            self._toolkit,
            arguments,
            on_line=self._progress.detail,
            # A variable may have another value in another Dockerfile, and all builds get the same stand-ins.
            stand_ins={name: others[image] for name, (image, *more) in named if not more and image in others},
            runs_app=runs_app,
        )

    def _synthesize(self, *, running: bool, rounds: int = _MAX_LOOKUPS) -> None:
        """Run the app, and again as long as it looks up something that a stub can replace."""
        app = self._app.command() if self._app is not None else None
        recorded = [] if app is None else ["--app", app]
        command = ["synth", "--quiet", *recorded, *self._context, *([] if running else ["--no-lookups"]), "--output"]
        shutil.rmtree(self._fresh, ignore_errors=True)  # its validation report would be counted again
        try:
            self._run(*command, str(self._fresh))
        except toolkit.ToolkitError as error:
            if not running:
                if _calls_aws(error.lines, self._instance.port):
                    raise NeedsAwsError from error
                raise
            missing = seeds.lookups(self._fresh, self._instance.account, self._instance.region)
            if rounds == 0 or not self._put(missing):
                raise
            self._synthesize(running=running, rounds=rounds - 1)

    def _refuse_lookups_elsewhere(self, *, running: bool) -> None:
        """Refuse an app with lookups in another account or region, which find nothing."""
        if seeds.asks_elsewhere(self._fresh, self._instance.account, self._instance.region):
            refuse_other_environments(self._fresh, self._names, self._instance, running=running)

    def _put(self, stubs: seeds.Seeds) -> bool:
        """Create stubs for what does not exist, and return whether any were created."""
        created = seeds.put(self._instance, stubs)
        for note in created:
            self._progress.note(note)
        return bool(created)


def _content(folder: Path) -> dict[str, bytes]:
    """Return the templates and asset manifests of a cloud assembly, also of the assemblies inside it."""
    files = [*folder.glob("*.json"), *folder.glob("assembly-*/**/*.json")]
    kept = (each for each in files if each.name.endswith((".template.json", ".assets.json")))
    return {each.relative_to(folder).as_posix(): each.read_bytes() for each in kept}


def _calls_aws(lines: Sequence[str], port: int) -> bool:
    """Return whether a synthesis failed because of a lookup, or because the app itself called the endpoint."""
    endpoint = re.compile(rf"(?:localhost|127\.0\.0\.1|::1\]?):{port}\b")
    return any(_NO_LOOKUPS in line or endpoint.search(line) for line in lines)
