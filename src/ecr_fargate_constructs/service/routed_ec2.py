"""A service on EC2 instances that shares a load balancer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs.service.foundation import ec2_foundation, ec2_service
from ecr_fargate_constructs.service.plan import TaskPlan
from ecr_fargate_constructs.service.routed_base import RoutedPlan, RoutedService
from ecr_fargate_constructs.service.task.ec2 import finish_ec2

if TYPE_CHECKING:
    from collections.abc import Sequence

    import aws_cdk as cdk
    from aws_cdk import aws_autoscaling as autoscaling
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_logs as logs
    from constructs import Construct

    from ecr_fargate_constructs._rules.task_size import TaskSize
    from ecr_fargate_constructs._rules.tokens import Number
    from ecr_fargate_constructs.service.capacity.ec2 import Ec2Capacity
    from ecr_fargate_constructs.service.capacity.managed_instances import ManagedInstancesCapacity
    from ecr_fargate_constructs.service.capacity.scaling import Scaling
    from ecr_fargate_constructs.service.container.application import AppContainer
    from ecr_fargate_constructs.service.container.sidecar import Sidecar
    from ecr_fargate_constructs.service.deployment.rolling import Deployment
    from ecr_fargate_constructs.service.ingress.settings import TargetGroupSettings
    from ecr_fargate_constructs.service.ingress.values import TargetHealthCheck
    from ecr_fargate_constructs.service.release.command import ReleaseCommand
    from ecr_fargate_constructs.service.routing.route import Route
    from ecr_fargate_constructs.service.routing.shared_load_balancer import SharedListener, SharedLoadBalancer


class RoutedEc2Service(RoutedService[ecs.Ec2Service, ecs.Ec2TaskDefinition]):
    """A service on EC2 instances that shares a load balancer: the twin of ``RoutedFargateService``.

    It takes the same values, and has instances like those of ``LoadBalancedEc2Service``, in the load balancer's VPC.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        load_balancer: SharedLoadBalancer | SharedListener,
        route: Route,
        container: AppContainer,
        capacity: Ec2Capacity | ManagedInstancesCapacity | None = None,
        sidecars: Sequence[Sidecar] = (),
        size: TaskSize | None = None,
        desired_count: Number | None = None,
        health_check: TargetHealthCheck | None = None,
        deregistration_delay: cdk.Duration | None = None,
        target_group: TargetGroupSettings | None = None,
        scaling: Scaling | None = None,
        deployment: Deployment | None = None,
        release_command: ReleaseCommand | None = None,
        cluster: ecs.ICluster | None = None,
        subnets: ec2.SubnetSelection | None = None,
        enable_execute_command: bool = False,
        health_check_grace_period: cdk.Duration | None = None,
        log_retention: logs.RetentionDays | None = None,
    ) -> None:
        """Create the service.

        The other options are those of ``RoutedFargateService``.

        Args:
            container: The application: an ``AppContainer``, or an ``Ec2Container``.
            capacity: EC2 instances of the service, which are yours (``Ec2Capacity``) or AWS's to manage
                (``ManagedInstancesCapacity``); default, ``Ec2Capacity()``, or with ``cluster`` the instances that it
                has.
            cluster: Cluster of the service, in the load balancer's VPC; default, one of its own.
            subnets: Subnets of tasks and instances, which get no public addresses; default, private subnets with a
                route to the internet.

        Raises:
            ConfigurationError: The route is that of another service, shadows it or is shadowed by it; the load balancer
                has too many; the options contradict each other; or the image cannot run on the instances.
        """
        plan = RoutedPlan.of(
            scope,
            construct_id,
            load_balancer=load_balancer,
            route=route,
            health_check=health_check,
            deregistration_delay=deregistration_delay,
            target_group=target_group,
            desired_count=desired_count,
            scaling=scaling,
            deployment=deployment,
            release_command=release_command,
            cluster=cluster,
            subnets=subnets,
            health_check_grace_period=health_check_grace_period,
            on_ec2=True,
            capacity=capacity,
        )
        task_plan = TaskPlan.of(
            plan, container, sidecars=sidecars, size=size, sessions=enable_execute_command, log_retention=log_retention
        )
        super().__init__(scope, construct_id)
        foundation = ec2_foundation(self, plan, task_plan)
        service = ec2_service(self, foundation)
        self._assemble(service, plan, foundation)
        finish_ec2(
            service, foundation.task, task_plan.container, task_plan.size, managed=foundation.on_managed_instances
        )

    @property
    def auto_scaling_group(self) -> autoscaling.AutoScalingGroup | None:
        """The Auto Scaling group; None on Managed Instances, and on the instances of a given cluster."""
        return self._assembly.foundation.auto_scaling_group
