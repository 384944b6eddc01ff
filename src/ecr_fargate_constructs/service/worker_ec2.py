"""A service on EC2 instances without a load balancer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs.service.foundation import ec2_foundation, ec2_service
from ecr_fargate_constructs.service.plan import TaskPlan
from ecr_fargate_constructs.service.task.ec2 import finish_ec2
from ecr_fargate_constructs.service.worker_base import WorkerPlan, WorkerServiceBase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_autoscaling as autoscaling
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_logs as logs
    from constructs import Construct

    from ecr_fargate_constructs._rules.task_size import TaskSize
    from ecr_fargate_constructs._rules.tokens import Number
    from ecr_fargate_constructs.service.capacity.ec2 import Ec2Capacity
    from ecr_fargate_constructs.service.capacity.managed_instances import ManagedInstancesCapacity
    from ecr_fargate_constructs.service.capacity.scaling import Scaling
    from ecr_fargate_constructs.service.container.sidecar import Sidecar
    from ecr_fargate_constructs.service.container.worker import WorkerContainer
    from ecr_fargate_constructs.service.deployment.rolling import Deployment
    from ecr_fargate_constructs.service.release.command import ReleaseCommand


class Ec2WorkerService(WorkerServiceBase[ecs.Ec2Service, ecs.Ec2TaskDefinition]):
    """A service on EC2 instances without a load balancer: for workers that need a GPU, or what else Fargate lacks.

    It has the defaults of ``WorkerService``, which also describes how a task finishes its message; the instances are
    those of ``LoadBalancedEc2Service``.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        container: WorkerContainer,
        capacity: Ec2Capacity | ManagedInstancesCapacity | None = None,
        sidecars: Sequence[Sidecar] = (),
        size: TaskSize | None = None,
        desired_count: Number | None = None,
        scaling: Scaling | None = None,
        deployment: Deployment | None = None,
        release_command: ReleaseCommand | None = None,
        cluster: ecs.ICluster | None = None,
        vpc: ec2.IVpc | None = None,
        subnets: ec2.SubnetSelection | None = None,
        enable_execute_command: bool = False,
        log_retention: logs.RetentionDays | None = None,
    ) -> None:
        """Create the service.

        The other options are those of ``WorkerService``.

        Args:
            container: The worker: a ``WorkerContainer``, or an ``Ec2WorkerContainer``.
            capacity: EC2 instances of the service, which are yours (``Ec2Capacity``) or AWS's to manage
                (``ManagedInstancesCapacity``); default, ``Ec2Capacity()``, or with ``cluster`` the instances that it
                has.
            cluster: Cluster of the service; default, one of its own, so that the service can be deleted: ECS does not
                release instances while another service's cluster names them.
            subnets: Subnets of tasks and instances, which get no public addresses; default, private subnets with a
                route to the internet.

        Raises:
            ConfigurationError: The options contradict each other or need a load balancer, a stop timeout is longer than
                a message stays invisible, or the image cannot run on the instances.
        """
        plan = WorkerPlan.of(
            scope,
            construct_id,
            container=container,
            desired_count=desired_count,
            scaling=scaling,
            deployment=deployment,
            release_command=release_command,
            cluster=cluster,
            vpc=vpc,
            subnets=subnets,
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
