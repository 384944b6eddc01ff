"""What CDK's pattern has made, read from it once: each property of a pattern is a message to the Node process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from aws_cdk import aws_ecs as ecs

if TYPE_CHECKING:
    from aws_cdk import aws_certificatemanager as acm
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_ecs_patterns as ecs_patterns
    from aws_cdk import aws_elasticloadbalancingv2 as elbv2
    from constructs import Construct

Service = TypeVar("Service", ecs.FargateService, ecs.Ec2Service)


@dataclass(frozen=True, kw_only=True)
class Parts(Generic[Service]):
    """The parts of a pattern.

    Attributes:
        scope: Our construct around the pattern.
        vpc: The network of its cluster.
        service: The ECS service.
        load_balancer: The load balancer.
        listener: The listener that serves the traffic.
        redirect_listener: The one that redirects HTTP to HTTPS; None without HTTPS.
        target_group: The target group.
        certificate: The certificate; None without HTTPS.
    """

    scope: Construct
    vpc: ec2.IVpc
    service: Service
    load_balancer: elbv2.ApplicationLoadBalancer
    listener: elbv2.ApplicationListener
    redirect_listener: elbv2.ApplicationListener | None
    target_group: elbv2.ApplicationTargetGroup
    certificate: acm.ICertificate | None


def fargate_parts(
    scope: Construct,
    pattern: ecs_patterns.ApplicationLoadBalancedFargateService,
    *,
    vpc: ec2.IVpc,
    load_balancer: elbv2.ApplicationLoadBalancer,
    https: bool,
) -> Parts[ecs.FargateService]:
    """Read a pattern on Fargate."""
    return Parts(
        scope=scope,
        vpc=vpc,
        service=pattern.service,
        load_balancer=load_balancer,
        listener=pattern.listener,
        redirect_listener=pattern.redirect_listener if https else None,
        target_group=pattern.target_group,
        certificate=pattern.certificate if https else None,
    )


def ec2_parts(
    scope: Construct,
    pattern: ecs_patterns.ApplicationLoadBalancedEc2Service,
    *,
    vpc: ec2.IVpc,
    load_balancer: elbv2.ApplicationLoadBalancer,
    https: bool,
) -> Parts[ecs.Ec2Service]:
    """Read a pattern on machines."""
    return Parts(
        scope=scope,
        vpc=vpc,
        service=pattern.service,
        load_balancer=load_balancer,
        listener=pattern.listener,
        redirect_listener=pattern.redirect_listener if https else None,
        target_group=pattern.target_group,
        certificate=pattern.certificate if https else None,
    )
