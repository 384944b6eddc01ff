"""The load-balanced service on EC2."""

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
from ecr_fargate_constructs.service.capacity.autoscaling import use_strategies
from ecr_fargate_constructs.service.capacity.ec2 import Ec2Capacity, add_machines, check_machines
from ecr_fargate_constructs.service.container.ec2 import placement_of
from ecr_fargate_constructs.service.deployment.apply import check_deployment, check_rolling, percents_of
from ecr_fargate_constructs.service.deployment.rolling import Rolling
from ecr_fargate_constructs.service.ingress.addresses import check_ipv6, check_way_in
from ecr_fargate_constructs.service.ingress.existing import check_existing, vpc_for
from ecr_fargate_constructs.service.ingress.load_balancer import is_public, load_balancer
from ecr_fargate_constructs.service.ingress.values import port_of, redirects
from ecr_fargate_constructs.service.parts import ec2_parts
from ecr_fargate_constructs.service.pattern import (
    audit_sessions,
    finish,
    grace_period,
    https_of,
    principal_of,
    reached_at,
    stop_timeout,
    url_of,
    wanted_count,
    way_in,
)
from ecr_fargate_constructs.service.placement import (
    check_machine_placement,
    cluster_of_machines,
    has_way_out,
    order,
    task_subnets,
    vpc_of,
)
from ecr_fargate_constructs.service.task.definition import build_task, check_task
from ecr_fargate_constructs.service.task.ec2 import check_ec2_task, ec2_task_definition, finish_ec2, with_memory
from ecr_fargate_constructs.service.task.exec_sessions import open_to_sessions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_autoscaling as autoscaling

    from ecr_fargate_constructs.service.capacity.scaling import Scaling
    from ecr_fargate_constructs.service.container.application import AppContainer
    from ecr_fargate_constructs.service.container.sidecar import Sidecar
    from ecr_fargate_constructs.service.deployment.traffic_shift import Deployment
    from ecr_fargate_constructs.service.discovery import CloudMap, ServiceConnect
    from ecr_fargate_constructs.service.ingress.values import Ingress


@jsii.implements(iam.IGrantable, ec2.IConnectable)
class LoadBalancedEc2Service(Construct):
    """A service on EC2 machines behind an Application Load Balancer: the twin of ``LoadBalancedFargateService``.

    It takes the same values and the same image, and has the same defaults. Inside is CDK's
    ``ApplicationLoadBalancedEc2Service``, at ``.pattern``. Tasks have a network of their own (``awsvpc``) in private
    subnets, and a task definition as on Fargate, with the same limits of CPU and memory.

    The machines are the service's own (``Ec2Capacity``), in a cluster of its own or in a ``cluster`` of this stack; or
    they are those that a given ``cluster`` has, when ``capacity`` is left out.

    What Fargate refuses and machines have, GPUs and placement among it, is in ``Ec2Container``.

    It is grantable and connectable, as its twin is.
    """

    @all_or_nothing
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        container: AppContainer,
        capacity: Ec2Capacity | None = None,
        sidecars: Sequence[Sidecar] = (),
        size: TaskSize | None = None,
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
            container: What runs: an ``AppContainer``, or an ``Ec2Container``.
            capacity: What it runs on; left out, ``Ec2Capacity()``, or with ``cluster`` the machines that it has.
            sidecars: Containers that run beside it in every task.
            size: CPU and memory of a task; left out, ``TaskSize()``: 256 CPU units and 512 MiB.
            ingress: How traffic comes in; left out, ``PublicHttp()``, with a warning that nothing is encrypted.
            scaling: Lets an autoscaler decide how many tasks run; left out, 2 run. Another fixed number is
                ``Scaling(min_capacity=3, max_capacity=3)``.
            deployment: How a new version replaces the old one; left out, ``Rolling()``.
            cluster: Cluster to run in; left out, one of its own, so that the service can be taken away again: ECS lets
                go of no machines that another service's cluster still names.
            vpc: VPC to make a cluster in; leave it out with ``cluster``.
            subnets: Where tasks and machines are; left out, private subnets with a way out. Neither gets a public
                address.
            enable_execute_command: Whether shells can be opened in running tasks, as for
                ``LoadBalancedFargateService``.
            log_retention: How long logs are kept; left out, 30 days, or a year under ``Posture.REGULATED``. When every
                container brings its own ``logging`` there is no log group.

        Raises:
            ConfigurationError: For a contradiction between the options, a network without a way to the image, or
                machines on which the image cannot run.
        """
        path = path_of(scope, construct_id)
        posture_of(scope, path=path)
        size = size or TaskSize()
        count = wanted_count(None, scaling, path=path)
        check_rolling(deployment, count, scaling, path=path)
        vpc = vpc_for(ingress, cluster=cluster, vpc=vpc)
        check_machine_placement(cluster=cluster, vpc=vpc, subnets=subnets, path=path)
        check_existing(scope, ingress, cluster=cluster, vpc=vpc, path=path)
        check_machines(scope, capacity, cluster, container, path=path)
        check_ec2_task(size, scaling, path=path)
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
        self._cluster = cluster if cluster is not None else cluster_of_machines(self, vpc)
        self._vpc = vpc_of(self._cluster)
        placement, _ = task_subnets(self, self._vpc, subnets)
        self._task = build_task(
            self,
            ec2_task_definition(self),
            container=with_memory(open_to_sessions(container) if enable_execute_command else container),
            sidecars=[with_memory(open_to_sessions(each) if enable_execute_command else each) for each in sidecars],
            size=size,
            stop_timeout=stop_timeout(way),
            log_retention=log_retention,
        )
        self._machines, strategies = None, None
        if cluster is None or capacity is not None:
            self._machines, strategies = add_machines(
                self, capacity or Ec2Capacity(), cluster=self._cluster, subnets=placement, container=container
            )
        constraints, spread = placement_of(container)
        balancer = load_balancer(self, way, self._vpc)
        self._pattern = ecs_patterns.ApplicationLoadBalancedEc2Service(
            self,
            "Default",  # left out of logical ids: they are the ones of the bare pattern
            cluster=self._cluster,
            task_definition=self._task.definition,
            capacity_provider_strategies=strategies,
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
            min_healthy_percent=least,
            max_healthy_percent=most,
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
            health_check_grace_period=grace,
            placement_constraints=constraints,
            placement_strategies=spread,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
            enable_ecs_managed_tags=True,
            enable_execute_command=enable_execute_command,
        )
        if strategies:
            use_strategies(self._pattern.service, self._cluster, strategies)
        self._parts = ec2_parts(self, self._pattern, vpc=self._vpc, load_balancer=balancer, https=https is not None)
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
        finish_ec2(self._parts.service, self._task, container, size=size, spread=spread, subnets=subnets)
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
    def pattern(self) -> ecs_patterns.ApplicationLoadBalancedEc2Service:
        """CDK's pattern."""
        return self._pattern

    @property
    def service(self) -> ecs.Ec2Service:
        """The ECS service."""
        return self._parts.service

    @property
    def task_definition(self) -> ecs.Ec2TaskDefinition:
        """The task definition."""
        return self._task.definition

    @property
    def container(self) -> ecs.ContainerDefinition:
        """The container that serves the traffic."""
        return self._task.container

    @property
    def auto_scaling_group(self) -> autoscaling.AutoScalingGroup | None:
        """The machines; None when they are those of a cluster that was given."""
        return self._machines

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
