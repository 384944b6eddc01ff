"""What both kinds of routed service do around CDK's services."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs._cdk.memo import path as path_of_scope
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.deployment.test_traffic import TestTrafficPort
from ecr_fargate_constructs.service.ingress.load_balancer import tune_group
from ecr_fargate_constructs.service.ingress.values import check_protocol
from ecr_fargate_constructs.service.routing.conditions import conditions_of

if TYPE_CHECKING:
    from aws_cdk import aws_ecs as ecs
    from constructs import Construct

    from ecr_fargate_constructs.service.deployment.test_traffic import TestTraffic
    from ecr_fargate_constructs.service.ingress.targets import Targets
    from ecr_fargate_constructs.service.routing.route import Route
    from ecr_fargate_constructs.service.routing.shared_load_balancer import SharedListener


def check_cluster(cluster: ecs.ICluster | None, shared: SharedListener, *, path: str) -> None:
    """Refuse a cluster whose tasks the load balancer could not reach."""
    if cluster is None or cluster.vpc.node.path == shared.vpc.node.path:
        return
    one, other = cluster.vpc.vpc_id, shared.vpc.vpc_id
    if one != other and is_token(one) == is_token(other):
        raise ConfigurationError(
            f"the cluster is in the VPC {cluster.vpc.node.path} and the load balancer in {shared.vpc.node.path}; use a "
            "cluster in the load balancer's VPC, or leave cluster out",
            path=path,
        )


def check_targets(targets: Targets, shared: SharedListener, *, path: str) -> None:
    """Refuse protocols that the listener cannot pass on."""
    check_protocol(targets.settings, https=shared.base_url.startswith("https"), name="Targets.settings", path=path)


def target_group(
    scope: Construct,
    shared: SharedListener,
    service: ecs.FargateService | ecs.Ec2Service,
    *,
    targets: Targets,
    port: float,
) -> elbv2.ApplicationTargetGroup:
    """Make the target group of a service, and let the load balancer reach the health check."""
    group = _group(scope, shared.group_id, shared, targets)
    group.add_target(service)
    check = targets.health_check
    apart = check.port is not None and check.port != port
    shared.count_ports(scope, 2 if apart else 1)
    if check.port is not None and check.port != port:
        # CDK opens the traffic port alone (aws-cdk#18093).
        service.connections.allow_from(shared.listener, ec2.Port.tcp(check.port), "Load balancer to health check")
    return group


def second_group(scope: Construct, shared: SharedListener, targets: Targets) -> elbv2.ApplicationTargetGroup:
    """Make the group into which ECS shifts the traffic of a service; it puts the tasks there itself."""
    return _group(scope, f"Green{shared.group_id}", shared, targets)


def _group(
    scope: Construct, construct_id: str, shared: SharedListener, targets: Targets
) -> elbv2.ApplicationTargetGroup:
    shared.count_group(path_of_scope(scope))
    group = elbv2.ApplicationTargetGroup(
        scope,
        construct_id,
        vpc=shared.vpc,
        port=80,
        protocol=elbv2.ApplicationProtocol.HTTP,
        protocol_version=targets.settings.protocol_version,
        target_type=elbv2.TargetType.IP,
    )
    tune_group(group, targets)
    return group


def add_rule(
    scope: Construct,
    construct_id: str,
    shared: SharedListener,
    route: Route,
    *,
    priority: float,
    action: elbv2.ListenerAction,
) -> elbv2.ApplicationListenerRule:
    """Do something with the requests of a route."""
    shared.warn_of_hosts(scope, route)
    if shared.authentication is not None:
        from ecr_fargate_constructs.service.ingress.authentication import (  # noqa: PLC0415 - only who has a sign-in
            signed_in,
        )

        action = signed_in(scope, shared.authentication, action)
    return elbv2.ApplicationListenerRule(
        scope,
        construct_id,
        listener=shared.listener,
        priority=priority,
        conditions=conditions_of(route),
        action=action,
    )


def test_route(route: Route, test_traffic: TestTraffic, *, path: str) -> Route:
    """The route by which a version is reached that users do not see yet: the service's own, with one more header."""
    if isinstance(test_traffic, TestTrafficPort):
        raise ConfigurationError(
            f"TestTrafficPort(port={test_traffic.port:g}) would be a listener of the load balancer that the service "
            "shares; use TestTrafficHeader(name=…), or a LoadBalancedFargateService",
            path=path,
        )
    if test_traffic.name.lower() in route.headers:
        raise ConfigurationError(
            f"TestTrafficHeader.name={test_traffic.name!r} is a header that {route} asks for; use another",
            path=path,
        )
    number = route.priority
    if number is not None and (is_token(number) or number == 1):
        raise ConfigurationError(
            "the preview of a service takes the number before that of its route, and Route.priority="
            f"{'a token' if is_token(number) else 1} leaves none; use one from 2, or leave it out",
            path=path,
        )
    return replace(
        route,
        header={**route.header, test_traffic.name: test_traffic.values},
        priority=None if number is None else number - 1,
    )


def url_at(shared: SharedListener, route: Route) -> str:
    """Where a route answers: its host and the fixed part of its path, the first of each."""
    scheme, _, where = shared.base_url.partition("://")
    host = route.hosts[0] if route.hosts and not route.hosts[0].startswith("*") else where
    path = route.paths[0].removesuffix("*") if route.paths else "/"
    return f"{scheme}://{host}{path}"
