"""What the embedded AWS takes while nobody asks: memory, and processor time."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.embedded import App
from bench.goals import Goal
from ecr_fargate_constructs.local.instances import instances_of

if TYPE_CHECKING:
    from collections.abc import Iterable

LARGEST_SHARE = 0.02
_LOOKS, _SECONDS = 4, 8
_SETTLES = 10
"""Seconds to wait before the first look, for what the deployment began."""


def resting(port: int) -> Goal:
    """Deploy the sample, with its two tasks, and look at the processes that serve it: the quietest look counts.

    About half of the time is podman's, which also looks at what other engines do with the same storage.
    """
    with tempfile.TemporaryDirectory() as folder:
        app = App(Path(folder) / str(port), port)
        app.add("warm")
        try:
            app.local("warm", "up")
            [(_, memory)] = instances_of((Path(folder) / str(port)).resolve())
            if memory is None:
                raise RuntimeError("'local up' left no record of what it started")
            pids = [process.pid for process in memory.processes.values()]
            time.sleep(_SETTLES)
            share = min(_share(pids) for _ in range(_LOOKS))
            return goal(share, sum(_resident(pid) for pid in pids))
        finally:
            app.local("warm", "down")


def goal(share: float, mebibytes: float) -> Goal:
    """Return the row, which stands below P7."""
    return Goal(
        name="",
        measure="the embedded AWS and its engine with two tasks of the sample, while nobody asks",
        goal=f"≤ {LARGEST_SHARE:.0%} of a core",
        figure=f"{share:.1%} of a core, {mebibytes:.0f} MiB",
        met=share <= LARGEST_SHARE,
    )


def _share(pids: Iterable[int]) -> float:
    before = sum(_ticks(pid) for pid in pids)
    time.sleep(_SECONDS)
    return (sum(_ticks(pid) for pid in pids) - before) / os.sysconf("SC_CLK_TCK") / _SECONDS


def _ticks(pid: int) -> int:
    """Return the processor time of a process and of the children that it has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15])


def _resident(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024 / 1024
