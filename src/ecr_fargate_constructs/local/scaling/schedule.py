"""When scheduled actions are due.

Source: "Schedule expression examples" in the Application Auto Scaling user guide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, TypeAlias
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_Properties: TypeAlias = "Mapping[str, Any]"
NextFire: TypeAlias = "Callable[[str, datetime], datetime | None]"
"""Returns the first time after another one at which a ``cron(…)`` expression is due, in the same time zone."""

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}


@dataclass(frozen=True)
class ScheduledAction:
    """A scheduled action.

    Attributes:
        name: Its name.
        expression: ``at(…)``, ``rate(…)`` or ``cron(…)``.
        zone: Time zone of ``at`` and ``cron``.
        least: New least number of tasks; None for no change.
        most: New greatest number of tasks; None for no change.
        start: Earliest time, in seconds since 1970; None for none.
        end: Latest time; None for none.
        created: When it was created; a rate counts from ``start``, or else from here.
    """

    name: str
    expression: str
    zone: str = "UTC"
    least: int | None = None
    most: int | None = None
    start: float | None = None
    end: float | None = None
    created: float = 0

    @classmethod
    def of(cls, properties: _Properties, created: float) -> ScheduledAction:
        """Read one of ``ScheduledActions`` of a template."""
        action = properties.get("ScalableTargetAction") or {}
        return cls(
            str(properties["ScheduledActionName"]),
            str(properties["Schedule"]),
            str(properties.get("Timezone") or "UTC"),
            None if action.get("MinCapacity") is None else int(action["MinCapacity"]),
            None if action.get("MaxCapacity") is None else int(action["MaxCapacity"]),
            _moment(properties.get("StartTime")),
            _moment(properties.get("EndTime")),
            created,
        )

    def due(self, after: float, until: float, next_fire: NextFire) -> bool:
        """Return whether it is due after a time, and at another time at the latest.

        Args:
            after: Seconds since 1970.
            until: Seconds since 1970.
            next_fire: Computes ``cron(…)``.
        """
        after = max(after, -1 if self.start is None else self.start - 1, self.created - 1)
        until = until if self.end is None else min(until, self.end)
        if until <= after:
            return False
        if matched := _RATE.fullmatch(self.expression):
            interval = int(matched[1]) * _SECONDS[matched[2]]
            first = self.created if self.start is None else self.start
            return (until - first) // interval > max((after - first) // interval, 0 if self.start is None else -1)
        zone = ZoneInfo(self.zone)
        if self.expression.startswith("at("):
            moment = datetime.fromisoformat(self.expression[3:-1]).replace(tzinfo=zone).timestamp()
            return after < moment <= until
        fire = next_fire(self.expression, datetime.fromtimestamp(after, zone))
        return fire is not None and fire.timestamp() <= until


def _moment(value: object) -> float | None:
    if value is None:
        return None
    moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
