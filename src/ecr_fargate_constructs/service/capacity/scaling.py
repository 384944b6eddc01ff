"""How many tasks run: between which figures, by which signals, at which times, and on what."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

import aws_cdk as cdk

from ecr_fargate_constructs._cdk.duration_checks import seconds
from ecr_fargate_constructs._rules.checks import whole_number
from ecr_fargate_constructs._rules.schedule_expression import check_expression, check_zone
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.capacity.fargate import FargateCapacity, Mixed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from aws_cdk import aws_applicationautoscaling as appscaling

_NAME = re.compile(r"[^\x00-\x1f:/|]{1,256}")
_MOST_SCHEDULES = 200  # "Quotas for Application Auto Scaling": one that AWS does not raise
_LONGEST = 2**31 - 1  # seconds; Application Auto Scaling keeps cooldowns in a 32-bit number


class MetricResolution(Enum):
    """How often ECS measures CPU and memory for the autoscaler."""

    SECONDS_60 = 60
    """Once a minute, free of charge. The default; a scale-out takes three such figures."""

    SECONDS_20 = 20
    """Three times a minute, charged as CloudWatch metrics; a scale-out follows within one or two minutes."""


@typed
@dataclass(frozen=True, kw_only=True)
class ScheduledCapacity:
    """Other limits from a time on: more tasks before the working day, none at night.

    Limits stay until another schedule or a deployment changes them, so schedules come in pairs. The name is that of
    the scheduled action in Application Auto Scaling.

    Attributes:
        name: Name, unique within the service; not ``:``, ``/`` or ``|``.
        at: When, for example ``aws_applicationautoscaling.Schedule.cron(hour="8", minute="0", week_day="MON-FRI")``.
        min_capacity: Least number of tasks from then on, 0 or more; left out, it does not change.
        max_capacity: Greatest number of tasks from then on, 0 or more; left out, it does not change.
        time_zone: Time zone of ``at``; left out, UTC.
        start: Not before this moment, which names its time zone.
        end: Not after this moment, which names its time zone. One in the past is taken: a synthesis asks no clock.

    Raises:
        ConfigurationError: For limits that contradict each other, none at all, a name or an expression that AWS
            refuses, or a time zone that does not exist.
    """

    name: str
    at: appscaling.Schedule
    min_capacity: float | None = None
    max_capacity: float | None = None
    time_zone: cdk.TimeZone | None = None
    start: datetime | None = None
    end: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse what Application Auto Scaling refuses."""
        if not is_token(self.name) and not _NAME.fullmatch(self.name):
            raise ConfigurationError(
                f"ScheduledCapacity.name={self.name!r} is not a name; use 1 to 256 characters, none of them ':', '/' "
                "or '|'"
            )
        if self.min_capacity is None and self.max_capacity is None:
            raise ConfigurationError(
                f"ScheduledCapacity {self.name!r} changes nothing; give min_capacity=, max_capacity= or both"
            )
        for name, value in (("min_capacity", self.min_capacity), ("max_capacity", self.max_capacity)):
            if value is not None:
                whole_number(f"ScheduledCapacity.{name}", value, minimum=0, what="a number of tasks")
        _ordered("ScheduledCapacity", self.min_capacity, self.max_capacity)
        expression = self.at.expression_string
        check_expression(f"ScheduledCapacity {self.name!r} at", expression)
        if self.time_zone is not None:
            check_zone(f"ScheduledCapacity {self.name!r} time_zone", self.time_zone.timezone_name)
        if self.time_zone is not None and expression.startswith("rate("):
            raise ConfigurationError(
                f"ScheduledCapacity {self.name!r} has a time_zone, which a rate does not know; use Schedule.cron(…), "
                "or leave it out"
            )
        for name, moment in (("start", self.start), ("end", self.end)):
            if moment is not None and moment.tzinfo is None:
                raise ConfigurationError(
                    f"ScheduledCapacity.{name}={moment} has no time zone; use datetime(…, tzinfo=timezone.utc)"
                )
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise ConfigurationError(
                f"ScheduledCapacity {self.name!r} ends at {self.end}, before it starts at {self.start}; swap the two"
            )


@typed
@dataclass(frozen=True, kw_only=True)
class Scaling:
    """How many tasks run, worked out by Application Auto Scaling.

    It keeps each signal that is given near its figure; with several, the one that asks for most tasks wins. The desired
    count is not in the template then, so that no deployment undoes what the autoscaler has decided: a new service
    starts with one task, and is brought to ``min_capacity`` as soon as the target is registered.

    Defaults: no signal, no schedule, another scale-out after 60 seconds and another scale-in after 300, metrics once a
    minute, and ``OnDemand()`` capacity. ``Scaling(minimum=2, maximum=2, capacity=Spot())`` is a fixed number of tasks.

    For a service that must not fail with one zone or one task, ``min_capacity`` is 2 or more.

    Attributes:
        min_capacity: Least number of tasks, 1 or more.
        max_capacity: Greatest number of tasks, ``min_capacity`` or more.
        cpu_percent: Average use of the CPU of the tasks, 1 to 100.
        memory_percent: Average use of the memory of the tasks, 1 to 100.
        requests_per_target: Requests a minute that a task gets from the load balancer, 1 or more.
        schedule: Other limits at other times.
        scale_out_cooldown: Time after a scale-out before the next one; AWS's default of 300 seconds follows a rush of
            requests too slowly.
        scale_in_cooldown: Time after a scale-in before the next one.
        metric_resolution: How often CPU and memory are measured.
        capacity: What Fargate runs the tasks on; left out, ``OnDemand()``. Services on EC2 have machines instead.
        paused: Whether the service rests: no task runs, and everything else stays, the address and the signals
            included. The load balancer answers 503. Schedules rest too. Set it back and deploy, and ``min_capacity``
            tasks start.

    Raises:
        ConfigurationError: For limits that contradict each other, room to scale without a signal, or a figure that
            cannot be reached.
    """

    min_capacity: float
    max_capacity: float
    cpu_percent: float | None = None
    memory_percent: float | None = None
    requests_per_target: float | None = None
    schedule: Sequence[ScheduledCapacity] = ()
    scale_out_cooldown: cdk.Duration = field(default_factory=lambda: cdk.Duration.seconds(60))
    scale_in_cooldown: cdk.Duration = field(default_factory=lambda: cdk.Duration.seconds(300))
    metric_resolution: MetricResolution = MetricResolution.SECONDS_60
    capacity: FargateCapacity | None = None
    paused: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        whole_number(
            "Scaling.min_capacity",
            self.min_capacity,
            minimum=1,
            what="a number of tasks (to stop the service use paused=True)",
        )
        whole_number("Scaling.max_capacity", self.max_capacity, minimum=1, what="a number of tasks")
        _ordered("Scaling", self.min_capacity, self.max_capacity)
        for name in ("cpu_percent", "memory_percent"):
            value = getattr(self, name)
            if value is not None:
                whole_number(f"Scaling.{name}", value, minimum=1, maximum=100, what="a percentage")
        if self.requests_per_target is not None:
            whole_number(
                "Scaling.requests_per_target", self.requests_per_target, minimum=1, what="a number of requests"
            )
        seconds("Scaling.scale_out_cooldown", self.scale_out_cooldown, minimum=0, maximum=_LONGEST)
        seconds("Scaling.scale_in_cooldown", self.scale_in_cooldown, minimum=0, maximum=_LONGEST)
        self._check_signals()
        self._check_schedule()
        self._check_capacity()

    def _check_signals(self) -> None:
        measured = self.cpu_percent is not None or self.memory_percent is not None
        if not measured and self.requests_per_target is None and not self.schedule and self._has_room:
            raise ConfigurationError(
                f"Scaling(min_capacity={self.min_capacity:g}, max_capacity={self.max_capacity:g}) has nothing to scale "
                "by; give cpu_percent=, memory_percent=, requests_per_target= or schedule=, or make max_capacity equal "
                "to min_capacity"
            )
        if self.metric_resolution is not MetricResolution.SECONDS_60 and not measured:
            raise ConfigurationError(
                f"Scaling.metric_resolution={self.metric_resolution} measures CPU and memory, and neither is a signal; "
                "give cpu_percent= or memory_percent=, or leave it out"
            )

    @property
    def _has_room(self) -> bool:
        return (
            not is_token(self.min_capacity)
            and not is_token(self.max_capacity)
            and self.min_capacity != self.max_capacity
        )

    def _check_schedule(self) -> None:
        if len(self.schedule) > _MOST_SCHEDULES:
            raise ConfigurationError(
                f"Scaling.schedule has {len(self.schedule)} entries; Application Auto Scaling takes {_MOST_SCHEDULES}: "
                "put several times into one, for example Schedule.cron(hour='8,20', …)"
            )
        names = [item.name for item in self.schedule]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ConfigurationError(f"Scaling.schedule has {', '.join(twice)} twice; give each a name of its own")
        # What a schedule leaves out stays as the last one has set it, and which one that is only the clock knows.
        minimums = _known([self.min_capacity, *(item.min_capacity for item in self.schedule)])
        maximums = _known([self.max_capacity, *(item.max_capacity for item in self.schedule)])
        for item in self.schedule:
            least = max(minimums, default=0) if item.min_capacity is None else item.min_capacity
            most = min(maximums, default=least) if item.max_capacity is None else item.max_capacity
            if not is_token(least) and not is_token(most) and least > most:
                raise ConfigurationError(
                    f"Scaling.schedule {item.name!r} could leave min_capacity={least:g} above max_capacity={most:g}; "
                    "give the schedule both"
                )

    def _check_capacity(self) -> None:
        if not isinstance(self.capacity, Mixed) or is_token(self.capacity.base) or is_token(self.max_capacity):
            return
        if self.capacity.base >= self.max_capacity:
            raise ConfigurationError(
                f"Scaling.capacity has a base of {self.capacity.base:g} and max_capacity={self.max_capacity:g}, so no "
                "task would ever be on Spot; use a smaller base, or OnDemand()"
            )


def _ordered(name: str, minimum: float | None, maximum: float | None) -> None:
    if minimum is None or maximum is None or is_token(minimum) or is_token(maximum):
        return
    if minimum > maximum:
        raise ConfigurationError(f"{name}.min_capacity={minimum:g} is above max_capacity={maximum:g}; swap the two")


def _known(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None and not is_token(value)]
