"""A record of the embedded AWS's decisions: which role asked for which action on which resource, and how often."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_MOST = 10_000
"""Entries that are kept: a task that writes a million objects must not fill the memory."""
_OTHERS = "(other resources)"


@dataclass(frozen=True)
class Decision:
    """A decision, as often as it was made.

    Attributes:
        role: Name of the role.
        principal: ARN of the session that asked first, as AWS names it in a refusal.
        action: For example ``s3:GetObject``.
        resource: ARN of the resource; ``*`` for an action that knows none.
        refusal: The message of a refusal; empty for what was allowed.
        times: How often.
    """

    role: str
    principal: str
    action: str
    resource: str
    refusal: str
    times: int


class Decisions:
    """All decisions since the embedded AWS was started or emptied."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[tuple[str, str, str, bool], Decision] = {}

    def add(self, principal: str, action: str, resource: str, *, refusal: str = "") -> bool:
        """Count a decision about a session of a role, and return whether it is the first one of its kind.

        What is allowed now is not refused any more: the refusals before are forgotten.
        """
        role = role_of(principal)
        with self._lock:
            if not refusal:
                self._found.pop((role, action, resource, True), None)
            key = (role, action, resource, bool(refusal))
            if key not in self._found and len(self._found) >= _MOST:
                key = (role, action, _OTHERS, bool(refusal))
            before = self._found.get(key)
            times = 1 if before is None else before.times + 1
            first = principal if before is None else before.principal
            self._found[key] = Decision(role, first, action, key[2], refusal, times)
            return before is None

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._found.clear()

    def as_json(self) -> list[dict[str, Any]]:
        """Return all decisions, the first one first."""
        with self._lock:
            return [asdict(each) for each in self._found.values()]


def from_json(rows: Iterable[Mapping[str, Any]]) -> list[Decision]:
    """Return the decisions that ``Decisions.as_json`` has written."""
    return [Decision(**row) for row in rows]


def role_of(principal: str) -> str:
    """Return the name of a session's role, for example of ``arn:aws:sts::111122223333:assumed-role/Role/session``."""
    return principal.split("/")[1]
