"""Target settings of services that share a load balancer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ecr_fargate_constructs._cdk.duration_checks import seconds
from ecr_fargate_constructs._cdk.durations import of_seconds
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.service.ingress.settings import TargetGroupSettings
from ecr_fargate_constructs.service.ingress.values import TargetHealthCheck

if TYPE_CHECKING:
    import aws_cdk as cdk

    from ecr_fargate_constructs.service.ingress.values import Ingress


@typed
@dataclass(frozen=True, kw_only=True)
class Targets:
    """Health check, deregistration delay and distribution of requests for services that share a load balancer.

    Defaults: ``TargetHealthCheck()``, and 30 seconds for requests to finish on a task that is removed.

    Attributes:
        health_check: Health check of the targets; default, ``TargetHealthCheck()``.
        deregistration_delay: 0 to 3600 seconds; default, 30.
        settings: Distribution of requests among tasks; default, ``TargetGroupSettings()``.

    Raises:
        ConfigurationError: Elastic Load Balancing refuses the delay.
    """

    health_check: TargetHealthCheck = field(default_factory=TargetHealthCheck)
    deregistration_delay: cdk.Duration = field(default_factory=lambda: of_seconds(30))
    settings: TargetGroupSettings = field(default_factory=TargetGroupSettings)

    def __post_init__(self) -> None:
        """Refuse values that Elastic Load Balancing refuses."""
        seconds("Targets.deregistration_delay", self.deregistration_delay, minimum=0, maximum=3600)


def targets_of(ingress: Ingress) -> Targets:
    """Return how a load balancer of a service's own deals with its tasks."""
    return Targets(
        health_check=ingress.health_check,
        deregistration_delay=ingress.deregistration_delay,
        settings=ingress.target_group,
    )
