"""Decide when a container counts as healthy, and when as unhealthy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ecr_fargate_constructs.local.tasks.definition import HealthCheck

UNKNOWN, HEALTHY, UNHEALTHY = "UNKNOWN", "HEALTHY", "UNHEALTHY"
_SECONDS_BETWEEN_FIRST = 1.0


@dataclass(frozen=True)
class Health:
    """The health of one container since it was started.

    Until a check has passed, one runs every second, so that nobody waits thirty seconds for a container that was
    healthy after one. Those that fail before the interval is over do not count.

    Attributes:
        check: Its health check.
        counts_from: Time of the next check that counts when it fails.
        due: Time of the next check.
        period_ends: When the start period is over.
        status: The status, in ECS's words.
        failures: Failures in a row that count.
    """

    check: HealthCheck
    counts_from: float
    due: float
    period_ends: float
    status: str = UNKNOWN
    failures: int = 0

    @classmethod
    def since(cls, check: HealthCheck, started: float) -> Health:
        """Return the health of a container that has just been started."""
        first = started + check.interval
        return cls(check, first, min(first, started + _SECONDS_BETWEEN_FIRST), started + check.start_period)

    def after(self, *, passed: bool, now: float) -> Health:
        """Return the health after another check, which ended now."""
        if passed:
            following = now + self.check.interval
            return replace(self, status=HEALTHY, failures=0, counts_from=following, due=following)
        counts = now >= self.counts_from
        counts_from = now + self.check.interval if counts else self.counts_from
        starting = self.status == UNKNOWN
        due = min(counts_from, now + _SECONDS_BETWEEN_FIRST) if starting else counts_from
        failures = self.failures + (counts and not (starting and now < self.period_ends))
        status = UNHEALTHY if failures >= self.check.retries else self.status
        return replace(self, status=status, failures=failures, counts_from=counts_from, due=due)


def of_task(essential: Iterable[str]) -> str:
    """Return the health of a task from that of its essential containers with health checks.

    Source: "Determine Amazon ECS task health using container health checks", developer guide of ECS.
    """
    found = set(essential)
    return UNHEALTHY if UNHEALTHY in found else HEALTHY if found == {HEALTHY} else UNKNOWN
