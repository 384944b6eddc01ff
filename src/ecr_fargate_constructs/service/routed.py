"""A Fargate service that shares a load balancer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs.service.foundation import fargate_foundation, fargate_service
from ecr_fargate_constructs.service.plan import TaskPlan
from ecr_fargate_constructs.service.routed_base import RoutedPlan, RoutedService

if TYPE_CHECKING:
    from collections.abc import Sequence

    import aws_cdk as cdk
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_logs as logs
    from constructs import Construct

    from ecr_fargate_constructs._rules.task_size import TaskSize
    from ecr_fargate_constructs._rules.tokens import Number
    from ecr_fargate_constructs.service.capacity.scaling import Scaling
    from ecr_fargate_constructs.service.container.application import AppContainer
    from ecr_fargate_constructs.service.container.sidecar import Sidecar
    from ecr_fargate_constructs.service.deployment.rolling import Deployment
    from ecr_fargate_constructs.service.ingress.settings import TargetGroupSettings
    from ecr_fargate_constructs.service.ingress.values import TargetHealthCheck
    from ecr_fargate_constructs.service.release.command import ReleaseCommand
    from ecr_fargate_constructs.service.routing.route import Route
    from ecr_fargate_constructs.service.routing.shared_load_balancer import SharedListener, SharedLoadBalancer


class RoutedFargateService(RoutedService[ecs.FargateService, ecs.FargateTaskDefinition]):
    """A Fargate service that shares a load balancer and gets the requests of a route.

    It has the defaults of ``LoadBalancedFargateService``, is grantable and connectable like it, and adds about a
    dozen resources to its stack. It can be in another stack than the load balancer.

    No other service's rule changes when it comes or goes: see ``Route``.
    """

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

        The other options are those of ``LoadBalancedFargateService``.

        Args:
            load_balancer: The load balancer, or a listener by ``SharedLoadBalancer.from_listener``.
            route: The requests that the service gets; ``add_route`` adds further ones.
            health_check: Health check of the tasks; default, that of the load balancer's ``ingress``.
            deregistration_delay: Time for requests to finish on a task that stops, 0 to 3600 seconds; default, that of
                the ``ingress``.
            target_group: Distribution of requests among tasks; default, that of the ``ingress``.
            deployment: Replacement of the old version by a new one; default, ``Rolling()`` without the alarm on
                latency. A service is then 15 of a stack's 500 resources.
            cluster: Cluster of the service, in the load balancer's VPC; default, the stack's own for that VPC.
            subnets: Subnets of the tasks; default, private subnets with a route to the internet.

        Raises:
            ConfigurationError: The route is that of another service, shadows it or is shadowed by it; the load balancer
                has too many; the options contradict each other; or the network has no route to the image.
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
        )
        task_plan = TaskPlan.of(
            plan, container, sidecars=sidecars, size=size, sessions=enable_execute_command, log_retention=log_retention
        )
        super().__init__(scope, construct_id)
        foundation = fargate_foundation(self, plan, task_plan)
        service = fargate_service(self, foundation)
        self._assemble(service, plan, foundation)
