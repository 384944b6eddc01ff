"""A record of connections that the networks of the embedded AWS do not let pass."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ecr_fargate_constructs.local.networks.model import Blocked

_MOST = 1_000
"""Entries that are kept; a connection is recorded once, however often it is tried."""


@dataclass(frozen=True)
class Barrier:
    """A connection that cannot be made.

    Attributes:
        source: Who connects, such as ``a task of Web``.
        destination: To what, such as ``ecr.dkr``.
        service: Name of the ECS service whose task takes part; empty if none does.
        code: Reachability Analyzer's explanation code.
        why: The component that stops the connection, and why.
        fix: What to add or change.
        times: How often it was tried.
    """

    source: str
    destination: str
    service: str
    code: str
    why: str
    fix: str
    times: int = 1

    @property
    def text(self) -> str:
        """The barrier in one sentence, with its code in front."""
        return f"{self.code}: {self.source} cannot reach {self.destination}: {self.why}. Fix: {self.fix}"


class Barriers:
    """All connections that cannot be made at the moment, as far as they were tried."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = threading.Lock()
        self._found: dict[tuple[str, str], Barrier] = {}

    def note(self, source: str, destination: str, blocked: Blocked | None, *, service: str = "") -> Blocked | None:
        """Record the decision about a connection, and return it; what passes now is no barrier any more."""
        key = (source, destination)
        with self._lock:
            before = self._found.pop(key, None)
            if blocked is None:
                return None
            first = before is None or before.why != blocked.why
            times = 1 if before is None else before.times + 1
            barrier = Barrier(source, destination, service, blocked.code, blocked.why, blocked.fix, times)
            if len(self._found) < _MOST:
                self._found[key] = barrier
        if first:
            print(f"blocked: {barrier.text}", flush=True)
        return blocked

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._found.clear()

    def as_json(self) -> list[dict[str, Any]]:
        """Return them for ``from_json``."""
        with self._lock:
            return [asdict(each) for each in self._found.values()]


def from_json(rows: Iterable[Mapping[str, Any]]) -> list[Barrier]:
    """Return the barriers that ``as_json`` wrote."""
    return [Barrier(**row) for row in rows]
