"""Applying a deployment to a service: the one place that writes ``DeploymentConfiguration``."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import aws_cdk as cdk
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from constructs import Construct
from typing_extensions import assert_never

from ecr_fargate_constructs._tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.deployment import Rolling, rolling_overrides
from ecr_fargate_constructs.service.deployment_hooks import render_hooks
from ecr_fargate_constructs.service.ingress import InternalHttps, PublicHttp, PublicHttps, port_of, redirects
from ecr_fargate_constructs.service.load_balancer import peers_of, tune_group
from ecr_fargate_constructs.service.preview import PreviewPort
from ecr_fargate_constructs.service.resource import cfn_service
from ecr_fargate_constructs.service.rollback_alarms import render_alarms
from ecr_fargate_constructs.service.shifting import add_shifting
from ecr_fargate_constructs.service.traffic_shift import BlueGreen, Canary, Linear

if TYPE_CHECKING:
    from aws_cdk import aws_ecs as ecs

    from ecr_fargate_constructs.service.ingress import Ingress
    from ecr_fargate_constructs.service.load_balancer import Pattern
    from ecr_fargate_constructs.service.scaling import Scaling
    from ecr_fargate_constructs.service.shifting import Shifting

Shift: TypeAlias = BlueGreen | Canary | Linear
Deployment: TypeAlias = Rolling | BlueGreen | Canary | Linear
"""The ways in which a new version replaces the old one."""

_CONFIGURATION = "DeploymentConfiguration"


def check_deployment(
    deployment: Deployment | None, ingress: Ingress | None, scaling: Scaling | None, *, path: str
) -> None:
    """Refuse what the deployment and the rest of the service cannot have together."""
    https = ingress if isinstance(ingress, (PublicHttps, InternalHttps)) else None
    check_shift(
        deployment, scaling, signs_in=https is not None and https.listener.authentication is not None, path=path
    )
    shift = shift_of(deployment)
    preview = None if shift is None else shift.preview
    way = ingress or PublicHttp()
    taken = (port_of(way), *((80,) if redirects(way) else ()))
    if isinstance(preview, PreviewPort) and not is_token(preview.port) and preview.port in taken:
        raise ConfigurationError(
            f"PreviewPort.port={preview.port:g} is the load balancer's already; use another, for example 8443",
            path=path,
        )


def check_shift(deployment: Deployment | None, scaling: Scaling | None, *, signs_in: bool, path: str) -> None:
    """Refuse what a shift of traffic cannot go with, wherever the service stands."""
    shift = shift_of(deployment)
    if shift is None:
        return
    name = type(shift).__name__
    if isinstance(deployment, Rolling):
        name = f"Rolling(ready_for={name}(…))"
    if scaling is not None and scaling.requests_per_target is not None:
        raise ConfigurationError(
            f"scaling by requests_per_target together with {name}: the autoscaler would count the requests of one "
            "target group, and the tasks move from one to the other; scale by cpu_percent=, or deploy with Rolling()",
            path=path,
        )
    if signs_in:
        raise ConfigurationError(
            f"a sign-in at the listener together with {name}: requests take the rule that moves the traffic, and would "
            "go around the sign-in; deploy with Rolling(), or let the application ask who it is",
            path=path,
        )


def shift_of(deployment: Deployment | None) -> Shift | None:
    """The shift of traffic that the service has, or stands ready for."""
    return deployment.ready_for if isinstance(deployment, Rolling) else deployment


def percents_of(deployment: Deployment) -> tuple[float, float]:
    """Tasks that run at least and at most during a deployment, in percent."""
    if isinstance(deployment, Rolling):
        return deployment.minimum_healthy_percent, deployment.maximum_percent
    return 100, 200  # the new version beside the old one, at full strength


def deploy_pattern(
    pattern: Pattern,
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
    scope = pattern.node.scope
    assert isinstance(scope, Construct)  # noqa: S101 - the pattern is a child of one of our services
    groups = {"Target": pattern.target_group}
    shift = shift_of(deployment)
    if shift is not None:
        shifting = add_shifting(
            scope,
            balancer=pattern.load_balancer,
            listener=pattern.listener,
            certificates=_certificates(pattern),
            blue=pattern.target_group,
            port=port,
            preview=shift.preview,
            peers=peers_of(ingress, pattern.cluster.vpc),
            tls_policy=ingress.listener.tls_policy if isinstance(ingress, (PublicHttps, InternalHttps)) else None,
            protocol_version=ingress.targets.protocol_version,
            vpc=pattern.cluster.vpc,
        )
        tune_group(shifting.green, ingress)
        groups["Green"] = shifting.green
        shift_service(pattern.service, shifting)
    configure(
        scope,
        pattern.service,
        deployment,
        groups=groups,
        balancer=pattern.load_balancer.load_balancer_full_name,
        count=count,
        grace=grace,
    )
    return tuple(groups.values())


def shift_service(service: ecs.BaseService, shifting: Shifting) -> None:
    """Tell a service what ECS moves its traffic with."""
    # ECS takes the role up when the service is made, and needs it until the service is gone.
    service.node.add_dependency(shifting.role)
    resource = cfn_service(service)
    resource.add_property_override("LoadBalancers.0.AdvancedConfiguration", shifting.advanced_configuration())


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
    if not isinstance(deployment, Rolling) and deployment.schedule is not None:
        cdk.Annotations.of(scope).add_info(f"deployment {deployment.schedule}")
    resource = cfn_service(service)
    resource.add_property_override("AvailabilityZoneRebalancing", "ENABLED")
    for name, value in _overrides(scope, service, deployment, count).items():
        resource.add_property_override(f"{_CONFIGURATION}.{name}", value)
    alarms = render_alarms(scope, deployment.alarms, targets=groups, balancer=balancer, grace=grace)
    resource.add_property_override(f"{_CONFIGURATION}.Alarms", alarms)


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


def _certificates(pattern: Pattern) -> list[elbv2.IListenerCertificate]:
    certificate = pattern.certificate
    return [] if certificate is None else [elbv2.ListenerCertificate.from_certificate_manager(certificate)]
