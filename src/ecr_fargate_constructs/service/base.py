"""The public surface that all services share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypedDict, TypeVar

import jsii
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs_patterns as ecs_patterns
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_iam as iam

from ecr_fargate_constructs._cdk.construct import LibraryConstruct
from ecr_fargate_constructs._regulated.findings import expect_grants
from ecr_fargate_constructs.service.deployment.apply import deploy_pattern
from ecr_fargate_constructs.service.foundation import finish
from ecr_fargate_constructs.service.ingress.listener import add_ipv6_record, tune_listener
from ecr_fargate_constructs.service.ingress.load_balancer import is_public, open_to_peers, tune_targets, url_of
from ecr_fargate_constructs.service.ingress.values import https_of, port_of, redirects
from ecr_fargate_constructs.service.parts import Service, parts_of
from ecr_fargate_constructs.service.task.definition import TaskDefinition

if TYPE_CHECKING:
    from collections.abc import Sequence

    import aws_cdk as cdk
    from aws_cdk import aws_certificatemanager as acm
    from aws_cdk import aws_ecs as ecs
    from aws_cdk import aws_logs as logs
    from aws_cdk import aws_route53 as route53
    from constructs import Construct

    from ecr_fargate_constructs.service.discovery import CloudMap, ServiceConnect
    from ecr_fargate_constructs.service.foundation import Foundation
    from ecr_fargate_constructs.service.ingress.values import Ingress
    from ecr_fargate_constructs.service.plan import LoadBalancedPlan

Pattern = TypeVar(
    "Pattern",
    bound=ecs_patterns.ApplicationLoadBalancedFargateService | ecs_patterns.ApplicationLoadBalancedEc2Service,
)


@dataclass(kw_only=True, repr=False, eq=False)
class Assembly(Generic[Service, TaskDefinition]):
    """The parts of a service that its properties return."""

    foundation: Foundation[TaskDefinition]
    service: Service
    release: cdk.CustomResource | None
    connect: ServiceConnect | None = None

    @cached_property
    def connections(self) -> ec2.Connections:
        """The tasks' connections, always the same object: CDK marks it while it writes the other side's rule."""
        port = next((ec2.Port.tcp(port) for port in self.foundation.task_plan.container.ports), None)
        return ec2.Connections(security_groups=self.service.connections.security_groups, default_port=port)


@dataclass(kw_only=True, repr=False, eq=False)
class TargetedAssembly(Assembly[Service, TaskDefinition]):
    """The parts of a service whose tasks are targets of a load balancer."""

    target_groups: Sequence[elbv2.ApplicationTargetGroup]


@dataclass(kw_only=True, repr=False, eq=False)
class BalancedAssembly(TargetedAssembly[Service, TaskDefinition], Generic[Pattern, Service, TaskDefinition]):
    """The parts of a service with a load balancer of its own."""

    pattern: Pattern
    load_balancer: elbv2.ApplicationLoadBalancer
    listener: elbv2.ApplicationListener
    ingress: Ingress


@jsii.implements(iam.IGrantable, ec2.IConnectable)
class ServiceBase(LibraryConstruct, Generic[Service, TaskDefinition]):
    """The properties and methods of every service."""

    _assembly: Assembly[Service, TaskDefinition]

    def enable_service_connect(self, connect: ServiceConnect) -> None:
        """Make the service a member of a Service Connect namespace; once."""
        from ecr_fargate_constructs.service import discovery  # noqa: PLC0415 - imported on the first call

        made = self._assembly
        made.connect = discovery.enable_service_connect(
            made.service, connect, log_group=self.log_group, before=made.connect
        )

    def enable_cloud_map(self, name: CloudMap) -> None:
        """Give the service a DNS name inside the VPC; once."""
        from ecr_fargate_constructs.service import discovery  # noqa: PLC0415 - as above

        discovery.enable_cloud_map(self._assembly.service, name)

    @property
    def service(self) -> Service:
        """The ECS service: ``ecs.FargateService``, or ``ecs.Ec2Service`` on EC2."""
        return self._assembly.service

    @property
    def task_definition(self) -> TaskDefinition:
        """The task definition: ``ecs.FargateTaskDefinition``, or ``ecs.Ec2TaskDefinition`` on EC2."""
        return self._assembly.foundation.task.definition

    @property
    def container(self) -> ecs.ContainerDefinition:
        """The application's container."""
        return self._assembly.foundation.task.container

    @property
    def cluster(self) -> ecs.ICluster:
        """The cluster."""
        return self._assembly.foundation.cluster

    @property
    def vpc(self) -> ec2.IVpc:
        """The VPC."""
        return self._assembly.foundation.vpc

    @property
    def log_group(self) -> logs.ILogGroup | None:
        """The log group; None when every container sets its own log driver."""
        return self._assembly.foundation.task.log_group

    @property
    def release_command(self) -> cdk.CustomResource | None:
        """The run of the release command, to make it wait for what it needs; None without one."""
        return self._assembly.release

    @property
    def grant_principal(self) -> iam.IPrincipal:
        """The task role."""
        role = self._assembly.foundation.task.definition.task_role
        expect_grants(role)
        return role

    @property
    def connections(self) -> ec2.Connections:
        """Network connections of the tasks; the default port is the application's."""
        return self._assembly.connections


class TargetedService(ServiceBase[Service, TaskDefinition]):
    """The properties of a service whose tasks are targets of a load balancer."""

    _assembly: TargetedAssembly[Service, TaskDefinition]

    @property
    def target_group(self) -> elbv2.ApplicationTargetGroup:
        """The target group."""
        return self._assembly.target_groups[0]

    @property
    def target_groups(self) -> Sequence[elbv2.ApplicationTargetGroup]:
        """All target groups: two if deployments shift traffic from one to the other."""
        return self._assembly.target_groups


class LoadBalancedService(TargetedService[Service, TaskDefinition], Generic[Pattern, Service, TaskDefinition]):
    """The properties and methods of a service with a load balancer of its own."""

    _assembly: BalancedAssembly[Pattern, Service, TaskDefinition]

    @property
    def pattern(self) -> Pattern:
        """CDK's pattern: ``ApplicationLoadBalancedFargateService``, or its twin on EC2."""
        return self._assembly.pattern

    @property
    def load_balancer(self) -> elbv2.ApplicationLoadBalancer:
        """The load balancer."""
        return self._assembly.load_balancer

    @property
    def listener(self) -> elbv2.ApplicationListener:
        """The listener that serves the traffic: port 443 with HTTPS, otherwise 80."""
        return self._assembly.listener

    @property
    def url(self) -> str:
        """The URL of the service."""
        return url_of(self._assembly.load_balancer, self._assembly.ingress)


class PatternOptions(TypedDict):
    """The options of CDK's patterns for the load balancer."""

    load_balancer: elbv2.ApplicationLoadBalancer
    public_load_balancer: bool
    open_listener: bool
    protocol: elbv2.ApplicationProtocol
    listener_port: float
    redirect_http: bool
    certificate: acm.ICertificate | None
    domain_name: str | None
    domain_zone: route53.IHostedZone | None
    ssl_policy: elbv2.SslPolicy | None
    protocol_version: elbv2.ApplicationProtocolVersion | None


def pattern_options(ingress: Ingress, balancer: elbv2.ApplicationLoadBalancer) -> PatternOptions:
    """Return options for a pattern behind a load balancer."""
    https = https_of(ingress)
    return PatternOptions(
        load_balancer=balancer,
        public_load_balancer=is_public(ingress),
        open_listener=False,
        protocol=elbv2.ApplicationProtocol.HTTP if https is None else elbv2.ApplicationProtocol.HTTPS,
        listener_port=port_of(ingress),
        redirect_http=redirects(ingress),
        certificate=None if https is None else https.certificate,
        domain_name=None if https is None else https.domain_name,
        domain_zone=None if https is None else https.hosted_zone,
        ssl_policy=None if https is None else https.listener.tls_policy,
        protocol_version=ingress.target_group.protocol_version,
    )


def assemble(
    scope: Construct,
    pattern: Pattern,
    service: Service,
    balancer: elbv2.ApplicationLoadBalancer,
    *,
    plan: LoadBalancedPlan,
    foundation: Foundation[TaskDefinition],
) -> BalancedAssembly[Pattern, Service, TaskDefinition]:
    """Set everything that the pattern has no option for, on the load balancer and on the service."""
    ingress, https = plan.ingress, https_of(plan.ingress) is not None
    parts = parts_of(scope, pattern, service, vpc=foundation.vpc, load_balancer=balancer, https=https)
    open_to_peers(parts, ingress)
    tune_targets(parts, plan.targets, foundation.task_plan.port)
    tune_listener(parts.listener, ingress, then=parts.target_group)
    add_ipv6_record(pattern, balancer, ingress)
    grace = plan.grace_of(foundation.task_plan.container)
    groups = deploy_pattern(parts, plan.deployment, ingress=ingress, count=plan.count, grace=grace)
    release = finish(scope, service, parts.target_group, foundation)
    if plan.scaling is not None and plan.scaling.wake is not None:
        from ecr_fargate_constructs.service.wake.pattern import let_sleep  # noqa: PLC0415 - only for a service that sleeps

        let_sleep(parts, plan.scaling.wake, ingress=ingress, paused=plan.scaling.paused)
    return BalancedAssembly(
        foundation=foundation,
        service=service,
        release=release,
        target_groups=groups,
        pattern=pattern,
        load_balancer=balancer,
        listener=parts.listener,
        ingress=ingress,
    )
