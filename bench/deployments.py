"""P7: ``cdk deploy`` on the embedded AWS, beside the bare pattern on the same one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.figures import ratio
from bench.goals import Goal
from bench.processes import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

PHASES = ("first", "code change", "no change")
PROGRAMS = ("ours", "direct", "bare")


def deployments(port: int, rounds: int) -> list[Goal]:
    """Deploy each program thrice a round, in turn; every round has an embedded AWS of its own."""
    found: dict[tuple[str, str], list[float]] = {(name, phase): [] for name in PROGRAMS for phase in PHASES}
    for number in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            app = _App(Path(folder) / "bench", port)
            try:
                app.local("warm", "up")
                for phase in PHASES:
                    for name in PROGRAMS if number % 2 == 0 else reversed(PROGRAMS):
                        if phase == "code change":
                            app.edit(name)
                        found[name, phase].append(app.deploy(name))
                        print(f"  {name}, {phase}: {found[name, phase][-1]:.1f} s", file=sys.stderr, flush=True)
            finally:
                app.local("warm", "down")
    ratios, direct = (
        {phase: ratio(found[name, phase], found["bare", phase]) for phase in PHASES} for name in ("ours", "direct")
    )
    return [
        Goal(
            name="P7",
            measure="`cdk deploy` on the embedded AWS: first, code change, no change, against the bare pattern on the "
            "same one",
            goal="≤ 1.15",
            figure=f"copy {_listed(ratios)}; direct {_listed(direct)}",
            met=all(each <= 1.15 for each in ratios.values()),  # noqa: PLR2004 - the goal
            ratios={
                **{f"P7 {phase}": each for phase, each in ratios.items()},
                **{f"P7 direct, {phase}": each for phase, each in direct.items()},
            },
        )
    ]


def _listed(ratios: Mapping[str, float]) -> str:
    return " · ".join(f"{ratios[phase]:.2f}" for phase in PHASES)


class _App:
    """A CDK app in a folder of its own, with a copy of the sample's directory."""

    def __init__(self, folder: Path, port: int) -> None:
        folder.mkdir()
        self._folder = folder
        self._port = port
        self._edits = 0
        shutil.copy(ROOT / "cdk.json", folder / "cdk.json")
        shutil.copy(ROOT / "bench" / "deployed" / "app.py", folder / "app.py")
        shutil.copytree(ROOT / "app", folder / "app", ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "node_modules").symlink_to(ROOT / "node_modules")

    def edit(self, program: str) -> None:
        """Make a version that was never built."""
        self._edits += 1
        server = self._folder / "app" / "server.py"
        text = server.read_text(encoding="utf-8")
        server.write_text(f"{text}\n# version {self._edits}, for {program}\n", encoding="utf-8")

    def deploy(self, program: str) -> float:
        """Deploy a program; return the seconds."""
        begun = time.perf_counter()
        self.local(program, "cdk", "deploy", "--all", "--require-approval", "never")
        return time.perf_counter() - begun

    def local(self, program: str, verb: str, *arguments: str) -> None:
        """Run ``ecr-fargate local``."""
        options = ["--app-dir", str(self._folder), "--port", str(self._port)]
        command = [str(Path(sys.executable).parent / "ecr-fargate"), "local", verb, *options, *arguments]
        environment: Mapping[str, str] = {**os.environ, "BENCH_PROGRAM": program}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
