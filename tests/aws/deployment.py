"""Deploy the stacks of an example, approve what waits for a person, and delete the stacks again."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ecr_fargate_constructs.local.toolkit import find_toolkit
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.aws.cases import Case
    from tests.aws.targets import Target

_POLL = 2.0  # seconds
_TIMED_OUT = 124
_SYNTHESIS_SECONDS = 300


@dataclass(frozen=True)
class Ended:
    """A program that has ended: its status, 124 if it took too long, and what it printed."""

    status: int
    printed: str


@dataclass(frozen=True)
class Deployed:
    """An example on a target.

    Attributes:
        target: The target.
        case: The example.
        prefix: Prefix of its stacks.
        folder: Folder with its ``cdk.json`` and its cloud assembly.
    """

    target: Target
    case: Case
    prefix: str
    folder: Path
    approved: list[str] = field(default_factory=list)

    @property
    def out(self) -> Path:
        """Its cloud assembly."""
        return self.folder / "cdk.out"

    @property
    def stacks(self) -> dict[str, str]:
        """Names of the stacks without the prefix, and with it."""
        artifacts = json.loads((self.out / "manifest.json").read_text(encoding="utf-8"))["artifacts"]
        stacks = [each for each in artifacts.values() if each["type"] == "aws:cloudformation:stack"]
        names = [each["properties"].get("stackName") or each["displayName"] for each in stacks]
        return {name.removeprefix(self.prefix): name for name in names}

    def synthesize(self, texts: Sequence[tuple[str, str]]) -> Ended:
        """Synthesize the example, with some texts replaced."""
        program = [sys.executable, "-m", "tests.aws.example_app", str(self.case.file), self.prefix]
        cdk = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))
        cdk["app"] = shlex.join([*program, *(text for pair in texts for text in pair)])
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "cdk.json").write_text(json.dumps(cdk), encoding="utf-8")
        if not (self.folder / "app").exists():
            shutil.copytree(ROOT / "app", self.folder / "app", ignore=shutil.ignore_patterns("__pycache__"))
        return self._cdk("synth", "--quiet", "--output", str(self.out), seconds=_SYNTHESIS_SECONDS)

    def deploy(self) -> Ended:
        """Deploy all stacks, and say yes to each approval."""
        with self._approving():
            return self._cdk(
                *("deploy", "--all", "--app", str(self.out), "--require-approval", "never", "--progress", "events"),
                seconds=self.case.minutes * 60,
            )

    def destroy(self) -> Ended:
        """Delete all stacks."""
        return self._cdk("destroy", "--all", "--force", "--app", str(self.out), seconds=self.case.minutes * 60)

    def bootstrap(self) -> Ended:
        """Bootstrap the embedded AWS; an account of yours is bootstrapped by you."""
        environment = f"aws://{self.target.account}/{self.target.region}"
        return self._cdk("bootstrap", environment, "--app", str(self.out), seconds=_SYNTHESIS_SECONDS)

    def _cdk(self, *arguments: str, seconds: float) -> Ended:
        command = [str(find_toolkit(ROOT)), *arguments, "--no-notices"]
        variables = {**self.target.environment(), "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])}
        return run(command, self.folder, variables, seconds)

    @contextlib.contextmanager
    def _approving(self) -> Iterator[None]:
        stop = threading.Event()

        def approve() -> None:
            while not stop.wait(_POLL):
                with contextlib.suppress(BotoCoreError, ClientError):  # asked again
                    self.approved.extend(_approve(self.target.client("ecs"), self.prefix))

        thread = threading.Thread(target=approve)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


def run(command: Sequence[str], folder: Path, variables: dict[str, str], seconds: float) -> Ended:
    """Run a program; one that takes too long is interrupted with everything that it started, and then killed."""
    with subprocess.Popen(  # noqa: S603 - fixed commands, no shell
        command,
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            printed, _ = process.communicate(timeout=seconds)
        except BaseException as error:
            printed = _end(process)
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            return Ended(_TIMED_OUT, f"{printed}\nstopped after {seconds:g} seconds")
    return Ended(process.returncode, printed)


def _end(process: subprocess.Popen[str]) -> str:
    for kind in (signal.SIGINT, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, kind)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=10)[0]
    return ""


def _approve(ecs: Any, prefix: str) -> list[str]:  # noqa: ANN401 - boto3
    """Continue every deployment of these stacks that waits for a person, and return the hooks."""
    continued = []
    clusters = [arn for page in ecs.get_paginator("list_clusters").paginate() for arn in page["clusterArns"]]
    for cluster in clusters:
        if not cluster.partition("/")[2].startswith(prefix):
            continue
        for service in ecs.list_services(cluster=cluster)["serviceArns"]:
            going = ecs.list_service_deployments(cluster=cluster, service=service, status=["IN_PROGRESS"])
            arns = [each["serviceDeploymentArn"] for each in going["serviceDeployments"]]
            for each in (
                ecs.describe_service_deployments(serviceDeploymentArns=arns)["serviceDeployments"] if arns else ()
            ):
                for hook in each.get("lifecycleHookDetails", ()):
                    if hook["status"] == "AWAITING_ACTION":
                        arn = each["serviceDeploymentArn"]
                        ecs.continue_service_deployment(
                            serviceDeploymentArn=arn, hookId=hook["hookId"], action="CONTINUE"
                        )
                        continued.append(hook["hookId"])
    return continued
