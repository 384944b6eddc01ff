"""Resources of the deployments that shift traffic; imported only if a service has one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from typing_extensions import assert_never

from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.deployment.hooks import render_hooks
from ecr_fargate_constructs.service.deployment.listener_rules import add_shifting
from ecr_fargate_constructs.service.deployment.rolling import Rolling, shift_of
from ecr_fargate_constructs.service.deployment.test_traffic import TestTrafficPort
from ecr_fargate_constructs.service.deployment.traffic_shift import BlueGreen, Canary, Linear
from ecr_fargate_constructs.service.ingress.existing import check_test_port
from ecr_fargate_constructs.service.ingress.load_balancer import peers_of, tune_group
from ecr_fargate_constructs.service.ingress.targets import targets_of
from ecr_fargate_constructs.service.ingress.values import https_of, port_of, redirects
from ecr_fargate_constructs.service.parts import cfn_service

if TYPE_CHECKING:
    from aws_cdk import aws_ecs as ecs
    from constructs import Construct

    from ecr_fargate_constructs.service.capacity.scaling import Scaling
    from ecr_fargate_constructs.service.deployment.listener_rules import Shifting
    from ecr_fargate_constructs.service.deployment.rolling import Deployment
    from ecr_fargate_constructs.service.deployment.traffic_shift import Shift
    from ecr_fargate_constructs.service.ingress.load_balancer import AnyParts
    from ecr_fargate_constructs.service.ingress.values import Ingress


def check_shift_with_ingress(deployment: Deployment, ingress: Ingress, scaling: Scaling | None) -> None:
    """Refuse a traffic shift that conflicts with the ingress of a service."""
    https = https_of(ingress)
    check_shift(deployment, scaling, signs_in=https is not None and https.listener.authentication is not None)
    shift = shift_of(deployment)
    test_traffic = None if shift is None else shift.test_traffic
    if not isinstance(test_traffic, TestTrafficPort) or is_token(test_traffic.port):
        return
    if test_traffic.port in (port_of(ingress), *((80,) if redirects(ingress) else ())):
        raise ConfigurationError(
            f"TestTrafficPort.port={test_traffic.port:g} is already the load balancer's; use another, for example 8443"
        )
    check_test_port(ingress, test_traffic.port)


def check_shift(deployment: Deployment, scaling: Scaling | None, *, signs_in: bool) -> None:
    """Refuse options that conflict with a traffic shift, with any load balancer."""
    shift = shift_of(deployment)
    if shift is None:
        return
    name = type(shift).__name__
    if isinstance(deployment, Rolling):
        name = f"Rolling(ready_for={name}(…))"
    if scaling is not None and scaling.requests_per_target is not None:
        raise ConfigurationError(
            f"scaling by requests_per_target cannot be combined with {name}: the autoscaler counts the requests of one "
            "target group, but the tasks move to the other; scale by cpu_percent=, or deploy with Rolling()"
        )
    if signs_in:
        raise ConfigurationError(
            f"a sign-in at the listener cannot be combined with {name}: requests match the rule that shifts the "
            "traffic, which bypasses the sign-in; deploy with Rolling(), or let the application authenticate"
        )


def add_shift(parts: AnyParts, shift: Shift, *, ingress: Ingress) -> elbv2.ApplicationTargetGroup:
    """Add the resources that shift a pattern's traffic, and return the second target group."""
    scope, service, https = parts.scope, parts.service, https_of(ingress)
    shifting = add_shifting(
        scope,
        balancer=parts.load_balancer,
        listener=parts.listener,
        certificates=_certificates(parts),
        blue=parts.target_group,
        test_traffic=shift.test_traffic,
        peers=peers_of(ingress, parts.vpc),
        tls_policy=None if https is None else https.listener.tls_policy,
        mutual_authentication=None if https is None else https.listener.mutual_authentication,
        protocol_version=ingress.target_group.protocol_version,
        vpc=parts.vpc,
    )
    tune_group(shifting.green, targets_of(ingress))
    shift_service(service, shifting)
    return shifting.green


def shift_service(service: ecs.BaseService, shifting: Shifting) -> None:
    """Set the resources with which ECS shifts a service's traffic."""
    # ECS assumes the role when the service is made, and needs it until the service is deleted.
    service.node.add_dependency(shifting.role)
    resource = cfn_service(service)
    resource.add_property_override("LoadBalancers.0.AdvancedConfiguration", shifting.advanced_configuration())


def shift_overrides(scope: Construct, service: ecs.BaseService, deployment: Shift) -> dict[str, object]:
    """Return the parts of ``DeploymentConfiguration`` that depend on the strategy."""
    match deployment:
        case BlueGreen():
            return _shift(scope, service, deployment, "BLUE_GREEN")
        case Canary():
            own = {
                "CanaryPercent": deployment.percent,
                "CanaryBakeTimeInMinutes": deployment.canary_bake_time.to_minutes(),
            }
            return {**_shift(scope, service, deployment, "CANARY"), "CanaryConfiguration": own}
        case Linear():
            own = {
                "StepPercent": deployment.step_percent,
                "StepBakeTimeInMinutes": deployment.step_bake_time.to_minutes(),
            }
            return {**_shift(scope, service, deployment, "LINEAR"), "LinearConfiguration": own}
        case _:
            assert_never(deployment)


def _shift(scope: Construct, service: ecs.BaseService, deployment: Shift, strategy: str) -> dict[str, object]:
    with_test_traffic = deployment.test_traffic is not None
    hooks = render_hooks(scope, service, deployment.hooks, deployment.approval, with_test_traffic=with_test_traffic)
    return {
        "Strategy": strategy,
        "BakeTimeInMinutes": deployment.bake_time.to_minutes(),
        "DeploymentCircuitBreaker": {"Enable": False, "Rollback": False},  # documented for ROLLING only
        "LifecycleHooks": hooks,
    }


def _certificates(parts: AnyParts) -> list[elbv2.IListenerCertificate]:
    certificate = parts.certificate
    return [] if certificate is None else [elbv2.ListenerCertificate.from_certificate_manager(certificate)]
