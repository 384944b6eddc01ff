"""Measure whole processes: fresh ones, in turn, with a warm disk cache."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).parents[1]

LISTEN_TO_HEAPS = {"NODE_OPTIONS": f'--require "{ROOT / "bench" / "heap.js"}"'}
"""Make each Node process collect its garbage at its end and report what is left. It takes time: only for memory."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """A program to measure.

    Attributes:
        command: Command and arguments.
        environment: Variables in addition to the common ones.
        directory: Working directory.
    """

    command: Sequence[str]
    environment: Mapping[str, str]
    directory: Path = ROOT


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Time and memory of one run.

    Attributes:
        seconds: Wall time.
        cpu: CPU time of the process and of all processes that it started, in seconds.
        memory: Peak of its resident memory and theirs, in MiB; 0 if it did not report it.
        held: Its own peak, plus the used heaps of the Node processes after a collection at their end, in MiB; 0 if they
            did not report it, which needs ``LISTEN_TO_HEAPS`` in the program's environment.
    """

    seconds: float
    cpu: float
    memory: float
    held: float = 0


def cdk_environment() -> dict[str, str]:
    """Return the context that the CDK command line passes to an app: that of a new project's cdk.json.

    Two values differ. Validation is off, because it takes seconds and is the same for all. And a stack may have more
    than the 500 resources that CloudFormation accepts, so that one stack shows the growth.
    """
    context = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    context["@aws-cdk/core:stackResourceLimit"] = 0
    context["@aws-cdk/core:suppressTemplateIndentation"] = True
    return {"CDK_VALIDATION": "false", "CDK_CONTEXT_JSON": json.dumps(context)}


def run(program: Program) -> Sample:
    """Run a program once.

    Raises:
        RuntimeError: The program failed; the message has the end of its output.
    """
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "output").open("w+b") as output:
        report, heaps = Path(folder) / "memory", Path(folder) / "heaps"
        heaps.mkdir()
        environment = {**os.environ, "BENCH_MEMORY": str(report), "BENCH_HEAP": str(heaps), **program.environment}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # keep compiled code, as on any machine
        path = [str(Path(sys.executable).parent), environment.get("PATH", os.defpath)]
        environment["PATH"] = os.pathsep.join(path)  # the virtual environment's Node
        begun = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 - our own programs
            program.command, cwd=program.directory, env=environment, stdout=output, stderr=output
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            output.seek(0)
            raise RuntimeError(f"{' '.join(program.command)}\n{output.read().decode(errors='replace')[-3000:]}")
        peaks = json.loads(report.read_text(encoding="utf-8")) if report.exists() else []
        in_use = [int(file.read_text(encoding="ascii")) for file in heaps.iterdir()]
    return Sample(
        seconds=seconds,
        cpu=usage.ru_utime + usage.ru_stime,
        memory=sum(peaks) / 1024,
        held=peaks[0] / 1024 + sum(in_use) / 2**20 if peaks and in_use else 0,
    )


def in_turn(programs: Mapping[str, Program], rounds: int) -> dict[str, list[Sample]]:
    """Measure programs one after the other, in alternating order, after one round that only warms the disk cache."""
    found: dict[str, list[Sample]] = defaultdict(list)
    for number in range(rounds + 1):
        for name, program in _there_and_back(programs, number):
            _note(name, run(program), found if number else None)
    return found


def at_once(programs: Mapping[str, Program], rounds: int) -> dict[str, list[Sample]]:
    """Measure programs at the same time, on one core each. They should take about the same time.

    Other work on the machine then slows all of them. The ratio of two equal programs varied by 10 % from pair to pair
    if they ran one after the other, and by 4 % at the same time.
    """
    found: dict[str, list[Sample]] = defaultdict(list)
    with ThreadPoolExecutor(len(programs)) as started:
        for number in range(rounds + 1):
            running = [(name, started.submit(run, program)) for name, program in _there_and_back(programs, number)]
            for name, sample in running:
                _note(name, sample.result(), found if number else None)
    return found


def _there_and_back(programs: Mapping[str, Program], number: int) -> list[tuple[str, Program]]:
    """Alternate the order, so that no program always goes first."""
    return list(programs.items())[:: -1 if number % 2 else 1]


def _note(name: str, sample: Sample, found: dict[str, list[Sample]] | None) -> None:
    print(f"  {name}: {sample.seconds:.2f} s, {sample.cpu:.2f} s of CPU", file=sys.stderr, flush=True)
    if found is not None:
        found[name].append(sample)


def seconds(samples: Sequence[Sample]) -> list[float]:
    """Return the wall times."""
    return [sample.seconds for sample in samples]


def cpu(samples: Sequence[Sample]) -> list[float]:
    """Return the CPU times."""
    return [sample.cpu for sample in samples]
