"""Code that all measured programs share, so that it costs the same in each of them."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import aws_cdk as cdk

APP = os.environ.get("BENCH_APP") or str(Path(__file__).parents[2] / "app")
"""The build context: the sample's, or a copy of it."""


def services() -> int:
    """Return the number of services to create."""
    return int(sys.argv[1])


def finish(app: cdk.App) -> None:
    """Synthesize, and report on request how much memory it used."""
    app.synth()
    report_memory()


def report_memory() -> None:
    """Report on request the peak memory of this process and of those that it started."""
    report = os.environ.get("BENCH_MEMORY")
    if report is not None:
        Path(report).write_text(json.dumps([_peak(pid) for pid in _family(os.getpid())]), encoding="utf-8")


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [pid, *(member for child in children for member in _family(int(child)))]


def _peak(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
