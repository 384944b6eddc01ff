"""A load balancer that the app makes itself, and that an ingress adds a listener to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs._rules.jsii_types import is_imported
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.ingress.settings import ExistingLoadBalancer
from ecr_fargate_constructs.service.ingress.values import PublicHttp, PublicHttps, port_of, redirects

if TYPE_CHECKING:
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_ecs as ecs
    from constructs import Construct

    from ecr_fargate_constructs.service.ingress.values import Ingress


def existing_balancer(ingress: Ingress | None) -> elbv2.ApplicationLoadBalancer | None:
    """Return the existing load balancer that the ingress uses; None if it makes its own."""
    settings = None if ingress is None else ingress.load_balancer
    return settings.load_balancer if isinstance(settings, ExistingLoadBalancer) else None


def vpc_for(ingress: Ingress | None, *, cluster: ecs.ICluster | None, vpc: ec2.IVpc | None) -> ec2.IVpc | None:
    """Return the VPC of a service: the given one, or else that of its existing load balancer."""
    balancer = existing_balancer(ingress)
    return vpc if vpc is not None or cluster is not None or balancer is None else balancer.vpc


def check_existing(
    scope: Construct,
    ingress: Ingress | None,
    *,
    cluster: ecs.ICluster | None,
    vpc: ec2.IVpc | None,
    listener_id: str = "PublicListener",
) -> None:
    """Refuse an existing load balancer that cannot have the service's listener, or cannot reach the service."""
    network = cluster.vpc if cluster is not None else vpc
    _check_range(ingress, network)
    balancer = existing_balancer(ingress)
    if balancer is None or ingress is None:
        return
    name = f"ExistingLoadBalancer({balancer.node.path})"
    stack = cdk.Stack.of(scope).node.path
    if cdk.Stack.of(balancer).node.path != stack:
        raise ConfigurationError(
            f"{name} is in another stack, so the two stacks would depend on each other; share its listener with "
            "SharedLoadBalancer.from_listener(…) and a RoutedFargateService"
        )
    own = balancer.vpc
    if network is not None and own is not None and network.node.path != own.node.path:
        raise ConfigurationError(
            f"{name} is in the VPC {own.node.path}, but the service would be in {network.node.path}; use one VPC for "
            "both, or omit cluster and vpc"
        )
    if balancer.node.try_find_child(listener_id) is not None:  # the id used by CDK's pattern, or by this library
        raise ConfigurationError(
            f"{name} already has a listener with the id {listener_id!r}; share that "
            "listener with SharedLoadBalancer.from_listener(…) and a RoutedFargateService"
        )
    required = {port_of(ingress), *((80,) if redirects(ingress) else ())}
    taken = taken_ports(balancer)
    if required & taken:
        raise ConfigurationError(
            f"{name} already has a listener on port {min(required & taken):g}; give it a free port=, or share that "
            "listener with SharedLoadBalancer.from_listener(…) and a RoutedFargateService"
        )


def _check_range(ingress: Ingress | None, network: ec2.IVpc | None) -> None:
    """Refuse an internal load balancer in a VPC whose address range, its default peer, is unknown."""
    if network is None or ingress is None or ingress.allow_from is not None or not is_imported(network):
        return
    if isinstance(ingress, (PublicHttp, PublicHttps)):
        return
    try:
        _ = network.vpc_cidr_block
    except RuntimeError as error:
        raise ConfigurationError(
            f"{type(ingress).__name__} allows the addresses of the VPC by default, but those of {network.node.path} "
            "are unknown; use ec2.Vpc.from_vpc_attributes(…, vpc_cidr_block='10.0.0.0/16'), or set allow_from="
        ) from error


def taken_ports(balancer: elbv2.ApplicationLoadBalancer) -> set[float]:
    """Return the ports of a load balancer's listeners; CDK's own list still has removed ones."""
    ports = (
        _port(listener) for listener in balancer.listeners if balancer.node.try_find_child(listener.node.id) is not None
    )
    return {port for port in ports if port is not None and not is_token(port)}


def check_test_port(ingress: Ingress | None, port: float) -> None:
    """Refuse a port for test traffic if the load balancer already has a listener on it."""
    balancer = existing_balancer(ingress)
    if balancer is not None and port in taken_ports(balancer):
        raise ConfigurationError(
            f"TestTrafficPort.port={port:g} already has a listener on ExistingLoadBalancer({balancer.node.path}); use "
            "another port, for example 8443"
        )


def _port(listener: elbv2.ApplicationListener) -> float | None:
    resource = listener.node.default_child
    return resource.port if isinstance(resource, elbv2.CfnListener) else None
