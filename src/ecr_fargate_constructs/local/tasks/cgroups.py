"""Control groups of tasks: one for each task and, in it, one for each container, as the agent of ECS makes them.

A task's limits apply to all of its containers together, which no engine can express. The kernel also tells the owner of
a group when a process in it was killed for its memory, which an engine may not notice.
"""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path("/sys/fs/cgroup")
_OWN = "ecr-fargate"
_PERIOD = 100_000  # microseconds in which a CPU quota counts: the kernel's default
_CPU_UNITS = 1024  # of one CPU
_MEBIBYTE = 1024 * 1024
_SECONDS_TO_LEAVE = 3.0
_V2_CONTROLLERS = ("memory", "cpu")


@dataclass(frozen=True)
class Limits:
    """Limits of a group.

    Attributes:
        memory: MiB; None for no limit.
        cpu: CPU units, 1,024 for each CPU; None for no limit.
        shares: Share of the CPU time of the group around, relative to others; None for the kernel's default.
    """

    memory: int | None = None
    cpu: int | None = None
    shares: int | None = None


class Group:
    """A control group, in version 1 or 2."""

    def __init__(self, path: str, root: Path = _ROOT) -> None:
        """Name a group; nothing is created yet.

        Args:
            path: Its path, without the first slash.
            root: Where control groups are mounted.
        """
        self.path, self._root = path, root
        self._v2 = (root / "cgroup.controllers").exists()
        self._opened: list[int] = []
        self._event: int | None = None

    def create(self, limits: Limits) -> None:
        """Create the group and set its limits.

        Raises:
            OSError: This machine does not allow it.
        """
        self._folder("memory").mkdir(parents=True, exist_ok=True)
        self._folder("cpu").mkdir(parents=True, exist_ok=True)
        if self._v2:
            for parent in [*self._folder("memory").relative_to(self._root).parents][::-1]:
                control = self._root / parent / "cgroup.subtree_control"
                control.write_text(" ".join(f"+{each}" for each in _V2_CONTROLLERS), encoding="ascii")
        for controller, file, value in self._settings(limits):
            path = self._folder(controller) / file
            if path.exists():  # without swap accounting there is no file for it
                path.write_text(str(value), encoding="ascii")
        self._listen()

    def _folders(self) -> list[Path]:
        found = [self._root / self.path] if self._v2 else self._root.glob(f"*/{self.path}")
        return [each for each in found if each.exists()]

    def _folder(self, controller: str) -> Path:
        return self._root / self.path if self._v2 else self._root / controller / self.path

    def _settings(self, limits: Limits) -> Iterator[tuple[str, str, int | str]]:
        if limits.memory is not None:
            size = limits.memory * _MEBIBYTE
            names = (("memory.max", size), ("memory.swap.max", 0))
            old = (("memory.limit_in_bytes", size), ("memory.memsw.limit_in_bytes", size))
            yield from (("memory", *each) for each in (names if self._v2 else old))
        if limits.cpu is not None:
            quota = limits.cpu * _PERIOD // _CPU_UNITS
            yield ("cpu", "cpu.max", f"{quota} {_PERIOD}") if self._v2 else ("cpu", "cpu.cfs_quota_us", quota)
        if limits.shares is not None:
            weight = 1 + (limits.shares - 2) * 9999 // 262142  # as engines convert shares to weights
            yield ("cpu", "cpu.weight", weight) if self._v2 else ("cpu", "cpu.shares", limits.shares)

    def _listen(self) -> None:
        """Let the kernel tell about kills, in version 1; in version 2 it counts them."""
        if self._v2:
            return
        folder = self._folder("memory")
        self._event = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._opened = [self._event, os.open(folder / "memory.oom_control", os.O_RDONLY | os.O_CLOEXEC)]
        (folder / "cgroup.event_control").write_text(f"{self._event} {self._opened[1]}", encoding="ascii")

    def out_of_memory(self) -> bool:
        """Return whether the memory was used up, so that a process was killed; version 1 says so once."""
        if self._event is not None:
            with contextlib.suppress(BlockingIOError):
                return os.eventfd_read(self._event) > 0
            return False
        with contextlib.suppress(OSError):
            events = dict(
                line.split()
                for line in (self._folder("memory") / "memory.events").read_text(encoding="ascii").splitlines()
            )
            return int(events.get("oom_kill", 0)) > 0
        return False

    @property
    def exists(self) -> bool:
        """True while something of the group is left."""
        return bool(self._folders())

    def remove(self) -> None:
        """Remove the group, and what engines have left in it; groups with processes stay."""
        for descriptor in self._opened:
            os.close(descriptor)
        self._opened, self._event = [], None
        for folder in self._folders():
            _remove(folder)


def _remove(folder: Path) -> None:
    with contextlib.suppress(OSError):
        for each in folder.iterdir():
            if each.is_dir():
                _remove(each)
        folder.rmdir()


def group_of_instance(port: int) -> str:
    """Return the path of the group with all tasks of an instance."""
    return f"{_OWN}/{port}"


def remove_groups(port: int, root: Path = _ROOT) -> None:
    """Remove what the tasks of an instance have left; the engine's own processes may need a moment to leave it."""
    group, deadline = Group(group_of_instance(port), root), time.monotonic() + _SECONDS_TO_LEAVE
    group.remove()
    while group.exists and time.monotonic() < deadline:
        time.sleep(0.05)
        group.remove()
    for folder in [root / _OWN, *root.glob(f"*/{_OWN}")]:
        with contextlib.suppress(OSError):  # another instance has groups in it
            folder.rmdir()
