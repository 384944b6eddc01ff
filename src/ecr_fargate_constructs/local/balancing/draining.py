"""Deregistered targets: they get no new requests, and have time to finish those that they have.

Source: "Deregistration delay" in the Elastic Load Balancing user guide.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ecr_fargate_constructs.local.balancing.targets import Target


class Draining:
    """The targets that drain, by group."""

    def __init__(self, outstanding: Callable[[str, Target], int]) -> None:
        """Start without any.

        Args:
            outstanding: Returns the number of unfinished requests of a group's target.
        """
        self._outstanding = outstanding
        self._until: dict[str, dict[Target, float]] = {}
        self._lock = threading.Lock()

    def changed(self, group: str, before: Iterable[Target], after: Iterable[Target], delay: float, now: float) -> None:
        """Take note of a change of a group's targets: those that are gone drain, those that came do not."""
        with self._lock:
            draining = self._until.setdefault(group, {})
            registered = set(after)
            for target in set(before) - registered:
                draining.setdefault(target, now + delay)
            for target in registered & set(draining):
                del draining[target]

    def targets(self, group: str, now: float) -> list[Target]:
        """Return the targets that ``DescribeTargetHealth`` shows as draining: all, until their delay is over."""
        with self._lock:
            draining = self._until.get(group, {})
            for target in [target for target, until in draining.items() if now >= until]:
                del draining[target]
            return sorted(draining)

    def holds(self, address: str, now: float) -> bool:
        """Return whether a target at an address still has requests to finish, in any group."""
        with self._lock:
            draining = [(group, target) for group, targets in self._until.items() for target in targets]
        held = (self.finished(group, target, now) for group, target in draining if target[0] == address)
        return not all(held)

    def finished(self, group: str, target: Target, now: float) -> bool:
        """Return whether a target may stop: it has no requests any more, or its delay is over."""
        with self._lock:
            until = self._until.get(group, {}).get(target)
        return until is None or now >= until or not self._outstanding(group, target)
