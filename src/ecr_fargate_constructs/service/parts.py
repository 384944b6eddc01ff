"""The parts of CDK's patterns, read once: each property of a pattern is a message to the Node process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs._cdk.site import resource_of
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from aws_cdk import aws_certificatemanager as acm
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_ecs_patterns as ecs_patterns
    from aws_cdk import aws_elasticloadbalancingv2 as elbv2
    from constructs import Construct

Service = TypeVar("Service", bound=ecs.FargateService | ecs.Ec2Service)
Service_co = TypeVar("Service_co", bound=ecs.FargateService | ecs.Ec2Service, covariant=True)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Parts(Generic[Service_co]):
    """The parts of a pattern.

    Attributes:
        scope: The library's construct around the pattern.
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
    service: Service_co
    load_balancer: elbv2.ApplicationLoadBalancer
    listener: elbv2.ApplicationListener
    redirect_listener: elbv2.ApplicationListener | None
    target_group: elbv2.ApplicationTargetGroup
    certificate: acm.ICertificate | None


def parts_of(
    scope: Construct,
    pattern: ecs_patterns.ApplicationLoadBalancedFargateService | ecs_patterns.ApplicationLoadBalancedEc2Service,
    service: Service,
    *,
    vpc: ec2.IVpc,
    load_balancer: elbv2.ApplicationLoadBalancer,
    https: bool,
) -> Parts[Service]:
    """Read a pattern around a service."""
    return Parts(
        scope=scope,
        vpc=vpc,
        service=service,
        load_balancer=load_balancer,
        listener=pattern.listener,
        redirect_listener=pattern.redirect_listener if https else None,
        target_group=pattern.target_group,
        certificate=pattern.certificate if https else None,
    )


def cfn_service(service: ecs.BaseService) -> ecs.CfnService:
    """Return the ``AWS::ECS::Service``, for properties that the L2 lacks."""
    resource = resource_of(service)
    if not isinstance(resource, ecs.CfnService):  # the service of a later CDK would have to change for this
        raise ConfigurationError("the service has no AWS::ECS::Service; this version of aws-cdk-lib is not supported")
    return resource
