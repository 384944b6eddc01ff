"""A load balancer that the app has made itself, and that a way in is put on."""

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
    """The load balancer that the way in is put on; None when one is made for it."""
    found = None if ingress is None else ingress.load_balancer
    return found.load_balancer if isinstance(found, ExistingLoadBalancer) else None


def vpc_for(ingress: Ingress | None, *, cluster: ecs.ICluster | None, vpc: ec2.IVpc | None) -> ec2.IVpc | None:
    """The VPC of a service: the one that is given, else that of its load balancer."""
    balancer = existing_balancer(ingress)
    return vpc if vpc is not None or cluster is not None or balancer is None else balancer.vpc


def check_existing(
    scope: Construct,
    ingress: Ingress | None,
    *,
    cluster: ecs.ICluster | None,
    vpc: ec2.IVpc | None,
    path: str,
    listener_id: str = "PublicListener",
) -> None:
    """Refuse a load balancer that the service could not have a listener on, or be reached from."""
    network = cluster.vpc if cluster is not None else vpc
    _check_range(ingress, network, path=path)
    balancer = existing_balancer(ingress)
    if balancer is None or ingress is None:
        return
    whose = f"ExistingLoadBalancer({balancer.node.path})"
    stack = cdk.Stack.of(scope).node.path
    if cdk.Stack.of(balancer).node.path != stack:
        raise ConfigurationError(
            f"{whose} is of another stack, and the two stacks would depend on each other; share "
            "its listener with SharedLoadBalancer.from_listener(…) and a RoutedFargateService",
            path=path,
        )
    own = balancer.vpc
    if network is not None and own is not None and network.node.path != own.node.path:
        raise ConfigurationError(
            f"{whose} is in the VPC {own.node.path}, and the service would be in "
            f"{network.node.path}; use one VPC for both, or leave cluster and vpc out",
            path=path,
        )
    if balancer.node.try_find_child(listener_id) is not None:  # the id that CDK's pattern has for it, or ours
        raise ConfigurationError(
            f"{whose} has a listener with the id {listener_id!r} already; share that "
            "listener with SharedLoadBalancer.from_listener(…) and a RoutedFargateService",
            path=path,
        )
    wanted = {port_of(ingress), *((80,) if redirects(ingress) else ())}
    taken = taken_ports(balancer)
    if wanted & taken:
        raise ConfigurationError(
            f"{whose} has a listener on port {min(wanted & taken):g}; give it a "
            "port= that is free, or share that listener with SharedLoadBalancer.from_listener(…) and a "
            "RoutedFargateService",
            path=path,
        )


def _check_range(ingress: Ingress | None, network: ec2.IVpc | None, *, path: str) -> None:
    """Refuse an internal load balancer for a VPC whose addresses, which it would let in, nobody knows."""
    if network is None or ingress is None or ingress.allow_from is not None or not is_imported(network):
        return
    if isinstance(ingress, (PublicHttp, PublicHttps)):
        return
    try:
        _ = network.vpc_cidr_block
    except RuntimeError as error:
        raise ConfigurationError(
            f"{type(ingress).__name__} lets in the addresses of the VPC, and those of {network.node.path} are not "
            "known; give ec2.Vpc.from_vpc_attributes(…, vpc_cidr_block='10.0.0.0/16'), or name who may connect with "
            "allow_from=",
            path=path,
        ) from error


def taken_ports(balancer: elbv2.ApplicationLoadBalancer) -> set[float]:
    """The ports of the listeners that a load balancer has; CDK remembers those too that were taken away again."""
    ports = (
        _port(listener) for listener in balancer.listeners if balancer.node.try_find_child(listener.node.id) is not None
    )
    return {port for port in ports if port is not None and not is_token(port)}


def check_test_port(ingress: Ingress | None, port: float, *, path: str) -> None:
    """Refuse a port for test traffic that the load balancer has a listener on already."""
    balancer = existing_balancer(ingress)
    if balancer is not None and port in taken_ports(balancer):
        raise ConfigurationError(
            f"TestTrafficPort.port={port:g} has a listener on ExistingLoadBalancer({balancer.node.path}) already; use "
            "another, for example 8443",
            path=path,
        )


def _port(listener: elbv2.ApplicationListener) -> float | None:
    resource = listener.node.default_child
    return resource.port if isinstance(resource, elbv2.CfnListener) else None
