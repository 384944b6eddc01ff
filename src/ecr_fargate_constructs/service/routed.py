"""A Fargate service that shares a load balancer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs

from ecr_fargate_constructs._cdk.feature_flags import pin_feature_flags
from ecr_fargate_constructs._cdk.scopes import all_or_nothing
from ecr_fargate_constructs._cdk.tags import tag_service
from ecr_fargate_constructs._cdk.tree import adopt, path_of
from ecr_fargate_constructs._regulated import parts
from ecr_fargate_constructs._rules.task_size import TaskSize
from ecr_fargate_constructs.network.reachability import check_way_to_image
from ecr_fargate_constructs.posture import posture_of
from ecr_fargate_constructs.service.deployment.apply import check_rolling, percents_of
from ecr_fargate_constructs.service.pattern import (
    grace_period,
    refuse_ec2_container,
    stop_timeout,
    strategies_of,
    wanted_count,
)
from ecr_fargate_constructs.service.placement import check_placement, cluster_for, has_way_out, order, task_subnets
from ecr_fargate_constructs.service.routed_base import RoutedService, routed_default, take_place
from ecr_fargate_constructs.service.routed_parts import check_cluster, check_targets
from ecr_fargate_constructs.service.routing.shared_load_balancer import listener_of
from ecr_fargate_constructs.service.task.definition import (
    build_task,
    check_on_fargate,
    check_task,
    fargate_task_definition,
)
from ecr_fargate_constructs.service.task.exec_sessions import open_to_sessions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_ec2 as ec2
    from constructs import Construct

    from ecr_fargate_constructs.service.capacity.scaling import Scaling
    from ecr_fargate_constructs.service.container.application import AppContainer
    from ecr_fargate_constructs.service.container.sidecar import Sidecar
    from ecr_fargate_constructs.service.deployment.traffic_shift import Deployment
    from ecr_fargate_constructs.service.ingress.targets import Targets
    from ecr_fargate_constructs.service.routing.route import Route
    from ecr_fargate_constructs.service.routing.shared_load_balancer import SharedListener, SharedLoadBalancer


class RoutedFargateService(RoutedService):
    """A Fargate service that gets its requests from a load balancer that it shares, along a route.

    It has the defaults of ``LoadBalancedFargateService``, is grantable and connectable as that one is, and costs a
    stack about a dozen resources. It can stand in another stack than the load balancer.

    No other service's rule changes when it comes or goes: see ``Route``.
    """

    @all_or_nothing
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        load_balancer: SharedLoadBalancer | SharedListener,
        route: Route,
        container: AppContainer,
        sidecars: Sequence[Sidecar] = (),
        size: TaskSize | None = None,
        targets: Targets | None = None,
        scaling: Scaling | None = None,
        deployment: Deployment | None = None,
        cluster: ecs.ICluster | None = None,
        subnets: ec2.SubnetSelection | None = None,
        enable_execute_command: bool = False,
        log_retention: logs.RetentionDays | None = None,
    ) -> None:
        """Create the service.

        Args:
            scope: Parent construct.
            construct_id: Id within the parent.
            load_balancer: The load balancer, or a listener by ``SharedLoadBalancer.from_listener``.
            route: The requests that the service gets; further ones with ``add_route``.
            container: What runs.
            sidecars: Containers that run beside it in every task.
            size: CPU and memory of a task; left out, ``TaskSize()``: 256 CPU units and 512 MiB.
            targets: How the load balancer checks tasks; left out, as its ``ingress`` says.
            scaling: Lets an autoscaler decide how many tasks run; left out, 2 run. Another fixed number is
                ``Scaling(min_capacity=3, max_capacity=3, …)``.
            deployment: How a new version replaces the old one; left out, ``Rolling()`` without the alarm on latency:
                a service costs a stack 15 of its 500 resources then.
            cluster: Cluster to run in, in the load balancer's VPC; left out, the stack's for that VPC.
            subnets: Where tasks run; left out, private subnets with a way out.
            enable_execute_command: Whether shells can be opened in running tasks, as for
                ``LoadBalancedFargateService``.
            log_retention: How long logs are kept; left out, 30 days, or a year under ``Posture.REGULATED``.

        Raises:
            ConfigurationError: For a route that another service has, shadows or is shadowed by, for one too many, for a
                contradiction between the options, or a network without a way to the image.
        """
        path = path_of(scope, construct_id)
        posture_of(scope, path=path)
        shared = listener_of(load_balancer)
        how = targets or shared.targets
        count = wanted_count(None, scaling, path=path)
        check_rolling(deployment, count, scaling, path=path)
        refuse_ec2_container(container, path=path)
        check_cluster(cluster, shared, path=path)
        check_targets(how, shared, path=path)
        check_placement(cluster=None, vpc=shared.vpc, subnets=subnets, path=path)
        size = size or TaskSize()
        check_on_fargate(container, sidecars, path=path)
        check_task(container, sidecars, size=size, path=path)
        place = take_place(shared, route, targets=how, deployment=deployment, scaling=scaling, path=path)
        super().__init__(scope, construct_id)
        adopt(self, scope, path)
        pin_feature_flags(self, scope)
        parts.tag(self)
        tag_service(self, path)
        strategy, grace = deployment or routed_default(), grace_period(container, how.health_check)
        least, most = percents_of(strategy)
        self._cluster = cluster if cluster is not None else cluster_for(self, shared.vpc)
        placement, public_address = task_subnets(self, shared.vpc, subnets)
        self._task = task = build_task(
            self,
            fargate_task_definition(self, size, container.runs_on),
            container=open_to_sessions(container) if enable_execute_command else container,
            sidecars=[open_to_sessions(sidecar) if enable_execute_command else sidecar for sidecar in sidecars],
            size=size,
            stop_timeout=stop_timeout(how),
            log_retention=log_retention,
        )
        strategies = strategies_of(self, self._cluster, scaling)
        self._ecs_service = self._service = ecs.FargateService(
            self,
            "Service",
            cluster=self._cluster,
            task_definition=task.definition,
            desired_count=count,
            capacity_provider_strategies=strategies,
            min_healthy_percent=least,
            max_healthy_percent=most,
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
            health_check_grace_period=grace,
            vpc_subnets=placement,
            assign_public_ip=public_address,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
            enable_ecs_managed_tags=True,
            enable_execute_command=enable_execute_command,
            platform_version=ecs.FargatePlatformVersion.LATEST,
        )
        self._definition = task.definition
        self._finish(
            place=place,
            port=container.port,
            deployment=strategy,
            count=count,
            grace=grace,
            scaling=scaling,
            strategies=strategies,
        )
        order(self._service, self._cluster, shared.vpc)
        if not has_way_out(shared.vpc, subnets):
            check_way_to_image(self, shared.vpc, placement, task.definition)
        self._audit(enabled=enable_execute_command, given=cluster)

    @property
    def service(self) -> ecs.FargateService:
        """The ECS service."""
        return self._service

    @property
    def task_definition(self) -> ecs.FargateTaskDefinition:
        """The task definition."""
        return self._definition
