"""P8: the time of the tests. The benchmark runs the unit suite; the whole suite takes long and was run before."""

from __future__ import annotations

import statistics
import sys
import time
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from bench.goals import Goal
from bench.processes import Program, run

if TYPE_CHECKING:
    from pathlib import Path

WHOLE, UNIT = 8 * 60, 30
UNIT_ROUNDS = 3
# The tests and the options of `make unit`.
UNIT_SUITE = ("-m", "not integration and not e2e", "tests")
TWO_PROCESSES = ("--numprocesses", "2", "--dist", "loadfile", "--no-loadscope-reorder")


def suite(junit: Path | None) -> list[Goal]:
    """Measure the unit suite, and read the time of the whole suite from a JUnit report of ``make test``."""
    unit = statistics.median(_seconds(*TWO_PROCESSES) for _ in range(UNIT_ROUNDS))
    alone = _seconds()
    whole = None if junit is None else wall_time(junit)
    said = "not measured in this run" if whole is None else f"{whole / 60:.1f} min"
    met = unit <= UNIT and whole is not None and whole <= WHOLE
    return [
        Goal(
            name="P8",
            measure="`make test` on 2 cores; the unit suite alone, `make unit`",
            goal="≤ 8 min; ≤ 30 s",
            figure=f"{said}; {unit:.0f} s, in one process {alone:.0f} s",
            met=None if whole is None and unit <= UNIT else met,
        )
    ]


def _seconds(*options: str) -> float:
    begun = time.perf_counter()
    run(Program(command=[sys.executable, "-m", "pytest", "-q", *options, *UNIT_SUITE], environment={}))
    return time.perf_counter() - begun


def wall_time(junit: Path) -> float:
    """Return the seconds of a run, as pytest reports them."""
    root = ET.parse(junit).getroot()  # noqa: S314 - written by our own test run
    return sum(float(each.get("time", 0)) for each in root.iter("testsuite"))
