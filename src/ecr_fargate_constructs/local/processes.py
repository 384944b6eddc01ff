"""Processes that outlive a command, and are ended only if they are still ours."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_POLL = 0.05
_CLEARING_UP = 5.0  # seconds that a build has to remove its containers when its step has ended


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
                if os.getpgid(self.pid) == self.pid:
                    os.killpg(self.pid, ending)
                else:  # a group of somebody else's, such as that of the shell
                    os.kill(self.pid, ending)
            deadline = time.monotonic() + seconds
            while self.alive and time.monotonic() < deadline:
                _reap(self.pid)
                time.sleep(_POLL)


def stop_commands(processes: Sequence[Process]) -> None:
    """End command lines, and before them what they run in other sessions, as podman runs the steps of a build.

    The step would go on alone for ever. A build whose step ends removes its containers, and one that is ended does not.
    """
    steps = _steps({process.pid for process in processes if process.alive})
    for step in steps:
        with contextlib.suppress(ProcessLookupError):
            os.kill(step, signal.SIGKILL)
    deadline = time.monotonic() + _CLEARING_UP
    while steps and any(process.alive for process in processes) and time.monotonic() < deadline:
        time.sleep(_POLL)
    for process in processes:
        process.stop(seconds=5)


def _steps(roots: set[int]) -> list[int]:
    """The processes that others have started, directly or not, and that are in another session than those."""
    session, children = {}, defaultdict(list)
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            _, parent, _, mine, *_ = file.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
            session[pid := int(file.parent.name)] = mine
            children[int(parent)].append(pid)
    own, found, waiting = {session.get(root) for root in roots}, [], list(roots)
    while waiting:
        below = children.pop(waiting.pop(), [])
        found += [pid for pid in below if session[pid] not in own]
        waiting += below
    return found


def marked(name: str, value: str) -> list[Process]:
    """The processes of this user that have a variable in their environment: those that began with it, or inherited it.

    It finds what a command has started that was killed before it could write that down.
    """
    wanted, found = f"{name}={value}".encode(), []
    for file in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):  # somebody else's, or gone
            if wanted in file.read_bytes().split(b"\0") and int(file.parent.name) != os.getpid():
                found.append(Process.of(int(file.parent.name)))
    return found


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Finish what is within, however often the user interrupts, and the programs that it starts too."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {
        ending: signal.signal(ending, signal.SIG_IGN) for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for ending, handler in before.items():
            signal.signal(ending, handler)


def start(command: Sequence[str], *, env: Mapping[str, str], log: Path, cwd: Path | None = None) -> Process:
    """Start a process in a session of its own; what it prints goes to ``log``."""
    with log.open("ab") as output:
        child = subprocess.Popen(  # noqa: S603 - commands of ours, no shell
            command,
            cwd=cwd,
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
