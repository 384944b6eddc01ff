"""Rolling deployments: a new version replaces the old one task by task."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from ecr_fargate_constructs._rules.checks import whole_number
from ecr_fargate_constructs._rules.tokens import Number, is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.deployment.alarms import RollbackAlarms

if TYPE_CHECKING:
    from ecr_fargate_constructs.service.deployment.traffic_shift import BlueGreen, Canary, Linear, Shift


class SourceRevisionCleanup(Enum):
    """The time when the old tasks stop, relative to the end of the deployment."""

    BLOCKING = "BLOCKING"
    """The deployment ends after they have stopped."""

    DEFERRED = "DEFERRED"
    """The deployment ends first, and they stop in the background."""


@typed
@dataclass(frozen=True, kw_only=True)
class EarlySuccess:
    """A rolling deployment that succeeds before all its tasks run; the rest follows in the background.

    For services with many tasks. ECS supports it only with ``Rolling``.

    Attributes:
        healthy_percent: Tasks of the new version that have to be healthy, in percent of the desired count, 0 to 100,
            and at least the deployment's ``min_healthy_percent``.
        source_revision_cleanup: Time when the old tasks stop; default, before the deployment ends.

    Raises:
        ConfigurationError: The percentage is out of range.
    """

    healthy_percent: Number
    source_revision_cleanup: SourceRevisionCleanup = SourceRevisionCleanup.BLOCKING

    def __post_init__(self) -> None:
        whole_number("EarlySuccess.healthy_percent", self.healthy_percent, minimum=0, maximum=100, what="a percentage")


@typed
@dataclass(frozen=True, kw_only=True)
class Rolling:
    """New tasks start beside the old ones; a version that does not start is rolled back.

    Defaults: never fewer tasks than desired (100 %), up to twice as many during a deployment (200 %), and a circuit
    breaker that rolls back. The breaker trips after half as many failed tasks as are desired, at least 3 and at most
    200, which are ECS's own figures; but it does not reset when a task becomes healthy, since a small service that
    flaps would never trip ECS's default. Alarms roll back too, ``RollbackAlarms()``: before a deployment completes, ECS
    watches them for as long as they need to go off, two minutes.

    ``ready_for`` is for the change from and to a strategy that shifts traffic. After such a strategy the live version
    may be in the second target group: with ``ready_for``, the group, the rule and its weights stay as they are, and ECS
    deploys the new version to the group that has the traffic. Before such a strategy, AWS requires a rolling deployment
    that names the groups. You may keep it set; it costs the alarms of the second group.

    Source: "How the Amazon ECS deployment circuit breaker detects failures" and "Update the Amazon ECS deployment
    strategy" in the Amazon ECS developer guide.

    Attributes:
        min_healthy_percent: Tasks that keep running during a deployment, in percent of the desired count, 0 to 100;
            default, 100.
        max_healthy_percent: Tasks that may run during a deployment, in percent of the desired count, 101 to 200;
            default, 200. ECS rebalances tasks among availability zones only above 100. ECS rounds it down, and the
            minimum up: with 2 tasks, 100 and 149 would let none start and none stop, which the service refuses.
        failure_threshold: Number of failed tasks that trips the breaker, 1 to 200; default, the figures above.
        alarms: Alarms that roll back in addition to the breaker; None for none; default, ``RollbackAlarms()``.
        early_success: Condition on which the deployment succeeds early; default, none: all tasks are of the new
            version.
        ready_for: Strategy whose target group, rule and role the service keeps while it deploys with ``Rolling``;
            default, none. Of its values only ``test_traffic`` counts.

    Raises:
        ConfigurationError: A percentage or the threshold is out of range.
    """

    min_healthy_percent: Number = 100
    max_healthy_percent: Number = 200
    failure_threshold: Number | None = None
    alarms: RollbackAlarms | None = field(default_factory=RollbackAlarms)
    early_success: EarlySuccess | None = None
    ready_for: BlueGreen | Canary | Linear | None = None

    def __post_init__(self) -> None:
        whole_number(
            "Rolling.min_healthy_percent", self.min_healthy_percent, minimum=0, maximum=100, what="a percentage"
        )
        whole_number(
            "Rolling.max_healthy_percent", self.max_healthy_percent, minimum=101, maximum=200, what="a percentage"
        )
        if self.failure_threshold is not None:
            whole_number(
                "Rolling.failure_threshold", self.failure_threshold, minimum=1, maximum=200, what="a number of tasks"
            )

        early = self.early_success
        if early is None or is_token(early.healthy_percent) or is_token(self.min_healthy_percent):
            return
        if early.healthy_percent < self.min_healthy_percent:
            raise ConfigurationError(
                f"Rolling.early_success has healthy_percent={early.healthy_percent:g}, below "
                f"min_healthy_percent={self.min_healthy_percent:g}; ECS refuses to complete with fewer tasks "
                "than have to run: raise the one or lower the other"
            )


Deployment: TypeAlias = "Rolling | BlueGreen | Canary | Linear"
"""The ways in which a new version replaces the old one."""


def shift_of(deployment: Deployment) -> Shift | None:
    """Return the traffic shift that a service uses, or is prepared for."""
    return deployment.ready_for if isinstance(deployment, Rolling) else deployment


def percents_of(deployment: Deployment) -> tuple[float, float]:
    """Return the tasks that run at least and at most during a deployment, in percent."""
    if isinstance(deployment, Rolling):
        return deployment.min_healthy_percent, deployment.max_healthy_percent
    return 100, 200  # the new version beside the old one, at full strength


def check_progress(rolling: Rolling, tasks: float | None) -> None:
    """Refuse percentages with which a number of tasks could never be replaced.

    Source: DeploymentConfiguration in the Amazon ECS API reference: maximumPercent is rounded down, and
    minimumHealthyPercent up.

    Args:
        rolling: The deployment.
        tasks: The number of tasks, or the minimum of a service that scales; None if it is unknown.
        path: Path of the construct.
    """
    least, most = rolling.min_healthy_percent, rolling.max_healthy_percent
    if tasks is None or is_token(tasks) or is_token(least) or is_token(most):
        return
    count = int(tasks)
    started, kept = count * int(most) // 100, -(-count * int(least) // 100)
    if started > kept:
        return
    raise ConfigurationError(
        f"Rolling(min_healthy_percent={least:g}, max_healthy_percent={most:g}) never replaces {_tasks(count)}: ECS "
        f"rounds the maximum down to {started} and the minimum up to {kept}, so no task may start and none may stop; "
        f"use max_healthy_percent={-(-100 * (count + 1) // count)} or more, or min_healthy_percent="
        f"{100 * (count - 1) // count} or less"
    )


def _tasks(number: int) -> str:
    return "1 task" if number == 1 else f"{number} tasks"


def rolling_overrides(rolling: Rolling, tasks: float | None) -> dict[str, object]:
    """Return the parts of ``DeploymentConfiguration`` that neither the pattern nor the L2 service sets.

    Args:
        rolling: The deployment.
        tasks: The number of tasks; None if an autoscaler sets it.
    """
    return {
        "Strategy": "ROLLING",
        "DeploymentCircuitBreaker.ThresholdConfiguration": _threshold(rolling, tasks),
        "DeploymentCircuitBreaker.ResetOnHealthyTask": False,
        "LifecycleHooks": [],
        "EarlySuccessCriteria": _early_success(rolling.early_success),
    }


def _early_success(early: EarlySuccess | None) -> dict[str, object]:
    if early is None:
        return {"Enable": False}  # ECS may keep a property that an update does not mention
    return {
        "Enable": True,
        "HealthyPercent": early.healthy_percent,
        "SourceServiceRevisionCleanup": early.source_revision_cleanup.value,
    }


def _threshold(rolling: Rolling, tasks: float | None) -> dict[str, object]:
    if rolling.failure_threshold is not None:
        return {"Type": "COUNT", "Value": rolling.failure_threshold}
    if tasks is None:
        return {"Type": "BOUNDED_PERCENT", "Value": 50}  # ECS derives the count from the desired count at that time
    return {"Type": "COUNT", "Value": 3 if is_token(tasks) else max(3, min(200, math.ceil(tasks / 2)))}
