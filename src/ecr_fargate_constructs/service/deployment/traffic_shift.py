"""Deployments in which the new version starts beside the old one, and the load balancer moves the traffic."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import aws_cdk as cdk

from ecr_fargate_constructs._rules.tokens import Number, is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.capacity.whole_minutes import whole_minutes
from ecr_fargate_constructs.service.deployment.alarms import RollbackAlarms
from ecr_fargate_constructs.service.deployment.hooks import Approval, check_stages
from ecr_fargate_constructs.service.deployment.schedule import LONGEST_WAIT, Schedule, waits_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs.service.deployment.hooks import DeploymentHook
    from ecr_fargate_constructs.service.deployment.test_traffic import TestTraffic


@dataclass(frozen=True, kw_only=True, init=False, repr=False, eq=False)
class _TrafficShift:
    """Base class of the three strategies that shift traffic."""

    bake_time: cdk.Duration = field(default_factory=lambda: cdk.Duration.minutes(10))
    test_traffic: TestTraffic | None = None
    alarms: RollbackAlarms | None = field(default_factory=RollbackAlarms)
    hooks: Sequence[DeploymentHook] = ()
    approval: Approval | None = None

    def __post_init__(self) -> None:
        name = type(self).__name__
        minutes = whole_minutes(f"{name}.bake_time", self.bake_time, minimum=0, maximum=LONGEST_WAIT)
        if minutes == 0 and self.alarms is not None:
            raise ConfigurationError(
                f"{name}.bake_time is zero, so the old version would be gone before an alarm could roll back; use 5 "
                "minutes or more, or alarms=None"
            )
        check_stages(name, self.hooks, self.approval, with_test_traffic=self.test_traffic is not None)
        schedule = self.schedule
        if schedule is not None:
            schedule.check()

    @property
    def schedule(self) -> Schedule | None:
        """Length of a deployment; None if it depends on a token."""
        shifts, waits, wait = self._waits()
        times = (wait, self.bake_time, None if self.approval is None else self.approval.timeout)
        if waits is None or any(each is not None and each.is_unresolved() for each in times):
            return None
        wait_minutes, bake_minutes, approval_minutes = (0 if each is None else int(each.to_minutes()) for each in times)
        return Schedule(
            strategy=type(self).__name__,
            shifts=shifts,
            waits=waits,
            wait_minutes=wait_minutes,
            bake_minutes=bake_minutes,
            approval_minutes=approval_minutes,
        )

    def _waits(self) -> tuple[str, int | None, cdk.Duration | None]:
        """Return the shifts in words, the number of waits (None if it depends on a token) and the length of each."""
        raise NotImplementedError  # each strategy has its own


@typed
@dataclass(frozen=True, kw_only=True)
class BlueGreen(_TrafficShift):
    """All traffic moves to the new version at once, and the old one stays ready to take it back.

    The new version starts in a second target group, at full strength, while the old one serves: a deployment needs
    twice the tasks for its duration. Then the load balancer sends all traffic to it. The old tasks stay until
    ``bake_time`` is over; until then an alarm, a hook or ``aws ecs stop-service-deployment`` returns the traffic to
    them at once.

    The service also gets a second target group with the same health check, a listener rule that names both groups from
    the first deployment (a rule that changes later would reset the weights while it has traffic, aws-cdk#36649), and a
    role with which ECS may change only these.

    To return to ``Rolling``: after an odd number of deployments the live version is in the second group. Use
    ``Rolling(ready_for=BlueGreen())``, which keeps the group; a plain ``Rolling()`` would remove it, and users would
    see 503 until the new tasks have started.

    ECS's circuit breaker works only for ``Rolling``. Nothing detects a version whose tasks never start: the deployment
    waits, the old version serves, and CloudFormation abandons the update in the end. ``ecr-fargate explain`` shows the
    cause.

    Defaults: 10 minutes of bake time, ``RollbackAlarms()``, no test traffic, no hook, no approval.

    Source: "Amazon ECS blue/green deployments" in the Amazon ECS developer guide.

    Attributes:
        bake_time: Time for which the old version stays ready after all traffic has moved, 0 to 24 hours in whole
            minutes; default, 10 minutes.
        test_traffic: A port or a header that reaches the new version first; default, none.
        alarms: Alarms that roll back; None for none; default, ``RollbackAlarms()``.
        hooks: Functions that judge the new version at given stages; default, none.
        approval: An ``Approval``, to wait until a person lets the deployment continue; default, none.

    Raises:
        ConfigurationError: The bake time is out of range, or zero with alarms; a stage is never reached; or
            CloudFormation refuses the schedule.
    """

    def _waits(self) -> tuple[str, int | None, cdk.Duration | None]:
        return "all traffic at once", 0, None


@typed
@dataclass(frozen=True, kw_only=True)
class Canary(_TrafficShift):
    """A share of the traffic moves to the new version first, then the rest follows.

    See ``BlueGreen`` for resources and limits. Defaults: 10 % for 10 minutes, then everything, and 10 minutes of bake
    time. The other attributes are those of ``BlueGreen``.

    Attributes:
        percent: Share of the requests that moves first, 0.1 to 100 in tenths; default, 10.
        canary_bake_time: Time before the rest follows, 0 to 24 hours in whole minutes; default, 10 minutes.

    Raises:
        ConfigurationError: A share or a time is out of range, or the bake time is zero with alarms; a stage is never
            reached; or CloudFormation refuses the schedule.
    """

    percent: Number = 10
    canary_bake_time: cdk.Duration = field(default_factory=lambda: cdk.Duration.minutes(10))

    def __post_init__(self) -> None:
        _check_percent("Canary.percent", self.percent, least=0.1)
        whole_minutes("Canary.canary_bake_time", self.canary_bake_time, minimum=0, maximum=LONGEST_WAIT)
        super().__post_init__()

    def _waits(self) -> tuple[str, int | None, cdk.Duration | None]:
        share = "a share" if is_token(self.percent) else f"{self.percent:g} %"
        return f"{share} of the traffic, then all of it", 1, self.canary_bake_time


@typed
@dataclass(frozen=True, kw_only=True)
class Linear(_TrafficShift):
    """The traffic moves to the new version in equal steps.

    See ``BlueGreen`` for resources and limits. Defaults: 10 % every 6 minutes, and 10 minutes of bake time: 64 minutes.
    The other attributes are those of ``BlueGreen``.

    Attributes:
        step_percent: Share of the requests that each step moves, 3 to 100 in tenths; default, 10.
        step_bake_time: Time after each step but the last, 0 to 24 hours in whole minutes; default, 6 minutes.

    Raises:
        ConfigurationError: A share or a time is out of range, or the bake time is zero with alarms; a stage is never
            reached; or CloudFormation refuses the schedule.
    """

    step_percent: Number = 10
    step_bake_time: cdk.Duration = field(default_factory=lambda: cdk.Duration.minutes(6))

    def __post_init__(self) -> None:
        _check_percent("Linear.step_percent", self.step_percent, least=3)
        whole_minutes("Linear.step_bake_time", self.step_bake_time, minimum=0, maximum=LONGEST_WAIT)
        super().__post_init__()

    def _waits(self) -> tuple[str, int | None, cdk.Duration | None]:
        waits = None if is_token(self.step_percent) else waits_of(self.step_percent)
        return f"{self.step_percent:g} % of the traffic a step", waits, self.step_bake_time


def _check_percent(name: str, value: float, *, least: float) -> None:
    if is_token(value):
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ConfigurationError(f"{name}={value!r} is not a number; use {least:g} to 100, in tenths")
    tenths = value * 10
    if not least <= value <= 100 or abs(tenths - round(tenths)) > 1e-9:  # noqa: PLR2004 - percent
        raise ConfigurationError(f"{name}={value!r} is not a share of the traffic; use {least:g} to 100, in tenths")


Shift: TypeAlias = BlueGreen | Canary | Linear
