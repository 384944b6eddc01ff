"""A service on EC2 machines that shares a load balancer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs.service.container.ec2 import placement_of
from ecr_fargate_constructs.service.foundation import ec2_foundation
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
    from ecr_fargate_constructs.service.capacity.ec2 import Ec2Capacity
    from ecr_fargate_constructs.service.capacity.scaling import Scaling
    from ecr_fargate_constructs.service.container.application import AppContainer
    from ecr_fargate_constructs.service.container.sidecar import Sidecar
    from ecr_fargate_constructs.service.deployment.rolling import Deployment
    from ecr_fargate_constructs.service.ingress.targets import Targets
    from ecr_fargate_constructs.service.routing.route import Route
    from ecr_fargate_constructs.service.routing.shared_load_balancer import SharedListener, SharedLoadBalancer


class RoutedEc2Service(RoutedService[ecs.Ec2Service, ecs.Ec2TaskDefinition]):
    """A service on EC2 machines that shares a load balancer: the twin of ``RoutedFargateService``.

    It takes the same values, and its machines are those of ``LoadBalancedEc2Service``, in the load balancer's VPC.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        load_balancer: SharedLoadBalancer | SharedListener,
        route: Route,
        container: AppContainer,
        machines: Ec2Capacity | None = None,
        sidecars: Sequence[Sidecar] = (),
        size: TaskSize | None = None,
        desired_count: float | None = None,
        targets: Targets | None = None,
        scaling: Scaling | None = None,
        deployment: Deployment | None = None,
        cluster: ecs.ICluster | None = None,
        subnets: ec2.SubnetSelection | None = None,
        exec_enabled: bool = False,
        health_check_grace_period: cdk.Duration | None = None,
        log_retention: logs.RetentionDays | None = None,
    ) -> None:
        """Create the service.

        Args:
            scope: Parent construct.
            construct_id: Id within the parent.
            load_balancer: The load balancer, or a listener by ``SharedLoadBalancer.from_listener``.
            route: The requests that the service gets; further ones with ``add_route``.
            container: What runs: an ``AppContainer``, or an ``Ec2Container``.
            machines: What it runs on; left out, ``Ec2Capacity()``, or with ``cluster`` the machines that it has.
            sidecars: Containers that run beside it in every task.
            size: CPU and memory of a task; left out, ``TaskSize()``: 256 CPU units and 512 MiB.
            desired_count: Number of tasks, 1 or more; left out, 2. Leave it out with ``scaling``.
            targets: How the load balancer checks tasks; left out, as its ``ingress`` says.
            scaling: Lets an autoscaler decide how many tasks run; left out, ``desired_count`` tasks run.
            deployment: How a new version replaces the old one; left out, ``Rolling()`` without the alarm on latency:
                a service costs a stack 15 of its 500 resources then.
            cluster: Cluster to run in, in the load balancer's VPC; left out, one of its own.
            subnets: Where tasks and machines are; left out, private subnets with a way out. Neither gets a public
                address.
            exec_enabled: Whether shells can be opened in running tasks, as for ``LoadBalancedFargateService``.
            health_check_grace_period: Time from the start of a task in which ECS does not stop it for failed checks, as
                for ``LoadBalancedFargateService``.
            log_retention: How long logs are kept; left out, 30 days, or a year under ``Posture.REGULATED``.

        Raises:
            ConfigurationError: For a route that another service has, shadows or is shadowed by, for one too many, for a
                contradiction between the options, or machines on which the image cannot run.
        """
        plan = RoutedPlan.of(
            scope,
            construct_id,
            load_balancer=load_balancer,
            route=route,
            targets=targets,
            desired_count=desired_count,
            scaling=scaling,
            deployment=deployment,
            cluster=cluster,
            subnets=subnets,
            health_check_grace_period=health_check_grace_period,
            on_machines=True,
            machines=machines,
        )
        runs = TaskPlan.of(
            plan, container, sidecars=sidecars, size=size, sessions=exec_enabled, log_retention=log_retention
        )
        super().__init__(scope, construct_id)
        foundation = ec2_foundation(self, plan, runs)
        constraints, spread = placement_of(runs.container)
        service = ecs.Ec2Service(
            self,
            "Service",
            task_definition=foundation.task.definition,
            vpc_subnets=foundation.subnets,
            placement_constraints=constraints,
            placement_strategies=spread,
            **foundation.options(),
        )
        self._assemble(service, plan, foundation)
        finish_ec2(service, foundation.task, runs.container, size=runs.size, spread=spread)

    @property
    def machines(self) -> autoscaling.AutoScalingGroup | None:
        """The machines; None when they are those of a cluster that was given."""
        return self._assembly.foundation.machines
