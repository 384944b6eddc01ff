"""Processes that outlive a command, and are ended only if they are still ours."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_POLL = 0.05


@dataclass(frozen=True)
class Process:
    """A process by pid and start time: a pid alone may by now belong to somebody else.

    Attributes:
        pid: Process id, also the id of its process group.
        started: Start time in clock ticks since boot.
    """

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> Process:
        """The process that has this pid now."""
        return cls(pid, _start_time(pid) or 0)

    @property
    def alive(self) -> bool:
        """Whether this very process still runs."""
        return _start_time(self.pid) == self.started

    def stop(self, *, seconds: float = 10) -> None:
        """End the process and its group: politely, and after ``seconds`` for good."""
        for ending in (signal.SIGTERM, signal.SIGKILL):
            if not self.alive:
                return
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, ending)
            deadline = time.monotonic() + seconds
            while self.alive and time.monotonic() < deadline:
                _reap(self.pid)
                time.sleep(_POLL)


def start(command: Sequence[str], *, env: Mapping[str, str], log: Path) -> Process:
    """Start a process in a session of its own; what it prints goes to ``log``."""
    with log.open("ab") as output:
        child = subprocess.Popen(  # noqa: S603 - commands of ours, no shell
            command,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    child.returncode = 0  # it outlives this command: Popen must not warn that it still runs
    return Process.of(child.pid)


def _start_time(pid: int) -> int | None:
    """Start time of a process that runs; None for one that is gone or waits to be reaped."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    state, started = fields[0], int(fields[19])
    return None if state == "Z" else started


def _reap(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
