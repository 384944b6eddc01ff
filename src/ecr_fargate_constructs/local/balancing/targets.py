"""Choose a target of a group: round robin, or the one with the fewest requests, with slow start.

Source: "Edit target group attributes for your Application Load Balancer" in the Elastic Load Balancing user guide.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Target: TypeAlias = tuple[str, int]
"""Address and port."""

_LEAST_SHARE = 0.05  # of a target at the start of slow start; AWS does not say
_LEAST_OUTSTANDING = "least_outstanding_requests"


@dataclass(frozen=True)
class Settings:
    """Attributes of a target group.

    Attributes:
        algorithm: ``round_robin``, ``least_outstanding_requests`` or ``weighted_random``.
        delay: Seconds that a deregistered target has to finish its requests.
        slow_start: Seconds until a new target gets its full share; 0 for at once.
        sticky: Whether clients stay with a target.
        sticky_seconds: How long they do.
        application_cookie: Name of the application's cookie that starts it; empty for a cookie of the load balancer.
    """

    algorithm: str = "round_robin"
    delay: int = 300
    slow_start: int = 0
    sticky: bool = False
    sticky_seconds: int = 86400
    application_cookie: str = ""

    @classmethod
    def of(cls, attributes: Mapping[str, str]) -> Settings:
        """Read attributes in the words of the API."""
        kind = attributes.get("stickiness.type") or "lb_cookie"
        return cls(
            attributes.get("load_balancing.algorithm.type") or "round_robin",
            int(attributes.get("deregistration_delay.timeout_seconds") or 300),
            int(attributes.get("slow_start.duration_seconds") or 0),
            str(attributes.get("stickiness.enabled")).lower() == "true",
            int(attributes.get(f"stickiness.{kind}.duration_seconds") or 86400),
            attributes.get("stickiness.app_cookie.cookie_name") or "" if kind == "app_cookie" else "",
        )


class Balancer:
    """Chooses targets, and counts the requests that each one has."""

    def __init__(self, draw: Callable[[], float]) -> None:
        """Start without any request.

        Args:
            draw: Returns a random number from 0 to below 1.
        """
        self._draw = draw
        self._lock = threading.Lock()
        self._outstanding: Counter[tuple[str, Target]] = Counter()
        self._turns: Counter[str] = Counter()
        self._since: dict[tuple[str, Target], float] = {}
        self._seen: set[str] = set()

    def choose(self, group: str, targets: Sequence[Target], settings: Settings, now: float) -> Target:
        """Return the target for a request.

        Args:
            group: ARN of the group.
            targets: Its healthy targets, or all of them if none is healthy.
            settings: Attributes of the group.
            now: Seconds since 1970.
        """
        with self._lock:
            shares = self._shares(group, targets, settings.slow_start, now)
            eligible = [target for target in targets if self._draw() < shares[target]] or list(targets)
            if settings.algorithm == _LEAST_OUTSTANDING:
                fewest = min(self._outstanding[group, target] for target in eligible)
                eligible = [target for target in eligible if self._outstanding[group, target] == fewest]
            if settings.algorithm == "weighted_random":
                return eligible[int(self._draw() * len(eligible))]
            self._turns[group] += 1
            return eligible[self._turns[group] % len(eligible)]

    def _shares(self, group: str, targets: Sequence[Target], seconds: int, now: float) -> dict[Target, float]:
        """Return the share of its requests that each target gets: less than 1 while it starts.

        The first targets of a group get their full share: a target starts slowly only beside one that does not.
        """
        first = group not in self._seen
        self._seen.add(group)
        for known in [each for each in self._since if each[0] == group and each[1] not in targets]:
            del self._since[known]
        for target in targets:
            self._since.setdefault((group, target), float("-inf") if first else now)
        shares = {
            target: 1.0 if not seconds else min(1.0, max(_LEAST_SHARE, (now - self._since[group, target]) / seconds))
            for target in targets
        }
        return shares if max(shares.values()) == 1 else dict.fromkeys(targets, 1.0)

    def begin(self, group: str, target: Target) -> None:
        """Count a request to a target."""
        with self._lock:
            self._outstanding[group, target] += 1

    def end(self, group: str, target: Target) -> None:
        """Count a request as finished."""
        with self._lock:
            self._outstanding[group, target] -= 1
            if not self._outstanding[group, target]:
                del self._outstanding[group, target]

    def outstanding(self, group: str, target: Target) -> int:
        """Return the number of unfinished requests of a target."""
        with self._lock:
            return self._outstanding[group, target]
