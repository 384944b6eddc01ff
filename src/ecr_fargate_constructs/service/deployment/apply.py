"""Applies a deployment to a service: no other module writes ``DeploymentConfiguration``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk

from ecr_fargate_constructs.service.deployment.alarms import render_alarms
from ecr_fargate_constructs.service.deployment.rolling import Rolling, rolling_overrides, shift_of
from ecr_fargate_constructs.service.parts import cfn_service

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk import aws_ecs as ecs
    from aws_cdk import aws_elasticloadbalancingv2 as elbv2
    from constructs import Construct

    from ecr_fargate_constructs.service.deployment.rolling import Deployment
    from ecr_fargate_constructs.service.ingress.load_balancer import AnyParts
    from ecr_fargate_constructs.service.ingress.values import Ingress


def deploy_pattern(
    parts: AnyParts,
    deployment: Deployment,
    *,
    ingress: Ingress,
    count: float | None,
    grace: cdk.Duration,
) -> tuple[elbv2.ApplicationTargetGroup, ...]:
    """Deploy a pattern's service: add alarms for its target groups, and the resources of a traffic shift.

    Returns:
        All target groups of the service.
    """
    scope, service = parts.scope, parts.service
    groups = {"Target": parts.target_group}
    moved = shift_of(deployment)
    if moved is not None:
        from ecr_fargate_constructs.service.deployment.apply_shift import add_shift  # noqa: PLC0415 - only with a traffic shift

        groups["Green"] = add_shift(parts, moved, ingress=ingress)
    configure(
        scope,
        service,
        deployment,
        groups=groups,
        balancer=parts.load_balancer.load_balancer_full_name,
        count=count,
        grace=grace,
    )
    return tuple(groups.values())


def configure(
    scope: Construct,
    service: ecs.BaseService,
    deployment: Deployment,
    *,
    groups: dict[str, elbv2.ApplicationTargetGroup],
    balancer: str,
    count: float | None,
    grace: cdk.Duration,
) -> None:
    """Write the deployment into the service.

    Options that a strategy does not have are disabled explicitly: an update may keep properties that it does not
    mention, and a circuit breaker, an alarm or a pause of the previous strategy must not stay.
    """
    configuration = nested(_overrides(scope, service, deployment, count))
    configuration["Alarms"] = render_alarms(
        scope, deployment.alarms, targets=groups, balancers=dict.fromkeys(groups, balancer), grace=grace
    )
    resource = cfn_service(service)
    resource.add_property_override("AvailabilityZoneRebalancing", "ENABLED")
    # In one override, which CDK merges into the rest: each override is a separate message to the Node process.
    resource.add_property_override("DeploymentConfiguration", configuration)


def nested(overrides: Mapping[str, object]) -> dict[str, Any]:
    """Return overrides by path, such as ``DeploymentCircuitBreaker.Enable``, as one mapping."""
    configuration: dict[str, Any] = {}
    for name, value in overrides.items():
        *outer, last = name.split(".")
        section = configuration
        for each in outer:
            section = section.setdefault(each, {})
        section[last] = value
    return configuration


def _overrides(
    scope: Construct, service: ecs.BaseService, deployment: Deployment, count: float | None
) -> dict[str, object]:
    if isinstance(deployment, Rolling):
        return rolling_overrides(deployment, count)
    if deployment.schedule is not None:
        cdk.Annotations.of(scope).add_info(f"deployment {deployment.schedule}")
    from ecr_fargate_constructs.service.deployment.apply_shift import shift_overrides  # noqa: PLC0415 - as above

    return shift_overrides(scope, service, deployment)
