"""How a new version replaces the old one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecr_fargate_constructs._checks import whole_number
from ecr_fargate_constructs._tokens import is_token
from ecr_fargate_constructs.service.resource import cfn_service

if TYPE_CHECKING:
    from aws_cdk import aws_ecs as ecs


@dataclass(frozen=True, kw_only=True)
class Rolling:
    """New tasks start beside the old ones; a version that does not come up is rolled back.

    Defaults: never fewer tasks than wanted (100 %), up to twice as many while deploying (200 %), and a circuit breaker
    that rolls back. The breaker trips after half as many failed tasks as are wanted, at least 3 and at most 200, which
    are ECS's own figures, but it does not forget the failures when one task happens to become healthy: a small service
    that flaps would never trip ECS's default.

    Source: "How the Amazon ECS deployment circuit breaker detects failures" in the Amazon ECS developer guide.

    Attributes:
        minimum_healthy_percent: Tasks that keep running during a deployment, in percent of the desired count, 0 to 100.
        maximum_percent: Tasks that may run during a deployment, in percent of the desired count, 101 to 200: ECS
            rebalances tasks among availability zones only above 100.
        failure_threshold: Failed tasks that trip the breaker, 1 to 200; left out, worked out as above.

    Raises:
        ConfigurationError: For a percentage or threshold outside of those.
    """

    minimum_healthy_percent: float = 100
    maximum_percent: float = 200
    failure_threshold: float | None = None

    def __post_init__(self) -> None:
        """Refuse figures that ECS refuses, or that cannot make progress."""
        whole_number(
            "Rolling.minimum_healthy_percent", self.minimum_healthy_percent, minimum=0, maximum=100, what="a percentage"
        )
        whole_number("Rolling.maximum_percent", self.maximum_percent, minimum=101, maximum=200, what="a percentage")
        if self.failure_threshold is not None:
            whole_number(
                "Rolling.failure_threshold", self.failure_threshold, minimum=1, maximum=200, what="a number of tasks"
            )


def tune_deployment(service: ecs.BaseService, rolling: Rolling, tasks: float | None) -> None:
    """Set what neither the pattern nor the L2 service reaches: breaker threshold and zone rebalancing.

    Args:
        service: The service.
        rolling: How it is deployed.
        tasks: The number of tasks; None when an autoscaler decides.
    """
    resource = cfn_service(service)
    breaker = "DeploymentConfiguration.DeploymentCircuitBreaker"
    resource.add_property_override(f"{breaker}.ThresholdConfiguration", _threshold(rolling, tasks))
    resource.add_property_override(f"{breaker}.ResetOnHealthyTask", False)
    resource.add_property_override("AvailabilityZoneRebalancing", "ENABLED")


def _threshold(rolling: Rolling, tasks: float | None) -> dict[str, object]:
    if rolling.failure_threshold is not None:
        return {"Type": "COUNT", "Value": rolling.failure_threshold}
    if tasks is None:
        return {"Type": "BOUNDED_PERCENT", "Value": 50}  # ECS works the count out of what is wanted at that time
    return {"Type": "COUNT", "Value": 3 if is_token(tasks) else max(3, min(200, math.ceil(tasks / 2)))}
