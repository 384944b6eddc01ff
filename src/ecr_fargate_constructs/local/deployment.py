"""From the app's directory to deployed stacks: synthesize, judge, bootstrap, build, push, deploy."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

from ecr_fargate_constructs.local import base_images, seeds, toolkit
from ecr_fargate_constructs.local.causes import failed_step
from ecr_fargate_constructs.local.notes import notes, warnings
from ecr_fargate_constructs.local.podman import podman_environment
from ecr_fargate_constructs.local.refusals import refuse_other_environments, refuse_unknown, refuse_unsupported
from ecr_fargate_constructs.tools.assembly import stacks as assembly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs.local.instance import Instance, Memory
    from ecr_fargate_constructs.local.progress import Progress
    from ecr_fargate_constructs.tools.assembly.stacks import Stack

_MOST_LOOKUPS = 3  # one after the other: a VPC, then a private zone in it
_NO_LOOKUPS = "Context lookups have been disabled"


class NeedsAwsError(Exception):
    """The app asks AWS while it is synthesized, and no embedded one runs yet."""


class Deployment:
    """One run of the CDK command line's verbs on an app, for the stacks that are named or for all."""

    def __init__(
        self,
        instance: Instance,
        memory: Memory,
        names: Sequence[str],
        progress: Progress,
        context: Sequence[str] = (),
    ) -> None:
        """Find the command line; nothing runs yet."""
        self._instance = instance
        self._memory = memory
        self._names = names
        self._progress = progress
        self._context = [part for each in context for part in ("--context", each)]
        self._stand_ins: tuple[str, ...] = ()
        self._fresh = instance.state / "cdk.out.new"
        progress.step("getting the CDK command line")
        self._toolkit = toolkit.find_toolkit(instance.app_directory, progress.detail)
        instance.toolkit_log.write_text("", encoding="utf-8")

    def synthesize(self, *, running: bool) -> list[Stack]:
        """Synthesize the app, show its warnings, and refuse stacks that are not there or not for this instance.

        Args:
            running: Whether the embedded AWS runs, so that the app may ask it.

        Raises:
            ToolError: The app fails, or cannot be deployed here.
            NeedsAwsError: The app asks AWS, and none runs.
        """
        self._progress.step("synthesizing the app")
        with seeds.context_kept(self._instance.app_directory):
            try:
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

    def accept(self) -> list[Stack]:
        """Refuse what the embedded AWS cannot deploy, and take the app as it is now for the one that is deployed."""
        known = set(json.loads(self._instance.types_file.read_text(encoding="utf-8")))
        refuse_unsupported(assembly.stacks(self._fresh, self._names), known)
        shutil.rmtree(self._instance.assembly, ignore_errors=True)  # only now: until here the one before is deployed
        self._fresh.rename(self._instance.assembly)
        return assembly.stacks(self._instance.assembly, self._names)

    def bootstrap(self) -> None:
        """Bootstrap, once in an instance's life."""
        if not self._memory.bootstrapped:
            self._progress.step("bootstrapping")
            # With the assembly, or the command would synthesize the app again.
            environment = f"aws://{self._instance.account}/{self._instance.region}"
            self._run("bootstrap", environment, "--app", str(self._instance.assembly))
            self._memory.bootstrapped = True
            self._memory.save(self._instance)

    def put_stubs(self) -> None:
        """Put stubs for what the app refers to and none of its stacks makes, and say for what."""
        self._put(seeds.stubs(self._instance.assembly))

    def get_base_images(self, stacks: Sequence[Stack]) -> None:
        """Pull what the Dockerfiles build on, or make a stand-in for it."""
        images = (image for stack in stacks for image in stack.built_images())
        bases = dict.fromkeys(base for image in images for base in base_images.bases_of(image))
        self._stand_ins = base_images.provide(
            self._memory.engine, bases, podman_environment(self._instance), self._progress.detail
        )
        for image in self._stand_ins:
            self._progress.note(f"{image} could not be pulled: a stand-in made of Debian packages plays it here")

    def deploy(self) -> None:
        """Build, push and deploy.

        Raises:
            ToolError: It failed; for a build the failed step, and whether a stand-in played its base image.
        """
        self._progress.step("building, pushing and deploying")
        chosen = self._names or ["--all"]
        try:
            self._run("deploy", "--app", str(self._instance.assembly), "--require-approval", "never", *chosen)
        except toolkit.ToolkitError as error:
            if self._stand_ins and failed_step(error.lines):
                error.cause += (
                    f"\na stand-in made of Debian packages plays {', '.join(self._stand_ins)} here: it has the "
                    "interpreter or the server, and no pip, compiler or curl"
                )
                error.fix = (
                    "if the step lacks one of these, connect this machine to the base image's registry, or load the "
                    "image into the engine; otherwise mend the Dockerfile or what it copies"
                )
            raise

    def _run(self, *arguments: str) -> None:
        toolkit.run_toolkit(self._instance, self._memory, self._toolkit, arguments, on_line=self._progress.detail)

    def _synthesize(self, *, running: bool, rounds: int = _MOST_LOOKUPS) -> None:
        """Run the app; again as long as it asks for something that a stub can stand for."""
        command = ["synth", "--quiet", *self._context, *([] if running else ["--no-lookups"]), "--output"]
        shutil.rmtree(self._fresh, ignore_errors=True)  # its validation report would count again
        try:
            self._run(*command, str(self._fresh))
        except toolkit.ToolkitError as error:
            if not running:
                if _asks_aws(error.lines, self._instance.port):
                    raise NeedsAwsError from error
                raise
            missing = seeds.lookups(self._fresh, self._instance.account, self._instance.region)
            if rounds == 0 or not self._put(missing):
                raise
            self._synthesize(running=running, rounds=rounds - 1)

    def _refuse_lookups_elsewhere(self, *, running: bool) -> None:
        """Refuse an app that asks AWS for what is in another account or region, where no lookup finds anything."""
        if seeds.asks_elsewhere(self._fresh, self._instance.account, self._instance.region):
            refuse_other_environments(self._fresh, self._names, self._instance, running=running)

    def _put(self, stubs: seeds.Seeds) -> bool:
        """Put stubs where nothing is, and return whether there were any."""
        notes = seeds.put(self._instance, stubs)
        for note in notes:
            self._progress.note(note)
        return bool(notes)


def _asks_aws(lines: Sequence[str], port: int) -> bool:
    """Whether a synthesis failed since it asked for a lookup, or since the app itself called the endpoint."""
    endpoint = re.compile(rf"(?:localhost|127\.0\.0\.1|::1\]?):{port}\b")
    return any(_NO_LOOKUPS in line or endpoint.search(line) for line in lines)
