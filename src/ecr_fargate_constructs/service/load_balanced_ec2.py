"""The load-balanced service on EC2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as ecs_patterns

from ecr_fargate_constructs.service.base import LoadBalancedService, assemble, pattern_options
from ecr_fargate_constructs.service.container.ec2 import placement_of
from ecr_fargate_constructs.service.foundation import ec2_foundation
from ecr_fargate_constructs.service.ingress.load_balancer import load_balancer, warn_of_plain_http
from ecr_fargate_constructs.service.parts import cfn_service
from ecr_fargate_constructs.service.placement import select
from ecr_fargate_constructs.service.plan import LoadBalancedPlan, TaskPlan
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
    from ecr_fargate_constructs.service.ingress.values import Ingress
    from ecr_fargate_constructs.service.release.command import ReleaseCommand


class LoadBalancedEc2Service(
    LoadBalancedService[ecs_patterns.ApplicationLoadBalancedEc2Service, ecs.Ec2Service, ecs.Ec2TaskDefinition]
):
    """A service on EC2 instances behind an Application Load Balancer: the twin of ``LoadBalancedFargateService``.

    It takes the same values and the same image, and has the same defaults. Inside is CDK's
    ``ApplicationLoadBalancedEc2Service``, at ``.pattern``. Tasks have a network of their own (``awsvpc``) in private
    subnets, and a task definition as on Fargate, with the same limits of CPU and memory.

    The service has its own instances (``Ec2Capacity``), in a cluster of its own or in a ``cluster`` of this stack. If
    you pass a ``cluster`` and no ``capacity``, it uses the instances of the cluster.

    ``Ec2Container`` has the options that Fargate refuses, such as GPUs and placement.

    It is grantable and connectable, as its twin is.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        container: AppContainer,
        capacity: Ec2Capacity | ManagedInstancesCapacity | None = None,
        sidecars: Sequence[Sidecar] = (),
        size: TaskSize | None = None,
        desired_count: Number | None = None,
        ingress: Ingress | None = None,
        scaling: Scaling | None = None,
        deployment: Deployment | None = None,
        release_command: ReleaseCommand | None = None,
        cluster: ecs.ICluster | None = None,
        vpc: ec2.IVpc | None = None,
        subnets: ec2.SubnetSelection | None = None,
        enable_execute_command: bool = False,
        health_check_grace_period: cdk.Duration | None = None,
        log_retention: logs.RetentionDays | None = None,
    ) -> None:
        """Create the service.

        The other options are those of ``LoadBalancedFargateService``.

        Args:
            container: The application: an ``AppContainer``, or an ``Ec2Container``.
            capacity: EC2 instances of the service, which are yours (``Ec2Capacity``) or AWS's to manage
                (``ManagedInstancesCapacity``); default, ``Ec2Capacity()``, or with ``cluster`` the instances that it
                has.
            cluster: Cluster of the service; default, one of its own, so that the service can be deleted: ECS does not
                release instances while another service's cluster names them.
            subnets: Subnets of tasks and instances, which get no public addresses; default, private subnets with a
                route to the internet.

        Raises:
            ConfigurationError: For a contradiction between the options, a network without a route to the image, or
                instances on which the image cannot run.
        """
        plan = LoadBalancedPlan.of(
            scope,
            construct_id,
            ingress=ingress,
            desired_count=desired_count,
            scaling=scaling,
            deployment=deployment,
            release_command=release_command,
            cluster=cluster,
            vpc=vpc,
            subnets=subnets,
            health_check_grace_period=health_check_grace_period,
            on_ec2=True,
            capacity=capacity,
        )
        task_plan = TaskPlan.of(
            plan, container, sidecars=sidecars, size=size, sessions=enable_execute_command, log_retention=log_retention
        )
        super().__init__(scope, construct_id)
        self._build(plan, task_plan)

    def _build(self, plan: LoadBalancedPlan, task_plan: TaskPlan) -> None:
        if plan.ingress_is_default:
            warn_of_plain_http(self)
        foundation = ec2_foundation(self, plan, task_plan)
        constraints, spread = placement_of(task_plan.container, managed=foundation.on_managed_instances)
        balancer = load_balancer(self, plan.ingress, foundation.vpc)
        pattern = ecs_patterns.ApplicationLoadBalancedEc2Service(
            self,
            "Default",  # which logical ids omit: they are those of the bare pattern
            task_definition=foundation.task.definition,
            placement_constraints=constraints,
            placement_strategies=spread,
            **foundation.options(),
            **pattern_options(plan.ingress, balancer),
        )
        service = pattern.service
        self._assembly = assemble(self, pattern, service, balancer, plan=plan, foundation=foundation)
        finish_ec2(
            service, foundation.task, task_plan.container, task_plan.size, managed=foundation.on_managed_instances
        )
        if plan.subnets is not None:  # the pattern does not pass it on
            cfn_service(service).add_property_override(
                "NetworkConfiguration.AwsvpcConfiguration.Subnets", select(foundation.vpc, plan.subnets).subnet_ids
            )

    @property
    def auto_scaling_group(self) -> autoscaling.AutoScalingGroup | None:
        """The Auto Scaling group; None on Managed Instances, and on the instances of a given cluster."""
        return self._assembly.foundation.auto_scaling_group
