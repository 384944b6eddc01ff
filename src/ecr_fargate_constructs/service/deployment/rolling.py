"""How a new version replaces the old one, task by task."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from ecr_fargate_constructs._rules.checks import whole_number
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.deployment.alarms import RollbackAlarms
from ecr_fargate_constructs.service.deployment.traffic_shift import BlueGreen, Canary, Linear, Shift


class SourceRevisionCleanup(Enum):
    """When the old tasks go, as seen from a deployment that ends early."""

    BLOCKING = "BLOCKING"
    """The deployment ends when they are gone."""

    DEFERRED = "DEFERRED"
    """The deployment ends first, and they go in the background."""


@typed
@dataclass(frozen=True, kw_only=True)
class EarlySuccess:
    """A rolling deployment that counts as done before all its tasks run; the rest follows in the background.

    For services with many tasks. ECS has it for ``Rolling`` only.

    Attributes:
        healthy_percent: Tasks of the new version that have to be healthy, in percent of the desired count, 0 to 100,
            and not less than the deployment's ``min_healthy_percent``.
        source_revision_cleanup: When the old tasks go; left out, before the deployment ends.

    Raises:
        ConfigurationError: For a percentage outside of those.
    """

    healthy_percent: float
    source_revision_cleanup: SourceRevisionCleanup = SourceRevisionCleanup.BLOCKING

    def __post_init__(self) -> None:
        """Refuse what is not a percentage."""
        whole_number("EarlySuccess.healthy_percent", self.healthy_percent, minimum=0, maximum=100, what="a percentage")


@typed
@dataclass(frozen=True, kw_only=True)
class Rolling:
    """New tasks start beside the old ones; a version that does not come up is rolled back.

    Defaults: never fewer tasks than wanted (100 %), up to twice as many while deploying (200 %), and a circuit breaker
    that rolls back. The breaker trips after half as many failed tasks as are wanted, at least 3 and at most 200, which
    are ECS's own figures, but it does not forget the failures when one task happens to become healthy: a small service
    that flaps would never trip ECS's default. Alarms roll back too, ``RollbackAlarms()``: ECS goes on watching them
    for as long as they take to go off, two minutes, before it calls a deployment done.

    ``ready_for`` is the way from and to a strategy that shifts traffic. Coming from one, the live version may be in the
    second target group: with ``ready_for`` the group, the rule and its weights stay as they are, and ECS rolls the new
    version into the group that has the traffic. Going to one, AWS asks for a rolling deployment that names the groups
    first. Leave it there afterwards; it costs the alarms of the second group.

    Source: "How the Amazon ECS deployment circuit breaker detects failures" and "Update the Amazon ECS deployment
    strategy" in the Amazon ECS developer guide.

    Attributes:
        min_healthy_percent: Tasks that keep running during a deployment, in percent of the desired count, 0 to 100.
        max_healthy_percent: Tasks that may run during a deployment, in percent of the desired count, 101 to 200: ECS
            rebalances tasks among availability zones only above 100. It is rounded down, and the minimum up: with 2
            tasks, 100 and 149 would let none start and none stop, which the service refuses.
        failure_threshold: Failed tasks that trip the breaker, 1 to 200; left out, worked out as above.
        alarms: What rolls back beside the breaker; None for nothing.
        early_success: When the deployment counts as done; left out, when all tasks are of the new version.
        ready_for: The strategy whose target group, rule and role stand beside the service while it rolls; left out,
            none. Of its values only ``test_traffic`` counts.

    Raises:
        ConfigurationError: For a percentage or threshold outside of those.
    """

    min_healthy_percent: float = 100
    max_healthy_percent: float = 200
    failure_threshold: float | None = None
    alarms: RollbackAlarms | None = field(default_factory=RollbackAlarms)
    early_success: EarlySuccess | None = None
    ready_for: BlueGreen | Canary | Linear | None = None

    def __post_init__(self) -> None:
        """Refuse figures that ECS refuses, or that cannot make progress."""
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
                f"min_healthy_percent={self.min_healthy_percent:g}; it would be done with fewer tasks than "
                "have to run, which ECS refuses: raise the one or lower the other"
            )


Deployment: TypeAlias = Rolling | BlueGreen | Canary | Linear
"""The ways in which a new version replaces the old one."""


def shift_of(deployment: Deployment) -> Shift | None:
    """Return the shift of traffic that a service has, or stands ready for."""
    return deployment.ready_for if isinstance(deployment, Rolling) else deployment


def percents_of(deployment: Deployment) -> tuple[float, float]:
    """Return the tasks that run at least and at most during a deployment, in percent."""
    if isinstance(deployment, Rolling):
        return deployment.min_healthy_percent, deployment.max_healthy_percent
    return 100, 200  # the new version beside the old one, at full strength


def check_progress(rolling: Rolling, tasks: float | None, *, path: str) -> None:
    """Refuse percentages with which a number of tasks could never be replaced.

    Source: DeploymentConfiguration in the Amazon ECS API reference: maximumPercent is rounded down, and
    minimumHealthyPercent up.

    Args:
        rolling: How the service is deployed.
        tasks: The number of tasks, or the least of a service that scales; None when nobody knows it.
        path: Path of the construct that is to be.

    Raises:
        ConfigurationError: None may start, and none may stop.
    """
    least, most = rolling.min_healthy_percent, rolling.max_healthy_percent
    if tasks is None or is_token(tasks) or is_token(least) or is_token(most):
        return
    wanted = int(tasks)
    started, kept = wanted * int(most) // 100, -(-wanted * int(least) // 100)
    if started > kept:
        return
    raise ConfigurationError(
        f"Rolling(min_healthy_percent={least:g}, max_healthy_percent={most:g}) never replaces {_tasks(wanted)}: ECS "
        f"rounds the maximum down to {started} and the minimum up to {kept}, so that none may start and none may stop; "
        f"use max_healthy_percent={-(-100 * (wanted + 1) // wanted)} or more, or min_healthy_percent="
        f"{100 * (wanted - 1) // wanted} or less",
        path=path,
    )


def _tasks(number: int) -> str:
    return "1 task" if number == 1 else f"{number} tasks"


def rolling_overrides(rolling: Rolling, tasks: float | None) -> dict[str, object]:
    """The parts of ``DeploymentConfiguration`` that neither the pattern nor the L2 service reaches.

    Args:
        rolling: How the service is deployed.
        tasks: The number of tasks; None when an autoscaler decides.
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
        return {"Enable": False}  # ECS may keep what an update does not mention
    return {
        "Enable": True,
        "HealthyPercent": early.healthy_percent,
        "SourceServiceRevisionCleanup": early.source_revision_cleanup.value,
    }


def _threshold(rolling: Rolling, tasks: float | None) -> dict[str, object]:
    if rolling.failure_threshold is not None:
        return {"Type": "COUNT", "Value": rolling.failure_threshold}
    if tasks is None:
        return {"Type": "BOUNDED_PERCENT", "Value": 50}  # ECS works the count out of what is wanted at that time
    return {"Type": "COUNT", "Value": 3 if is_token(tasks) else max(3, min(200, math.ceil(tasks / 2)))}
