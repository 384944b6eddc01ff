"""From the app's directory to deployed stacks: synthesize, judge, bootstrap, build, push, deploy."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from ecr_fargate_constructs.local import base_images, seeds, toolkit
from ecr_fargate_constructs.local.errors import LocalError
from ecr_fargate_constructs.local.podman import podman_environment
from ecr_fargate_constructs.reading import assembly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs.local.instance import Instance, Memory
    from ecr_fargate_constructs.local.progress import Progress
    from ecr_fargate_constructs.reading.assembly import Stack


class Deployment:
    """One run of the CDK command line's verbs on an app, for the stacks that are named or for all."""

    def __init__(self, instance: Instance, memory: Memory, names: Sequence[str], progress: Progress) -> None:
        """Find the command line; nothing runs yet."""
        self._instance = instance
        self._memory = memory
        self._names = names
        self._progress = progress
        progress.step("getting the CDK command line")
        self._toolkit = toolkit.find_toolkit(instance.app_directory, progress.detail)
        instance.toolkit_log.write_text("", encoding="utf-8")

    def synthesize(self) -> list[Stack]:
        """Synthesize the app, and refuse what the embedded AWS cannot deploy."""
        self._progress.step("synthesizing the app")
        fresh = self._instance.state / "cdk.out.new"
        shutil.rmtree(fresh, ignore_errors=True)
        with seeds.context_kept(self._instance.app_directory):
            try:
                self._run("synth", "--quiet", "--output", str(fresh))
            except LocalError:
                if not self._put(seeds.lookups(fresh, self._instance.account, self._instance.region)):
                    raise
                shutil.rmtree(fresh)  # its validation report would count again
                self._run("synth", "--quiet", "--output", str(fresh))
        stacks = assembly.stacks(fresh, self._names)
        self._refuse_other_environments(stacks)
        known = set(json.loads(self._instance.types_file.read_text(encoding="utf-8")))
        refuse_unsupported(stacks, known)
        shutil.rmtree(self._instance.assembly, ignore_errors=True)  # only now: until here the one before is deployed
        fresh.rename(self._instance.assembly)
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

    def get_base_images(self, stacks: Sequence[Stack]) -> tuple[str, ...]:
        """Pull what the Dockerfiles build on; the names of the images that a stand-in was made for."""
        self._progress.step("getting the base images")
        images = (image for stack in stacks for image in stack.built_images())
        bases = dict.fromkeys(base for image in images for base in base_images.bases_of(image))
        return base_images.provide(
            self._memory.engine, bases, podman_environment(self._instance), self._progress.detail
        )

    def deploy(self) -> None:
        """Build, push and deploy."""
        self._progress.step("building, pushing and deploying")
        chosen = self._names or ["--all"]
        self._run("deploy", "--app", str(self._instance.assembly), "--require-approval", "never", *chosen)

    def _run(self, *arguments: str) -> None:
        toolkit.run_toolkit(self._instance, self._memory, self._toolkit, arguments, on_line=self._progress.detail)

    def _put(self, stubs: seeds.Seeds) -> bool:
        """Put stubs where nothing is, and return whether there were any."""
        notes = seeds.put(self._instance, stubs)
        for note in notes:
            self._progress.note(note)
        return bool(notes)

    def _refuse_other_environments(self, stacks: Sequence[Stack]) -> None:
        account, region = self._instance.account, self._instance.region
        for stack in stacks:
            wanted_account, wanted_region = stack.account or account, stack.region or region
            if (wanted_account, wanted_region) != (account, region):
                raise LocalError(
                    f"stack {stack.name} is for account {wanted_account} in {wanted_region}; "
                    f"the embedded AWS is account {account} in {region}",
                    fix=f"add --account {wanted_account} --region {wanted_region}, after 'ecr-fargate local down'",
                )


def refuse_unsupported(stacks: Sequence[Stack], known: set[str]) -> None:
    """Refuse types that the embedded AWS does not know, before anything is deployed.

    Raises:
        LocalError: Types and logical ids of the resources that are not emulated, one a line.
    """
    missing = [
        f"not emulated: {kind} ({logical_id})"
        for stack in stacks
        for kind, logical_id in stack.resources()
        if kind not in known and not kind.startswith("Custom::")
    ]
    if missing:
        raise LocalError(
            "\n".join(dict.fromkeys(missing)), fix="deploy stacks without these resources by name, or deploy to AWS"
        )
