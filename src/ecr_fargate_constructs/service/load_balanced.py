"""The load-balanced service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
import jsii
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as ecs_patterns
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from ecr_fargate_constructs._checks import path_of, whole_number
from ecr_fargate_constructs._feature_flags import pin_feature_flags
from ecr_fargate_constructs._tokens import is_token
from ecr_fargate_constructs._warnings import warn
from ecr_fargate_constructs.service.deployment import Rolling, tune_deployment
from ecr_fargate_constructs.service.ingress import Ingress, InternalHttps, PublicHttp, PublicHttps
from ecr_fargate_constructs.service.load_balancer import is_public, load_balancer, open_to_peers, tune_targets
from ecr_fargate_constructs.service.placement import check_placement, cluster_for, task_subnets
from ecr_fargate_constructs.service.task import build_task, check_task, fargate_task_definition
from ecr_fargate_constructs.service.task_size import TaskSize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs.service.containers import AppContainer
    from ecr_fargate_constructs.service.ingress import TargetHealthCheck
    from ecr_fargate_constructs.service.sidecar import Sidecar

_LEAST_GRACE = 60  # seconds


@jsii.implements(iam.IGrantable, ec2.IConnectable)
class LoadBalancedFargateService(Construct):
    """A Fargate service behind an Application Load Balancer.

    Inside is CDK's ``ApplicationLoadBalancedFargateService``, at ``.pattern``, under the logical ids that it would have
    without this library. What is different from the pattern, and why:

    - two tasks, in two zones; none is stopped before its successor serves;
    - a deployment that does not come up is rolled back after a few failed tasks;
    - health checks every 10 seconds and 30 seconds of draining, so that a rollout takes a minute and not ten;
    - tasks get SIGTERM and 30 seconds, through an init process; their root file system is read-only;
    - the load balancer drops malformed headers; tasks can be reached by the load balancer only;
    - logs are kept for 30 days, also when the stack is deleted, and never block the application;
    - tags travel to the tasks; the platform is explicit.

    It is grantable (``table.grant_read_data(service)`` gives to the task role) and connectable
    (``database.connections.allow_default_port_from(service)``).

    Services of one stack that bring neither ``cluster`` nor ``vpc`` share one of each: two zones, two NAT gateways
    (about 65 US dollars a month) and the free S3 endpoint through which image layers travel.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        container: AppContainer,
        sidecars: Sequence[Sidecar] = (),
        size: TaskSize | None = None,
        desired_count: float = 2,
        ingress: Ingress | None = None,
        deployment: Rolling | None = None,
        cluster: ecs.ICluster | None = None,
        vpc: ec2.IVpc | None = None,
        subnets: ec2.SubnetSelection | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_MONTH,
    ) -> None:
        """Create the service.

        Args:
            scope: Parent construct.
            construct_id: Id within the parent.
            container: What runs.
            sidecars: Containers that run beside it in every task.
            size: CPU and memory of a task; left out, ``TaskSize()``: 256 CPU units and 512 MiB.
            desired_count: Number of tasks, 1 or more.
            ingress: How traffic comes in; left out, ``PublicHttp()``, with a warning that nothing is encrypted.
            deployment: How a new version replaces the old one; left out, ``Rolling()``.
            cluster: Cluster to run in.
            vpc: VPC to make a cluster in; leave it out with ``cluster``.
            subnets: Where tasks run; left out, private subnets with a way out. Tasks in public subnets get public
                addresses, since without one they could not pull their image.
            log_retention: How long logs are kept. When every container brings its own ``logging`` there is no
                log group.

        Raises:
            ConfigurationError: For a contradiction between the options, or a network without a way to the image.
        """
        path = path_of(scope, construct_id)
        whole_number("desired_count", desired_count, minimum=1, what="a number of tasks", path=path)
        check_placement(cluster=cluster, vpc=vpc, subnets=subnets, path=path)
        size = size or TaskSize()
        check_task(container, sidecars, size=size, path=path)
        super().__init__(scope, construct_id)
        pin_feature_flags(self)
        way = PublicHttp() if ingress is None else ingress
        if ingress is None:
            warn(
                self,
                "plainHttp",
                "traffic between clients and the load balancer is not encrypted; use "
                "ingress=PublicHttps(domain_name=…, hosted_zone=…), or say ingress=PublicHttp() if that is meant",
            )
        self._cluster = cluster if cluster is not None else cluster_for(self, vpc)
        placement, public_address = task_subnets(self, self.vpc, subnets)
        self._task = build_task(
            self,
            fargate_task_definition(self, size, container.runs_on),
            container=container,
            sidecars=sidecars,
            stop_timeout=_stop_timeout(container, way),
            log_retention=log_retention,
        )
        rolling = deployment or Rolling()
        https = way if isinstance(way, (PublicHttps, InternalHttps)) else None
        self._pattern = ecs_patterns.ApplicationLoadBalancedFargateService(
            self,
            "Default",  # left out of logical ids: they are the ones of the bare pattern
            cluster=self._cluster,
            task_definition=self._task.definition,
            load_balancer=load_balancer(self, way, self.vpc),
            public_load_balancer=is_public(way),
            open_listener=False,
            protocol=elbv2.ApplicationProtocol.HTTP if https is None else elbv2.ApplicationProtocol.HTTPS,
            redirect_http=https is not None,
            certificate=None if https is None else https.certificate,
            domain_name=None if https is None else https.domain_name,
            domain_zone=None if https is None else https.hosted_zone,
            ssl_policy=None if https is None else elbv2.SslPolicy.TLS13_12_RES_PQ,
            desired_count=desired_count,
            min_healthy_percent=rolling.minimum_healthy_percent,
            max_healthy_percent=rolling.maximum_percent,
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
            health_check_grace_period=_grace_period(container, way.health_check),
            task_subnets=placement,
            assign_public_ip=public_address,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
            enable_ecs_managed_tags=True,
            enable_execute_command=False,
            platform_version=ecs.FargatePlatformVersion.LATEST,
        )
        open_to_peers(self._pattern, way, self.vpc)
        tune_targets(self._pattern, way, container.port)
        tune_deployment(self._pattern, rolling, desired_count)
        self._task.attach_to(self._pattern.service)
        self._url = _url(self._pattern, https)

    @property
    def pattern(self) -> ecs_patterns.ApplicationLoadBalancedFargateService:
        """CDK's pattern."""
        return self._pattern

    @property
    def service(self) -> ecs.FargateService:
        """The ECS service."""
        return self._pattern.service

    @property
    def task_definition(self) -> ecs.FargateTaskDefinition:
        """The task definition."""
        return self._task.definition

    @property
    def container(self) -> ecs.ContainerDefinition:
        """The container that serves the traffic."""
        return self._task.container

    @property
    def load_balancer(self) -> elbv2.ApplicationLoadBalancer:
        """The load balancer."""
        return self._pattern.load_balancer

    @property
    def listener(self) -> elbv2.ApplicationListener:
        """The listener that serves the traffic: port 443 with HTTPS, else 80."""
        return self._pattern.listener

    @property
    def target_group(self) -> elbv2.ApplicationTargetGroup:
        """The target group."""
        return self._pattern.target_group

    @property
    def cluster(self) -> ecs.ICluster:
        """The cluster."""
        return self._cluster

    @property
    def vpc(self) -> ec2.IVpc:
        """The VPC."""
        return self._cluster.vpc

    @property
    def log_group(self) -> logs.ILogGroup | None:
        """The log group; None when every container brings its own log driver."""
        return self._task.log_group

    @property
    def url(self) -> str:
        """Where the service answers."""
        return self._url

    @property
    def grant_principal(self) -> iam.IPrincipal:
        """The task role."""
        return self._task.definition.task_role

    @property
    def connections(self) -> ec2.Connections:
        """Network connections of the tasks."""
        return self._pattern.service.connections


def _stop_timeout(container: AppContainer, ingress: Ingress) -> cdk.Duration:
    """As long as the load balancer may still send requests, within what ECS allows."""
    if container.stop_timeout is not None:
        return container.stop_timeout
    delay = ingress.deregistration_delay
    return cdk.Duration.seconds(30 if delay.is_unresolved() else min(120, max(30, delay.to_seconds())))


def _grace_period(container: AppContainer, check: TargetHealthCheck) -> cdk.Duration:
    """Long enough for a task to start and pass its first checks, or ECS would kill it over and over."""
    start = container.health_check.start_period if container.health_check is not None else None
    if (start is not None and start.is_unresolved()) or check.interval.is_unresolved():
        return cdk.Duration.seconds(_LEAST_GRACE)
    first = check.interval.to_seconds() * (2 if is_token(check.healthy_threshold) else check.healthy_threshold)
    return cdk.Duration.seconds(max(_LEAST_GRACE, first + (start.to_seconds() if start is not None else 0)))


def _url(pattern: ecs_patterns.ApplicationLoadBalancedFargateService, https: PublicHttps | InternalHttps | None) -> str:
    if https is None:
        return f"http://{pattern.load_balancer.load_balancer_dns_name}"
    return f"https://{https.domain_name or pattern.load_balancer.load_balancer_dns_name}"
