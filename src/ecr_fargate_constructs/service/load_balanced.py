"""The load-balanced service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jsii
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as ecs_patterns
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from ecr_fargate_constructs._cdk.feature_flags import pin_feature_flags
from ecr_fargate_constructs._cdk.scopes import all_or_nothing, whole_call
from ecr_fargate_constructs._cdk.tags import tag_service
from ecr_fargate_constructs._cdk.tree import adopt, path_of
from ecr_fargate_constructs._regulated import parts
from ecr_fargate_constructs._rules.task_size import TaskSize
from ecr_fargate_constructs.network.reachability import check_way_to_image
from ecr_fargate_constructs.posture import posture_of
from ecr_fargate_constructs.service.deployment.apply import check_deployment, check_rolling, percents_of
from ecr_fargate_constructs.service.deployment.rolling import Rolling
from ecr_fargate_constructs.service.ingress.addresses import check_ipv6, check_way_in
from ecr_fargate_constructs.service.ingress.existing import check_existing, vpc_for
from ecr_fargate_constructs.service.ingress.load_balancer import is_public, load_balancer
from ecr_fargate_constructs.service.ingress.values import port_of, redirects
from ecr_fargate_constructs.service.parts import fargate_parts
from ecr_fargate_constructs.service.pattern import (
    audit_sessions,
    finish,
    grace_period,
    https_of,
    principal_of,
    reached_at,
    refuse_ec2_container,
    stop_timeout,
    strategies_of,
    url_of,
    wanted_count,
    way_in,
)
from ecr_fargate_constructs.service.placement import (
    check_placement,
    cluster_for,
    has_way_out,
    order,
    task_subnets,
    vpc_of,
)
from ecr_fargate_constructs.service.task.definition import (
    build_task,
    check_on_fargate,
    check_task,
    fargate_task_definition,
)
from ecr_fargate_constructs.service.task.exec_sessions import open_to_sessions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs.service.capacity.scaling import Scaling
    from ecr_fargate_constructs.service.container.application import AppContainer
    from ecr_fargate_constructs.service.container.sidecar import Sidecar
    from ecr_fargate_constructs.service.deployment.traffic_shift import Deployment
    from ecr_fargate_constructs.service.discovery import CloudMap, ServiceConnect
    from ecr_fargate_constructs.service.ingress.values import Ingress


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

    @all_or_nothing
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        container: AppContainer,
        sidecars: Sequence[Sidecar] = (),
        size: TaskSize | None = None,
        desired_count: float | None = None,
        ingress: Ingress | None = None,
        scaling: Scaling | None = None,
        deployment: Deployment | None = None,
        cluster: ecs.ICluster | None = None,
        vpc: ec2.IVpc | None = None,
        subnets: ec2.SubnetSelection | None = None,
        enable_execute_command: bool = False,
        log_retention: logs.RetentionDays | None = None,
    ) -> None:
        """Create the service.

        Args:
            scope: Parent construct.
            construct_id: Id within the parent.
            container: What runs.
            sidecars: Containers that run beside it in every task.
            size: CPU and memory of a task; left out, ``TaskSize()``: 256 CPU units and 512 MiB.
            desired_count: Number of tasks, 1 or more; left out, 2. Leave it out with ``scaling``.
            ingress: How traffic comes in; left out, ``PublicHttp()``, with a warning that nothing is encrypted.
            scaling: Lets an autoscaler decide how many tasks run, and says on what; left out, ``desired_count`` tasks
                run on ``OnDemand()`` capacity.
            deployment: How a new version replaces the old one; left out, ``Rolling()``.
            cluster: Cluster to run in.
            vpc: VPC to make a cluster in; leave it out with ``cluster``.
            subnets: Where tasks run; left out, private subnets with a way out. Tasks in public subnets get public
                addresses, since without one they could not pull their image.
            enable_execute_command: Whether shells can be opened in running tasks (``aws ecs execute-command``). The
                paths that the agent writes are mounted, and the task role may talk to Session Manager. In the stack's
                own cluster sessions are logged to a log group that stays, for a year; the image needs ``script`` and
                ``cat`` for that. A cluster of yours is left as it is, with a warning that says where sessions are
                logged.
            log_retention: How long logs are kept; left out, 30 days, or a year under ``Posture.REGULATED``. When every
                container brings its own ``logging`` there is no log group.

        Raises:
            ConfigurationError: For a contradiction between the options, or a network without a way to the image.
        """
        path = path_of(scope, construct_id)
        posture_of(scope, path=path)
        count = wanted_count(desired_count, scaling, path=path)
        check_rolling(deployment, count, scaling, path=path)
        refuse_ec2_container(container, path=path)
        vpc = vpc_for(ingress, cluster=cluster, vpc=vpc)
        check_placement(cluster=cluster, vpc=vpc, subnets=subnets, path=path)
        check_existing(scope, ingress, cluster=cluster, vpc=vpc, path=path)
        size = size or TaskSize()
        check_on_fargate(container, sidecars, path=path)
        check_task(container, sidecars, size=size, path=path)
        check_deployment(deployment, ingress, scaling, path=path)
        check_way_in(scope, ingress, path=path)
        check_ipv6(ingress, cluster=cluster, vpc=vpc, path=path)
        super().__init__(scope, construct_id)
        adopt(self, scope, path)
        pin_feature_flags(self, scope)
        parts.tag(self)
        tag_service(self, path)
        way = way_in(self, ingress)
        https = https_of(way)
        strategy = deployment or Rolling()
        least, most = percents_of(strategy)
        grace = grace_period(container, way.health_check)
        self._cluster = cluster if cluster is not None else cluster_for(self, vpc)
        self._vpc = vpc_of(self._cluster)
        placement, public_address = task_subnets(self, self._vpc, subnets)
        self._task = build_task(
            self,
            fargate_task_definition(self, size, container.runs_on),
            container=open_to_sessions(container) if enable_execute_command else container,
            sidecars=[open_to_sessions(sidecar) if enable_execute_command else sidecar for sidecar in sidecars],
            size=size,
            stop_timeout=stop_timeout(way),
            log_retention=log_retention,
        )
        strategies = strategies_of(self, self._cluster, scaling)
        balancer = load_balancer(self, way, self._vpc)
        self._pattern = ecs_patterns.ApplicationLoadBalancedFargateService(
            self,
            "Default",  # left out of logical ids: they are the ones of the bare pattern
            cluster=self._cluster,
            task_definition=self._task.definition,
            load_balancer=balancer,
            public_load_balancer=is_public(way),
            open_listener=False,
            protocol=elbv2.ApplicationProtocol.HTTP if https is None else elbv2.ApplicationProtocol.HTTPS,
            listener_port=port_of(way),
            redirect_http=redirects(way),
            certificate=None if https is None else https.certificate,
            domain_name=None if https is None else https.domain_name,
            domain_zone=None if https is None else https.hosted_zone,
            ssl_policy=None if https is None else https.listener.tls_policy,
            protocol_version=way.target_group.protocol_version,
            desired_count=count,
            capacity_provider_strategies=strategies,
            min_healthy_percent=least,
            max_healthy_percent=most,
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
            health_check_grace_period=grace,
            task_subnets=placement,
            assign_public_ip=public_address,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
            enable_ecs_managed_tags=True,
            enable_execute_command=enable_execute_command,
            platform_version=ecs.FargatePlatformVersion.LATEST,
        )
        self._parts = fargate_parts(self, self._pattern, vpc=self._vpc, load_balancer=balancer, https=https is not None)
        if strategies:
            from ecr_fargate_constructs.service.capacity.autoscaling import (  # noqa: PLC0415 - only who scales
                use_strategies,
            )

            use_strategies(self._parts.service, self._cluster, strategies)
        self._target_groups = finish(
            self._pattern,
            self._parts,
            task=self._task,
            port=container.port,
            way=way,
            deployment=strategy,
            count=count,
            grace=grace,
            scaling=scaling,
        )
        order(self._parts.service, self._cluster, self._vpc)
        if not has_way_out(self._vpc, subnets):
            check_way_to_image(self, self._vpc, placement, self._task.definition)
        if enable_execute_command:
            audit_sessions(self, self._cluster, given=cluster, task=self._task)
        self._connect: ServiceConnect | None = None
        self._port = container.port
        self._way = way
        self._connections: ec2.Connections | None = None

    @whole_call
    def enable_service_connect(self, connect: ServiceConnect) -> None:
        """Make the service a member of a Service Connect namespace; once."""
        from ecr_fargate_constructs.service.discovery import enable_service_connect  # noqa: PLC0415 - only who calls it

        self._connect = enable_service_connect(self.service, connect, log_group=self.log_group, before=self._connect)

    @whole_call
    def enable_cloud_map(self, name: CloudMap) -> None:
        """Give the service a DNS name inside the VPC; once."""
        from ecr_fargate_constructs.service.discovery import enable_cloud_map  # noqa: PLC0415 - as above

        enable_cloud_map(self.service, name)

    @property
    def pattern(self) -> ecs_patterns.ApplicationLoadBalancedFargateService:
        """CDK's pattern."""
        return self._pattern

    @property
    def service(self) -> ecs.FargateService:
        """The ECS service."""
        return self._parts.service

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
        return self._parts.load_balancer

    @property
    def listener(self) -> elbv2.ApplicationListener:
        """The listener that serves the traffic: port 443 with HTTPS, else 80."""
        return self._parts.listener

    @property
    def target_group(self) -> elbv2.ApplicationTargetGroup:
        """The target group."""
        return self._parts.target_group

    @property
    def target_groups(self) -> Sequence[elbv2.ApplicationTargetGroup]:
        """All of them: two where traffic shifts from one to the other."""
        return self._target_groups

    @property
    def cluster(self) -> ecs.ICluster:
        """The cluster."""
        return self._cluster

    @property
    def vpc(self) -> ec2.IVpc:
        """The VPC."""
        return self._vpc

    @property
    def log_group(self) -> logs.ILogGroup | None:
        """The log group; None when every container brings its own log driver."""
        return self._task.log_group

    @property
    def url(self) -> str:
        """Where the service answers."""
        return url_of(self._parts.load_balancer, self._way)

    @property
    def grant_principal(self) -> iam.IPrincipal:
        """The task role."""
        return principal_of(self._task.definition)

    @property
    def connections(self) -> ec2.Connections:
        """Network connections of the tasks; the default port is the application's."""
        if self._connections is None:
            self._connections = reached_at(self._parts.service, self._port)
        return self._connections
