"""Target groups with which a rollout takes a minute, on a Fargate service of CDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs._cdk.duration_checks import seconds
from ecr_fargate_constructs._cdk.site import resource_of
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.mixins.adopted import properties, target_groups
from ecr_fargate_constructs.mixins.base import LibraryMixin
from ecr_fargate_constructs.mixins.later import fill
from ecr_fargate_constructs.service.ingress.load_balancer import grpc_codes_of, text_of
from ecr_fargate_constructs.service.ingress.targets import Targets

if TYPE_CHECKING:
    from typing import ClassVar

    from constructs import Construct

    from ecr_fargate_constructs.service.ingress.values import TargetHealthCheck

_DELAY = "deregistration_delay.timeout_seconds"


class FastRollout(LibraryMixin):
    """Give the target groups of a Fargate service of CDK the health check and the draining of this library.

    A task counts as healthy after 20 seconds and not after 150, and one that is removed drains for 30 seconds and not
    for 300. Where the app sets a value, also after the mixin, it stays; interval and timeout stay both if it sets one
    of them, because the timeout has to be shorter.

    Skipped: services of this library and on EC2, and those without an ``ApplicationTargetGroup`` of the same app.
    """

    _kinds: ClassVar[tuple[type[Construct], ...]] = (ecs.FargateService,)

    def __init__(
        self,
        health_check: TargetHealthCheck | None = None,
        *,
        deregistration_delay: cdk.Duration | None = None,
    ) -> None:
        """Create the mixin.

        Args:
            health_check: Health check for what the app leaves open; default, ``TargetHealthCheck()``.
            deregistration_delay: Time for which a removed task drains, 0 to 3600 seconds; default, 30 seconds.

        Raises:
            ConfigurationError: The delay is out of range, or the health check has a port of its own, which the mixin
                does not open in security groups.
        """
        if deregistration_delay is not None:
            seconds("FastRollout.deregistration_delay", deregistration_delay, minimum=0, maximum=3600)
        if health_check is not None and health_check.port is not None:
            raise ConfigurationError(
                "FastRollout.health_check has a port, and the mixin opens none; set it with "
                "target_group.configure_health_check(port=…), and allow the load balancer to reach it"
            )
        self._targets = Targets().replaced(health_check, deregistration_delay, None)

    def _suits(self, construct: ecs.FargateService) -> bool:
        return any(map(_resource, target_groups(construct)))

    def _apply(self, construct: ecs.FargateService) -> None:
        for group in target_groups(construct):
            resource = _resource(group)
            if resource is not None:
                self._tune(group, resource)

    def _tune(self, group: elbv2.ApplicationTargetGroup, resource: elbv2.CfnTargetGroup) -> None:
        check = self._targets.health_check
        known = properties(resource, "protocolVersion", "targetGroupAttributes")
        for defaults in (
            {"HealthCheckEnabled": True},
            {"HealthCheckPath": check.path},
            {"Matcher": _matcher(check, known)},
            {"HealthyThresholdCount": check.healthy_threshold},
            {"UnhealthyThresholdCount": check.unhealthy_threshold},
            {
                "HealthCheckIntervalSeconds": check.interval.to_seconds(),
                "HealthCheckTimeoutSeconds": check.timeout.to_seconds(),
            },
        ):
            fill(resource, defaults)
        if _DELAY not in {each["key"] for each in known.get("targetGroupAttributes") or ()}:
            group.set_attribute(_DELAY, text_of(self._targets.deregistration_delay))


def _resource(group: elbv2.ApplicationTargetGroup) -> elbv2.CfnTargetGroup | None:
    """Return the resource of a target group that takes requests of HTTP."""
    resource = resource_of(group)
    return resource if isinstance(resource, elbv2.CfnTargetGroup) else None


def _matcher(check: TargetHealthCheck, known: dict[str, Any]) -> dict[str, str]:
    if known.get("protocolVersion") == "GRPC":
        return {"GrpcCode": grpc_codes_of(check)}
    return {"HttpCode": check.codes}
