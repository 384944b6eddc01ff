"""What both kinds of routed service do around CDK's services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs._tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.ingress import check_protocol
from ecr_fargate_constructs.service.load_balancer import tune_group

if TYPE_CHECKING:
    from aws_cdk import aws_ecs as ecs
    from constructs import Construct

    from ecr_fargate_constructs.service.route import Route
    from ecr_fargate_constructs.service.shared_load_balancer import SharedListener
    from ecr_fargate_constructs.service.targets import Targets


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
    group = elbv2.ApplicationTargetGroup(
        scope,
        shared.group_id,
        vpc=shared.vpc,
        port=80,
        protocol=elbv2.ApplicationProtocol.HTTP,
        protocol_version=targets.settings.protocol_version,
        targets=[service],
    )
    tune_group(group, targets)
    check = targets.health_check
    apart = check.port is not None and check.port != port
    shared.count_ports(scope, 2 if apart else 1)
    if check.port is not None and check.port != port:
        # CDK opens the traffic port alone (aws-cdk#18093).
        service.connections.allow_from(shared.listener, ec2.Port.tcp(check.port), "Load balancer to health check")
    return group


def add_rule(
    scope: Construct,
    construct_id: str,
    shared: SharedListener,
    route: Route,
    *,
    priority: float,
    group: elbv2.ApplicationTargetGroup,
) -> elbv2.ApplicationListenerRule:
    """Lead the requests of a route to a target group."""
    action = elbv2.ListenerAction.forward([group])
    if shared.authentication is not None:
        from ecr_fargate_constructs.service.authentication import signed_in  # noqa: PLC0415 - only who has a sign-in

        action = signed_in(shared.authentication, action)
    return elbv2.ApplicationListenerRule(
        scope,
        construct_id,
        listener=shared.listener,
        priority=priority,
        conditions=conditions_of(route),
        action=action,
    )


def conditions_of(route: Route) -> list[elbv2.ListenerCondition]:
    """The conditions of a route's rule."""
    found = []
    if route.paths:
        found.append(elbv2.ListenerCondition.path_patterns(list(route.paths)))
    if route.hosts:
        found.append(elbv2.ListenerCondition.host_headers(list(route.hosts)))
    if route.methods:
        found.append(elbv2.ListenerCondition.http_request_methods(list(route.methods)))
    if route.sources:
        found.append(elbv2.ListenerCondition.source_ips(list(route.sources)))
    found.extend(
        elbv2.ListenerCondition.query_strings([elbv2.QueryStringCondition(key=key, value=value)])
        for key, value in route.query.items()
    )
    found.extend(elbv2.ListenerCondition.http_header(name, list(values)) for name, values in route.headers.items())
    return found


def url_at(shared: SharedListener, route: Route) -> str:
    """Where a route answers: its host and the fixed part of its path, the first of each."""
    scheme, _, where = shared.base_url.partition("://")
    host = route.hosts[0] if route.hosts and not route.hosts[0].startswith("*") else where
    path = route.paths[0].removesuffix("*") if route.paths else "/"
    return f"{scheme}://{host}{path}"
