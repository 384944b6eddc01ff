"""Start processes that outlive a command, find them again, and stop them safely."""

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
_CLEANUP_SECONDS = 5.0  # for a build to remove its containers after its step has ended


@dataclass(frozen=True)
class Process:
    """A process by pid and start time: the system may have given the pid to another process.

    Attributes:
        pid: Process id, also the id of its process group.
        started: Start time in clock ticks since boot.
    """

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> Process:
        """Return the process that has this pid now."""
        return cls(pid, _start_time(pid) or 0)

    @property
    def alive(self) -> bool:
        """Return whether this process is still running."""
        return _start_time(self.pid) == self.started

    def stop(self, *, seconds: float = 10) -> None:
        """Stop the process and its group with SIGTERM, and after ``seconds`` with SIGKILL."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if not self.alive:
                return
            with contextlib.suppress(ProcessLookupError):
                if os.getpgid(self.pid) == self.pid:
                    os.killpg(self.pid, number)
                else:  # another process leads the group, for example the shell
                    os.kill(self.pid, number)
            deadline = time.monotonic() + seconds
            while self.alive and time.monotonic() < deadline:
                _reap(self.pid)
                time.sleep(_POLL)


def stop_commands(processes: Sequence[Process]) -> None:
    """Stop commands, and before them their processes in other sessions, such as the steps of podman's builds.

    Otherwise the step would run on forever. A build removes its containers when its step ends, but not when it is
    killed itself.
    """
    steps = _steps({process.pid for process in processes if process.alive})
    for step in steps:
        with contextlib.suppress(ProcessLookupError):
            os.kill(step, signal.SIGKILL)
    deadline = time.monotonic() + _CLEANUP_SECONDS
    while steps and any(process.alive for process in processes) and time.monotonic() < deadline:
        time.sleep(_POLL)
    for process in processes:
        process.stop(seconds=5)


def _steps(roots: set[int]) -> list[int]:
    """Return the descendants of processes that are in another session than those processes."""
    session, children = {}, defaultdict(list)
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            _, parent, _, own_session, *_ = (
                file.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
            )
            session[pid := int(file.parent.name)] = own_session
            children[int(parent)].append(pid)
    root_sessions, steps, pending = {session.get(root) for root in roots}, [], list(roots)
    while pending:
        below = children.pop(pending.pop(), [])
        steps += [pid for pid in below if session[pid] not in root_sessions]
        pending += below
    return steps


def marked(name: str, value: str) -> list[Process]:
    """Return the processes of this user that have a variable in their environment.

    They include processes of a command that was killed before it could record them.
    """
    variable, processes = f"{name}={value}".encode(), []
    for file in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):  # of another user, or gone
            if variable in file.read_bytes().split(b"\0") and int(file.parent.name) != os.getpid():
                processes.append(Process.of(int(file.parent.name)))
    return processes


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Ignore interruptions inside the block, also in the programs that it starts."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {
        number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def start(command: Sequence[str], *, env: Mapping[str, str], log: Path, cwd: Path | None = None) -> Process:
    """Start a process in its own session; its output goes to ``log``."""
    with log.open("ab") as output:
        child = subprocess.Popen(  # noqa: S603 - fixed commands, no shell
            command,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    child.returncode = 0  # it outlives this command: keeps Popen from warning that it is still running
    return Process.of(child.pid)


def _start_time(pid: int) -> int | None:
    """Return the start time of a running process; None if it is gone or a zombie."""
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
