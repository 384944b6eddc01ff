"""Scaling: limits, signals and schedules for the number of tasks, and their capacity."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, ClassVar

import aws_cdk as cdk

from ecr_fargate_constructs._cdk.duration_checks import seconds
from ecr_fargate_constructs._rules.checks import whole_number
from ecr_fargate_constructs._rules.schedule_expression import check_expression, check_zone
from ecr_fargate_constructs._rules.tokens import Number, is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.capacity.fargate import FargateCapacity, Mixed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from aws_cdk import aws_applicationautoscaling as appscaling

    from ecr_fargate_constructs.service.capacity.wake import Wake

_NAME = re.compile(r"[^\x00-\x1f:/|]{1,256}")
_MOST_SCHEDULES = 200  # "Quotas for Application Auto Scaling": one that AWS does not raise
_LONGEST = 2**31 - 1  # seconds; Application Auto Scaling keeps cooldowns in a 32-bit number


class MetricResolution(Enum):
    """Interval at which ECS measures CPU and memory for the autoscaler."""

    SECONDS_60 = 60
    """Once a minute, free of charge. The default; a scale-out requires three such values."""

    SECONDS_20 = 20
    """Three times a minute, charged as CloudWatch metrics; a scale-out follows within one or two minutes."""


@typed
@dataclass(frozen=True, kw_only=True)
class ScheduledCapacity:
    """Different limits from a point in time on: more tasks before the working day, none at night.

    Limits stay until another schedule or a deployment changes them, so schedules come in pairs. The name is that of
    the scheduled action in Application Auto Scaling.

    Attributes:
        name: Name, unique within the service, without ``:``, ``/`` and ``|``.
        at: Time, for example ``aws_applicationautoscaling.Schedule.cron(hour="8", minute="0", week_day="MON-FRI")``.
        min_capacity: Least number of tasks from then on, 0 or more; default, unchanged.
        max_capacity: Greatest number of tasks from then on, 0 or more; default, unchanged.
        time_zone: Time zone of ``at``; default, UTC.
        start: Earliest time, with a time zone; default, none.
        end: Latest time, with a time zone; default, none. A time in the past is accepted: the synthesis uses no clock.

    Raises:
        ConfigurationError: The limits contradict each other or are missing, AWS refuses the name or the expression, or
            the time zone does not exist.
    """

    name: str
    at: appscaling.Schedule
    min_capacity: Number | None = None
    max_capacity: Number | None = None
    time_zone: cdk.TimeZone | None = None
    start: datetime | None = None
    end: datetime | None = None

    def __post_init__(self) -> None:
        if not is_token(self.name) and not _NAME.fullmatch(self.name):
            raise ConfigurationError(
                f"ScheduledCapacity.name={self.name!r} is not a name that Application Auto Scaling accepts; use 1 to "
                "256 characters, none of them ':', '/' or '|'"
            )
        if self.min_capacity is None and self.max_capacity is None:
            raise ConfigurationError(
                f"ScheduledCapacity {self.name!r} changes nothing; set min_capacity=, max_capacity= or both"
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
                f"ScheduledCapacity {self.name!r} has a time_zone, which a rate does not use; use Schedule.cron(…), "
                "or omit it"
            )
        for name, moment in (("start", self.start), ("end", self.end)):
            if moment is not None and moment.tzinfo is None:
                raise ConfigurationError(
                    f"ScheduledCapacity.{name}={moment} has no time zone; use datetime(…, tzinfo=timezone.utc)"
                )
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise ConfigurationError(
                f"ScheduledCapacity {self.name!r} has end={self.end} before start={self.start}; swap the two"
            )


@typed
@dataclass(frozen=True, kw_only=True)
class Scaling:
    """Number of tasks, set by Application Auto Scaling within limits.

    The autoscaler keeps each given signal near its target; with several, the one that needs the most tasks
    wins. The template then has no desired count, so that no deployment undoes the autoscaler's decisions: a new service
    starts with one task, and is scaled to ``min_capacity`` as soon as the target is registered.

    Defaults: no signal, no schedule, another scale-out after 60 seconds and another scale-in after 300, metrics once a
    minute, and ``OnDemand()`` capacity. ``Scaling(min_capacity=2, max_capacity=2, capacity=Spot())`` is a fixed number
    of tasks.

    For a service that must survive the loss of a zone or a task, set ``min_capacity`` to 2 or more. With
    ``Scaling(min_capacity=0, max_capacity=1, wake=Wake())`` a service runs only while it is used.

    Attributes:
        min_capacity: Least number of tasks, 1 or more; 0 with ``wake``.
        max_capacity: Greatest number of tasks, ``min_capacity`` or more.
        cpu_percent: Average CPU utilization of the tasks to aim at, 1 to 100; default, none.
        memory_percent: Average memory utilization of the tasks to aim at, 1 to 100; default, none.
        requests_per_target: Requests per minute and task from the load balancer to aim at, 1 or more; default, none.
        schedule: Different limits at given times; default, none.
        scale_out_cooldown: Time after a scale-out before the next one; default, 60 seconds, because AWS's default of
            300 follows a rush of requests too slowly.
        scale_in_cooldown: Time after a scale-in before the next one; default, 300 seconds.
        metric_resolution: Interval at which CPU and memory are measured; default, once a minute.
        capacity: Fargate capacity of the tasks; default, ``OnDemand()``. Services on EC2 have ``capacity`` instead.
        wake: Let the service sleep without a task while it is idle, and start it at the next request; requires
            ``min_capacity=0`` and a load balancer; default, it never sleeps.
        paused: Pause the service: no task runs and no schedule acts, and everything else stays, including address and
            signals. The load balancer answers 503. If you set it to False and deploy, ``min_capacity`` tasks start.
            Default, False.

    Raises:
        ConfigurationError: The limits contradict each other or leave room to scale without a signal, or a figure cannot
            be reached.
    """

    _least: ClassVar[int] = 1
    _hint: ClassVar[str] = "; to let it sleep while idle, wake=Wake()"

    min_capacity: Number
    max_capacity: Number
    cpu_percent: Number | None = None
    memory_percent: Number | None = None
    requests_per_target: Number | None = None
    schedule: Sequence[ScheduledCapacity] = ()
    scale_out_cooldown: cdk.Duration = field(default_factory=lambda: cdk.Duration.seconds(60))
    scale_in_cooldown: cdk.Duration = field(default_factory=lambda: cdk.Duration.seconds(300))
    metric_resolution: MetricResolution = MetricResolution.SECONDS_60
    capacity: FargateCapacity | None = None
    wake: Wake | None = None
    paused: bool = False

    def __post_init__(self) -> None:
        kind = type(self).__name__
        whole_number(
            f"{kind}.min_capacity",
            self.min_capacity,
            minimum=self._least if self.wake is None else 0,
            what=f"a number of tasks (to stop the service use paused=True{self._hint})",
        )
        whole_number(f"{kind}.max_capacity", self.max_capacity, minimum=1, what="a number of tasks")
        _ordered(kind, self.min_capacity, self.max_capacity)
        for name in ("cpu_percent", "memory_percent"):
            value = getattr(self, name)
            if value is not None:
                whole_number(f"{kind}.{name}", value, minimum=1, maximum=100, what="a percentage")
        if self.requests_per_target is not None:
            whole_number(
                f"{kind}.requests_per_target", self.requests_per_target, minimum=1, what="a number of requests"
            )
        seconds(f"{kind}.scale_out_cooldown", self.scale_out_cooldown, minimum=0, maximum=_LONGEST)
        seconds(f"{kind}.scale_in_cooldown", self.scale_in_cooldown, minimum=0, maximum=_LONGEST)
        self._check_wake()
        self._check_signals()
        self._check_schedule()
        self._check_capacity()

    def _check_wake(self) -> None:
        if self.wake is None:
            return
        if not is_token(self.min_capacity) and self.min_capacity != 0:
            raise ConfigurationError(
                f"Scaling.wake lets the service sleep without a task, but min_capacity={self.min_capacity:g}; use "
                "min_capacity=0, or omit wake"
            )
        if self.schedule:
            raise ConfigurationError(
                "Scaling.wake cannot be combined with schedule: requests decide when the service sleeps, and a "
                "schedule would start and stop tasks behind its back; omit one of the two"
            )

    @property
    def has_signal(self) -> bool:
        """Whether the service scales by a metric."""
        signals = (self.cpu_percent, self.memory_percent, self.requests_per_target)
        return any(each is not None for each in signals)

    def _check_signals(self) -> None:
        if not self.has_signal and not self.schedule and self._has_room:
            raise ConfigurationError(
                f"Scaling(min_capacity={self.min_capacity:g}, max_capacity={self.max_capacity:g}) has no signal to "
                "scale by; set cpu_percent=, memory_percent=, requests_per_target= or schedule=, or make max_capacity "
                "equal to min_capacity"
            )
        self._check_resolution()

    def _check_resolution(self) -> None:
        measured = self.cpu_percent is not None or self.memory_percent is not None
        if self.metric_resolution is not MetricResolution.SECONDS_60 and not measured:
            raise ConfigurationError(
                f"{type(self).__name__}.metric_resolution={self.metric_resolution} applies to CPU and memory, and "
                "neither is a signal; set cpu_percent= or memory_percent=, or omit it"
            )

    @property
    def least_awake(self) -> Number:
        """Least number of tasks while the service does not sleep."""
        return self.min_capacity if self.wake is None else 1

    @property
    def _has_room(self) -> bool:
        least = self.least_awake
        return not is_token(least) and not is_token(self.max_capacity) and least != self.max_capacity

    def _check_schedule(self) -> None:
        if len(self.schedule) > _MOST_SCHEDULES:
            raise ConfigurationError(
                f"{type(self).__name__}.schedule has {len(self.schedule)} entries, but Application Auto Scaling "
                f"accepts {_MOST_SCHEDULES}; combine several times in one, for example Schedule.cron(hour='8,20', …)"
            )
        names = [item.name for item in self.schedule]
        duplicates = sorted({name for name in names if names.count(name) > 1})
        if duplicates:
            raise ConfigurationError(
                f"{type(self).__name__}.schedule has {', '.join(duplicates)} twice; give each its own name"
            )
        # A limit that a schedule does not set stays as the previous one set it, and the order depends on the clock.
        minimums = _without_tokens([self.min_capacity, *(item.min_capacity for item in self.schedule)])
        maximums = _without_tokens([self.max_capacity, *(item.max_capacity for item in self.schedule)])
        for item in self.schedule:
            least = max(minimums, default=0) if item.min_capacity is None else item.min_capacity
            most = min(maximums, default=least) if item.max_capacity is None else item.max_capacity
            if not is_token(least) and not is_token(most) and least > most:
                raise ConfigurationError(
                    f"{type(self).__name__}.schedule {item.name!r} could leave min_capacity={least:g} above "
                    f"max_capacity={most:g}; give the schedule both"
                )

    def _check_capacity(self) -> None:
        if not isinstance(self.capacity, Mixed) or is_token(self.capacity.base) or is_token(self.max_capacity):
            return
        if self.capacity.base >= self.max_capacity:
            raise ConfigurationError(
                f"{type(self).__name__}.capacity has a base of {self.capacity.base:g}, but "
                f"max_capacity={self.max_capacity:g}, so no task would ever run on Spot; use a smaller base, or "
                "OnDemand()"
            )


def _ordered(name: str, minimum: float | None, maximum: float | None) -> None:
    if minimum is None or maximum is None or is_token(minimum) or is_token(maximum):
        return
    if minimum > maximum:
        raise ConfigurationError(f"{name}.min_capacity={minimum:g} is above max_capacity={maximum:g}; swap the two")


def _without_tokens(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None and not is_token(value)]
