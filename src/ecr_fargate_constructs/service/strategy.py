"""Applying a deployment to a service: the one place that writes ``DeploymentConfiguration``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import aws_cdk as cdk
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from typing_extensions import assert_never

from ecr_fargate_constructs._tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.deployment import Rolling, rolling_overrides
from ecr_fargate_constructs.service.deployment_hooks import render_hooks
from ecr_fargate_constructs.service.ingress import InternalHttps, PublicHttps
from ecr_fargate_constructs.service.load_balancer import peers_of, tune_group
from ecr_fargate_constructs.service.preview import PreviewPort
from ecr_fargate_constructs.service.resource import cfn_service
from ecr_fargate_constructs.service.rollback_alarms import render_alarms
from ecr_fargate_constructs.service.shifting import add_shifting
from ecr_fargate_constructs.service.traffic_shift import BlueGreen, Canary, Linear

if TYPE_CHECKING:
    from aws_cdk import aws_ecs as ecs
    from constructs import Construct

    from ecr_fargate_constructs.service.ingress import Ingress
    from ecr_fargate_constructs.service.load_balancer import AnyParts
    from ecr_fargate_constructs.service.scaling import Scaling

Shift: TypeAlias = BlueGreen | Canary | Linear
Deployment: TypeAlias = Rolling | BlueGreen | Canary | Linear
"""The ways in which a new version replaces the old one."""


def check_deployment(
    deployment: Deployment | None, ingress: Ingress | None, scaling: Scaling | None, *, path: str
) -> None:
    """Refuse what the deployment and the rest of the service cannot have together."""
    if deployment is None or isinstance(deployment, Rolling):
        return
    name = type(deployment).__name__
    if scaling is not None and scaling.requests_per_target is not None:
        raise ConfigurationError(
            f"scaling by requests_per_target together with {name}: the autoscaler would count the requests of one "
            "target group, and the tasks move from one to the other; scale by cpu_percent=, or deploy with Rolling()",
            path=path,
        )
    if isinstance(ingress, (PublicHttps, InternalHttps)) and ingress.listener.authentication is not None:
        raise ConfigurationError(
            f"a sign-in at the listener together with {name}: requests take the rule that moves the traffic, and would "
            "go around the sign-in; deploy with Rolling(), or let the application ask who it is",
            path=path,
        )
    preview = deployment.preview
    taken = (80, 443) if isinstance(ingress, (PublicHttps, InternalHttps)) else (80,)
    if isinstance(preview, PreviewPort) and not is_token(preview.port) and preview.port in taken:
        raise ConfigurationError(
            f"PreviewPort.port={preview.port:g} is the load balancer's already; use another, for example 8443",
            path=path,
        )


def percents_of(deployment: Deployment) -> tuple[float, float]:
    """Tasks that run at least and at most during a deployment, in percent."""
    if isinstance(deployment, Rolling):
        return deployment.minimum_healthy_percent, deployment.maximum_percent
    return 100, 200  # the new version beside the old one, at full strength


def deploy_pattern(
    parts: AnyParts,
    deployment: Deployment,
    *,
    ingress: Ingress,
    port: float,
    count: float | None,
    grace: cdk.Duration,
) -> tuple[elbv2.ApplicationTargetGroup, ...]:
    """Deploy a pattern's service: alarms for its target groups, and what a shift of traffic needs.

    Returns:
        All target groups of the service.
    """
    scope, service = parts.scope, parts.service
    groups = {"Target": parts.target_group}
    if not isinstance(deployment, Rolling):
        shifting = add_shifting(
            scope,
            balancer=parts.load_balancer,
            listener=parts.listener,
            certificates=_certificates(parts),
            blue=parts.target_group,
            port=port,
            preview=deployment.preview,
            peers=peers_of(ingress, parts.vpc),
            tls_policy=ingress.listener.tls_policy if isinstance(ingress, (PublicHttps, InternalHttps)) else None,
            protocol_version=ingress.targets.protocol_version,
            vpc=parts.vpc,
        )
        tune_group(shifting.green, ingress)
        groups["Green"] = shifting.green
        # ECS takes the role up when the service is made, and needs it until the service is gone.
        service.node.add_dependency(shifting.role)
        resource = cfn_service(service)
        resource.add_property_override("LoadBalancers.0.AdvancedConfiguration", shifting.advanced_configuration())
        if deployment.schedule is not None:
            cdk.Annotations.of(scope).add_info(f"deployment {deployment.schedule}")
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

    Whatever a strategy does not have is switched off by name. An update may leave alone what it does not mention, and a
    breaker, an alarm or a pause of the strategy before must not live on.
    """
    configuration: dict[str, Any] = {}
    for name, value in _overrides(scope, service, deployment, count).items():
        *outer, last = name.split(".")
        inside = configuration
        for each in outer:
            inside = inside.setdefault(each, {})
        inside[last] = value
    configuration["Alarms"] = render_alarms(scope, deployment.alarms, targets=groups, balancer=balancer, grace=grace)
    resource = cfn_service(service)
    resource.add_property_override("AvailabilityZoneRebalancing", "ENABLED")
    # In one piece, which CDK merges into what it has: each override by itself is a message to the Node process.
    resource.add_property_override("DeploymentConfiguration", configuration)


def _overrides(
    scope: Construct, service: ecs.BaseService, deployment: Deployment, count: float | None
) -> dict[str, object]:
    match deployment:
        case Rolling():
            return rolling_overrides(deployment, count)
        case BlueGreen():
            return _shift(scope, service, deployment, "BLUE_GREEN")
        case Canary():
            own = {
                "CanaryPercent": deployment.percent,
                "CanaryBakeTimeInMinutes": deployment.canary_bake.to_minutes(),
            }
            return {**_shift(scope, service, deployment, "CANARY"), "CanaryConfiguration": own}
        case Linear():
            own = {
                "StepPercent": deployment.step_percent,
                "StepBakeTimeInMinutes": deployment.step_bake.to_minutes(),
            }
            return {**_shift(scope, service, deployment, "LINEAR"), "LinearConfiguration": own}
        case _:
            assert_never(deployment)


def _shift(scope: Construct, service: ecs.BaseService, deployment: Shift, strategy: str) -> dict[str, object]:
    with_preview = deployment.preview is not None
    hooks = render_hooks(scope, service, deployment.hooks, deployment.pause, with_preview=with_preview)
    return {
        "Strategy": strategy,
        "BakeTimeInMinutes": deployment.bake.to_minutes(),
        "DeploymentCircuitBreaker": {"Enable": False, "Rollback": False},  # documented for ROLLING only
        "LifecycleHooks": hooks,
    }


def _certificates(parts: AnyParts) -> list[elbv2.IListenerCertificate]:
    certificate = parts.certificate
    return [] if certificate is None else [elbv2.ListenerCertificate.from_certificate_manager(certificate)]
