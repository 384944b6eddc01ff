"""Deployments in which the new version starts beside the old one, and the load balancer moves the traffic."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import aws_cdk as cdk

from ecr_fargate_constructs._rules.tokens import is_token
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


@dataclass(frozen=True, kw_only=True)
class _TrafficShift:
    """What the three strategies share."""

    bake_time: cdk.Duration = field(default_factory=lambda: cdk.Duration.minutes(10))
    test_traffic: TestTraffic | None = None
    alarms: RollbackAlarms | None = field(default_factory=RollbackAlarms)
    hooks: Sequence[DeploymentHook] = ()
    approval: Approval | None = None
    failure_threshold: None = None  # an option of Rolling, here for its message: no value is right
    early_success: None = None  # same

    def __post_init__(self) -> None:
        """Refuse schedules and combinations that cannot work."""
        name = type(self).__name__
        if self.failure_threshold is not None:
            raise ConfigurationError(
                f"{name}.failure_threshold={self.failure_threshold!r}: ECS has its circuit breaker for rolling "
                "deployments only, and would ignore it here; leave it out, alarms= rolls back"
            )
        if self.early_success is not None:
            raise ConfigurationError(
                f"{name}.early_success: ECS has it for rolling deployments only; leave it out, or use Rolling(…)"
            )
        minutes = whole_minutes(f"{name}.bake_time", self.bake_time, minimum=0, maximum=LONGEST_WAIT)
        if minutes == 0 and self.alarms is not None:
            raise ConfigurationError(
                f"{name}.bake_time is zero, so the old version would be gone before an alarm could bring it back; give "
                "it 5 minutes or more, or say alarms=None"
            )
        check_stages(name, self.hooks, self.pause, with_test_traffic=self.test_traffic is not None)
        schedule = self.schedule
        if schedule is not None:
            schedule.check()

    @property
    def pause(self) -> Approval | None:
        """The approval that is waited for, if any."""
        if isinstance(self.approval, Approval):
            return self.approval
        return Approval() if self.approval else None

    @property
    def schedule(self) -> Schedule | None:
        """How long a deployment takes; None when a token decides."""
        raise NotImplementedError  # each strategy has its own

    def _schedule(self, shifts: str, waits: int, wait_minutes: int | None) -> Schedule | None:
        pause = self.pause
        if self.bake_time.is_unresolved() or wait_minutes is None:
            return None
        if pause is not None and pause.timeout.is_unresolved():
            return None
        return Schedule(
            strategy=type(self).__name__,
            shifts=shifts,
            waits=waits,
            wait_minutes=wait_minutes,
            bake_minutes=int(self.bake_time.to_minutes()),
            approval_minutes=0 if pause is None else int(pause.timeout.to_minutes()),
        )


@typed
@dataclass(frozen=True, kw_only=True)
class BlueGreen(_TrafficShift):
    """All traffic moves to the new version at once, and the old one stays ready to take it back.

    The new version starts in a second target group, at full strength, while the old one serves: a deployment needs
    twice the tasks for its duration. Then the load balancer is pointed at it. The old tasks stay until ``bake_time`` is
    over; until then an alarm, a hook or ``aws ecs stop-service-deployment`` gives the traffic back to them at once.

    What is made beside the service: a second target group with the same health check, a listener rule that names both
    from the first deployment (a rule that changes later would reset the weights in the middle of traffic,
    aws-cdk#36649), and a role with which ECS may change just these.

    Back to ``Rolling``: after an odd number of deployments the live version is in the second group. Say
    ``Rolling(ready_for=BlueGreen())``, which keeps it; a plain ``Rolling()`` would take it away, and users would see
    503 until the new tasks are up.

    ECS's circuit breaker works for ``Rolling`` only. A version whose tasks never start is found by nobody here: the
    deployment waits, the old version serves, and CloudFormation gives up in the end. ``ecr-fargate explain`` says why.

    Defaults: 10 minutes of bake, ``RollbackAlarms()``, no preview, no hook, no approval.

    Source: "Amazon ECS blue/green deployments" in the Amazon ECS developer guide.

    Attributes:
        bake_time: How long the old version stays ready after all traffic has moved, 0 to 24 hours in whole minutes.
        test_traffic: A port or a header through which the new version can be asked first; left out, there is none.
        alarms: What rolls back; None for nothing.
        hooks: Functions that judge the new version at named stages.
        approval: True, or an ``Approval``, for a person who lets the deployment go on.

    Raises:
        ConfigurationError: For a bake outside of those, a zero bake with alarms, a stage that never comes, or a
            schedule that CloudFormation refuses.
    """

    @property
    def schedule(self) -> Schedule | None:
        """How long a deployment takes; None when a token decides."""
        return self._schedule("all traffic at once", 0, 0)


@typed
@dataclass(frozen=True, kw_only=True)
class Canary(_TrafficShift):
    """A share of the traffic tries the new version first, then the rest follows.

    What is said of ``BlueGreen`` holds here. Defaults: 10 % for 10 minutes, then everything, and 10 minutes of bake.

    Attributes:
        percent: Share of the requests that goes first, 0.1 to 100 in tenths.
        canary_bake_time: How long it goes alone, 0 to 24 hours in whole minutes.
        bake_time: How long the old version stays ready after all traffic has moved, 0 to 24 hours in whole minutes.
        test_traffic: A port or a header through which the new version can be asked first; left out, there is none.
        alarms: What rolls back; None for nothing.
        hooks: Functions that judge the new version at named stages.
        approval: True, or an ``Approval``, for a person who lets the deployment go on.

    Raises:
        ConfigurationError: For a share or a time outside of those, a zero bake with alarms, a stage that never comes,
            or a schedule that CloudFormation refuses.
    """

    percent: float = 10
    canary_bake_time: cdk.Duration = field(default_factory=lambda: cdk.Duration.minutes(10))

    def __post_init__(self) -> None:
        """Refuse shares and times that ECS refuses."""
        _check_percent("Canary.percent", self.percent, least=0.1)
        whole_minutes("Canary.canary_bake_time", self.canary_bake_time, minimum=0, maximum=LONGEST_WAIT)
        super().__post_init__()

    @property
    def schedule(self) -> Schedule | None:
        """How long a deployment takes; None when a token decides."""
        wait = None if self.canary_bake_time.is_unresolved() else int(self.canary_bake_time.to_minutes())
        share = "a share" if is_token(self.percent) else f"{self.percent:g} %"
        return self._schedule(f"{share} of the traffic, then all of it", 1, wait)


@typed
@dataclass(frozen=True, kw_only=True)
class Linear(_TrafficShift):
    """The traffic moves to the new version in equal steps.

    What is said of ``BlueGreen`` holds here. Defaults: 10 % every 6 minutes, and 10 minutes of bake: 64 minutes.

    Attributes:
        step_percent: Share of the requests that each step moves, 3 to 100 in tenths.
        step_bake_time: How long it waits after each step but the last, 0 to 24 hours in whole minutes.
        bake_time: How long the old version stays ready after all traffic has moved, 0 to 24 hours in whole minutes.
        test_traffic: A port or a header through which the new version can be asked first; left out, there is none.
        alarms: What rolls back; None for nothing.
        hooks: Functions that judge the new version at named stages.
        approval: True, or an ``Approval``, for a person who lets the deployment go on.

    Raises:
        ConfigurationError: For a share or a time outside of those, a zero bake with alarms, a stage that never comes,
            or a schedule that CloudFormation refuses.
    """

    step_percent: float = 10
    step_bake_time: cdk.Duration = field(default_factory=lambda: cdk.Duration.minutes(6))

    def __post_init__(self) -> None:
        """Refuse steps and times that ECS refuses."""
        _check_percent("Linear.step_percent", self.step_percent, least=3)
        whole_minutes("Linear.step_bake_time", self.step_bake_time, minimum=0, maximum=LONGEST_WAIT)
        super().__post_init__()

    @property
    def schedule(self) -> Schedule | None:
        """How long a deployment takes; None when a token decides."""
        if is_token(self.step_percent) or self.step_bake_time.is_unresolved():
            return None
        return self._schedule(
            f"{self.step_percent:g} % of the traffic a step",
            waits_of(self.step_percent),
            int(self.step_bake_time.to_minutes()),
        )


def _check_percent(name: str, value: float, *, least: float) -> None:
    if is_token(value):
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ConfigurationError(f"{name}={value!r} is not a number; use {least:g} to 100, in tenths")
    tenths = value * 10
    if not least <= value <= 100 or abs(tenths - round(tenths)) > 1e-9:  # noqa: PLR2004 - percent
        raise ConfigurationError(f"{name}={value!r} is not a share of the traffic; use {least:g} to 100, in tenths")


Shift: TypeAlias = BlueGreen | Canary | Linear
