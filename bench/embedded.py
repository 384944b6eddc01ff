"""An embedded AWS for one run, deployments to it, and the figures that they report."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.processes import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIME = re.compile(r"(Synthesis|Deployment|Total) time: ([0-9.]+)s")
_BROUGHT = re.compile(r"^registry: [A-Z]+ /v2/(\S+?)/(blobs|manifests)/\S* brought (\d+) bytes$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One ``cdk deploy``.

    Attributes:
        seconds: Wall time of the whole command.
        start: Seconds until the CDK command line runs, and those after it.
        synthesis: Seconds of the app, as the command line reports them.
        assets: Seconds for assets, change sets and queries.
        stacks: Seconds from the execution of the change sets until the command line knows that they are done.
        brought: Bytes that arrived in the registry, by repository.
        blobs: Those of layers and configurations only.
    """

    seconds: float
    start: float
    synthesis: float
    assets: float
    stacks: float
    brought: Mapping[str, int]
    blobs: Mapping[str, int]

    @classmethod
    def of(cls, seconds: float, said: str, log: str) -> Deployment:
        """Read the output of the command line and of the embedded AWS."""
        found = dict.fromkeys(("Synthesis", "Deployment", "Total"), 0.0)
        for name, value in _TIME.findall(said):
            found[name] += float(value)
        return cls(
            seconds=seconds,
            start=seconds - found["Total"],
            synthesis=found["Synthesis"],
            assets=found["Total"] - found["Synthesis"] - found["Deployment"],
            stacks=found["Deployment"],
            brought=brought(log),
            blobs=brought(log, "blobs"),
        )


def brought(log: str, *kinds: str) -> dict[str, int]:
    """Return the bytes that arrived in the registry, by repository.

    Args:
        log: The output of the embedded AWS.
        kinds: The kinds that count: ``blobs``, which are layers and configurations, or ``manifests``; by default both.
    """
    found: Counter[str] = Counter()
    for repository, kind, size in _BROUGHT.findall(log):
        if kind in (kinds or ("blobs", "manifests")):
            found[repository] += int(size)
    return dict(found)


class App:
    """A CDK app in a folder of its own, with a copy of the sample's directory for each program.

    With one directory for all, a program would find its image in the registry because another has pushed it, and would
    deploy edits that were made for another.
    """

    def __init__(self, folder: Path, port: int) -> None:
        """Create the folder; nothing runs yet."""
        shutil.copytree(ROOT / "bench" / "deployed", folder, ignore=shutil.ignore_patterns("__pycache__"))
        self._folder = folder
        self._port = port
        self._edits = 0
        shutil.copy(ROOT / "cdk.json", folder / "cdk.json")
        (folder / "node_modules").symlink_to(ROOT / "node_modules")

    def add(self, program: str) -> None:
        """Give a program its own directory to build."""
        shutil.copytree(ROOT / "app", self._folder / "images" / program, ignore=shutil.ignore_patterns("__pycache__"))
        self.edit(program)

    def edit(self, program: str) -> None:
        """Add a line to a program's code, so that this version was never built."""
        self._edits += 1
        server = self._folder / "images" / program / "server.py"
        text = server.read_text(encoding="utf-8")
        server.write_text(f"{text}\n# version {self._edits}, for {program}\n", encoding="utf-8")

    def deploy(self, program: str) -> Deployment:
        """Deploy a program."""
        before = len(self.log())
        begun = time.perf_counter()
        said = self.local(program, "cdk", "deploy", "--all", "--require-approval", "never")
        return Deployment.of(time.perf_counter() - begun, said, self.log()[before:])

    def log(self) -> str:
        """Return the output of the embedded AWS."""
        file = self._folder / ".ecr-fargate" / str(self._port) / "aws.log"
        return file.read_text(encoding="utf-8", errors="replace")

    def local(self, program: str, verb: str, *arguments: str) -> str:
        """Run ``ecr-fargate local`` and return its output."""
        options = ["--app-dir", str(self._folder), "--port", str(self._port)]
        command = [str(Path(sys.executable).parent / "ecr-fargate"), "local", verb, *options, *arguments]
        environment: Mapping[str, str] = {**os.environ, "BENCH_PROGRAM": program, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout
