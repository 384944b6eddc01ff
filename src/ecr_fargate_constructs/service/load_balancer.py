"""The load balancer: made for a way in, opened for exactly those who may come."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs._acknowledge import acknowledge
from ecr_fargate_constructs._tokens import is_token
from ecr_fargate_constructs.service.ingress import Ingress, PublicHttp, PublicHttps

if TYPE_CHECKING:
    from aws_cdk import aws_ecs_patterns as ecs_patterns
    from constructs import Construct

    Pattern: TypeAlias = (
        ecs_patterns.ApplicationLoadBalancedFargateService | ecs_patterns.ApplicationLoadBalancedEc2Service
    )


def is_public(ingress: Ingress) -> bool:
    """Whether the load balancer faces the internet."""
    return isinstance(ingress, (PublicHttp, PublicHttps))


def load_balancer(scope: Construct, ingress: Ingress, vpc: ec2.IVpc) -> elbv2.ApplicationLoadBalancer:
    """Make the load balancer for a way in.

    Its id, and with it the ids of its listeners and target group, changes with the scheme. A load balancer cannot
    change its scheme, and a target group cannot serve the old and the new one at once: with the same id the switch
    would fail half way (aws-cdk#33253).
    """
    public = is_public(ingress)
    balancer = elbv2.ApplicationLoadBalancer(
        scope,
        "LB" if public else "InternalLB",
        vpc=vpc,
        internet_facing=public,
        vpc_subnets=None if public else ec2.SubnetSelection(subnet_type=_internal_subnets(vpc)),
        idle_timeout=ingress.idle_timeout,
        ip_address_type=elbv2.IpAddressType.IPV4,
        desync_mitigation_mode=elbv2.DesyncMitigationMode.DEFENSIVE,
        drop_invalid_header_fields=True,
        http2_enabled=True,
    )
    acknowledge(
        balancer.node.default_child or balancer,
        {
            "AwsSolutions::AwsSolutions-ELB2": "Access logs are stored at a charge, in a bucket that their readers "
            "choose; requests are counted in CloudWatch. log_access_logs() of the load balancer turns them on."
        },
    )
    return balancer


def open_to_peers(pattern: Pattern, ingress: Ingress, vpc: ec2.IVpc) -> None:
    """Let in whom the way in names, on the ports that it has."""
    if ingress.allow_from is not None:
        peers = list(ingress.allow_from)
    else:
        peers = [ec2.Peer.any_ipv4() if is_public(ingress) else ec2.Peer.ipv4(vpc.vpc_cidr_block)]
    for listener in (pattern.listener, pattern.redirect_listener):
        if listener is not None:
            for peer in peers:
                listener.connections.allow_default_port_from(peer)
    if ingress.allow_from is None and (is_public(ingress) or is_token(vpc.vpc_cidr_block)):
        reason = (
            "A public load balancer is there for the internet; allow_from narrows who may connect, and tasks are "
            "reached by the load balancer only."
            if is_public(ingress)
            else "The rule cannot read the address range, which is the VPC's own: nobody outside of it may connect."
        )
        for group in pattern.load_balancer.connections.security_groups:
            acknowledge(group, {"AwsSolutions::AwsSolutions-EC23": reason})


def tune_targets(pattern: Pattern, ingress: Ingress, port: float) -> None:
    """Set the health check and the deregistration delay, and let the load balancer reach both ports."""
    check = ingress.health_check
    pattern.target_group.configure_health_check(
        enabled=True,
        protocol=elbv2.Protocol.HTTP,
        path=check.path,
        port="traffic-port" if check.port is None else cdk.Tokenization.stringify_number(check.port),
        healthy_http_codes=check.codes,
        interval=check.interval,
        timeout=check.timeout,
        healthy_threshold_count=check.healthy_threshold,
        unhealthy_threshold_count=check.unhealthy_threshold,
    )
    pattern.target_group.set_attribute(
        "deregistration_delay.timeout_seconds",
        cdk.Tokenization.stringify_number(ingress.deregistration_delay.to_seconds()),
    )
    if check.port is not None and check.port != port:
        # CDK opens the traffic port alone (aws-cdk#18093).
        pattern.service.connections.allow_from(
            pattern.load_balancer, ec2.Port.tcp(check.port), "Load balancer to health check"
        )


def _internal_subnets(vpc: ec2.IVpc) -> ec2.SubnetType:
    return ec2.SubnetType.PRIVATE_WITH_EGRESS if vpc.private_subnets else ec2.SubnetType.PRIVATE_ISOLATED
