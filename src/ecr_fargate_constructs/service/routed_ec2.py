"""A service on EC2 machines that shares a load balancer."""

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
from ecr_fargate_constructs.service.capacity.ec2 import Ec2Capacity, add_machines, check_machines
from ecr_fargate_constructs.service.container.ec2 import placement_of
from ecr_fargate_constructs.service.deployment.apply import check_rolling, percents_of
from ecr_fargate_constructs.service.pattern import grace_period, stop_timeout, wanted_count
from ecr_fargate_constructs.service.placement import (
    check_machine_placement,
    cluster_of_machines,
    has_way_out,
    order,
    task_subnets,
)
from ecr_fargate_constructs.service.routed_base import RoutedService, routed_default, take_place
from ecr_fargate_constructs.service.routed_parts import check_cluster, check_targets
from ecr_fargate_constructs.service.routing.shared_load_balancer import listener_of
from ecr_fargate_constructs.service.task.definition import build_task, check_task
from ecr_fargate_constructs.service.task.ec2 import check_ec2_task, ec2_task_definition, finish_ec2, with_memory
from ecr_fargate_constructs.service.task.exec_sessions import open_to_sessions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_autoscaling as autoscaling
    from constructs import Construct

    from ecr_fargate_constructs.service.capacity.scaling import Scaling
    from ecr_fargate_constructs.service.container.application import AppContainer
    from ecr_fargate_constructs.service.container.sidecar import Sidecar
    from ecr_fargate_constructs.service.deployment.traffic_shift import Deployment
    from ecr_fargate_constructs.service.ingress.targets import Targets
    from ecr_fargate_constructs.service.routing.route import Route
    from ecr_fargate_constructs.service.routing.shared_load_balancer import SharedListener, SharedLoadBalancer


class RoutedEc2Service(RoutedService):
    """A service on EC2 machines that shares a load balancer: the twin of ``RoutedFargateService``.

    It takes the same values, and its machines are those of ``LoadBalancedEc2Service``, in the private subnets of the
    load balancer's VPC.
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
        capacity: Ec2Capacity | None = None,
        sidecars: Sequence[Sidecar] = (),
        size: TaskSize | None = None,
        targets: Targets | None = None,
        scaling: Scaling | None = None,
        deployment: Deployment | None = None,
        cluster: ecs.ICluster | None = None,
        enable_execute_command: bool = False,
        log_retention: logs.RetentionDays | None = None,
    ) -> None:
        """Create the service.

        Args:
            scope: Parent construct.
            construct_id: Id within the parent.
            load_balancer: The load balancer, or a listener by ``SharedLoadBalancer.from_listener``.
            route: The requests that the service gets; further ones with ``add_route``.
            container: What runs: an ``AppContainer``, or an ``Ec2Container``.
            capacity: What it runs on; left out, ``Ec2Capacity()``, or with ``cluster`` the machines that it has.
            sidecars: Containers that run beside it in every task.
            size: CPU and memory of a task; left out, ``TaskSize()``: 256 CPU units and 512 MiB.
            targets: How the load balancer checks tasks; left out, as its ``ingress`` says.
            scaling: Lets an autoscaler decide how many tasks run; left out, 2 run.
            deployment: How a new version replaces the old one; left out, ``Rolling()`` without the alarm on latency:
                a service costs a stack 15 of its 500 resources then.
            cluster: Cluster to run in, in the load balancer's VPC; left out, one of its own.
            enable_execute_command: Whether shells can be opened in running tasks, as for
                ``LoadBalancedFargateService``.
            log_retention: How long logs are kept; left out, 30 days, or a year under ``Posture.REGULATED``.

        Raises:
            ConfigurationError: For a route that another service has, shadows or is shadowed by, for one too many, for a
                contradiction between the options, or machines on which the image cannot run.
        """
        path = path_of(scope, construct_id)
        posture_of(scope, path=path)
        shared = listener_of(load_balancer)
        how = targets or shared.targets
        size = size or TaskSize()
        count = wanted_count(None, scaling, path=path)
        check_rolling(deployment, count, scaling, path=path)
        check_cluster(cluster, shared, path=path)
        check_targets(how, shared, path=path)
        check_machine_placement(cluster=None, vpc=shared.vpc, subnets=None, path=path)
        check_machines(scope, capacity, cluster, container, path=path)
        check_ec2_task(size, scaling, path=path)
        check_task(container, sidecars, size=size, path=path)
        place = take_place(shared, route, targets=how, deployment=deployment, scaling=scaling, path=path)
        super().__init__(scope, construct_id)
        adopt(self, scope, path)
        pin_feature_flags(self, scope)
        parts.tag(self)
        tag_service(self, path)
        strategy, grace = deployment or routed_default(), grace_period(container, how.health_check)
        least, most = percents_of(strategy)
        self._cluster = cluster if cluster is not None else cluster_of_machines(self, shared.vpc)
        placement, _ = task_subnets(self, shared.vpc, None)
        self._task = task = build_task(
            self,
            ec2_task_definition(self),
            container=with_memory(open_to_sessions(container) if enable_execute_command else container),
            sidecars=[with_memory(open_to_sessions(each) if enable_execute_command else each) for each in sidecars],
            size=size,
            stop_timeout=stop_timeout(how),
            log_retention=log_retention,
        )
        self._machines, strategies = None, None
        if cluster is None or capacity is not None:
            self._machines, strategies = add_machines(
                self, capacity or Ec2Capacity(), cluster=self._cluster, subnets=placement, container=container
            )
        constraints, spread = placement_of(container)
        self._ecs_service = self._service = ecs.Ec2Service(
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
            placement_constraints=constraints,
            placement_strategies=spread,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
            enable_ecs_managed_tags=True,
            enable_execute_command=enable_execute_command,
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
        finish_ec2(self._service, task, container, size=size, spread=spread, subnets=None)
        order(self._service, self._cluster, shared.vpc)
        if not has_way_out(shared.vpc, None):
            check_way_to_image(self, shared.vpc, placement, task.definition)
        self._audit(enabled=enable_execute_command, given=cluster)

    @property
    def service(self) -> ecs.Ec2Service:
        """The ECS service."""
        return self._service

    @property
    def task_definition(self) -> ecs.Ec2TaskDefinition:
        """The task definition."""
        return self._definition

    @property
    def auto_scaling_group(self) -> autoscaling.AutoScalingGroup | None:
        """The machines; None when they are those of a cluster that was given."""
        return self._machines
