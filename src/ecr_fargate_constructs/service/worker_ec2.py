"""A service on EC2 instances without a load balancer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs.service.container.ec2 import placement_of
from ecr_fargate_constructs.service.foundation import ec2_foundation
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
    from ecr_fargate_constructs.service.capacity.scaling import Scaling
    from ecr_fargate_constructs.service.container.sidecar import Sidecar
    from ecr_fargate_constructs.service.container.worker import WorkerContainer
    from ecr_fargate_constructs.service.deployment.rolling import Deployment


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
        capacity: Ec2Capacity | None = None,
        sidecars: Sequence[Sidecar] = (),
        size: TaskSize | None = None,
        desired_count: Number | None = None,
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
            container: The worker: a ``WorkerContainer``, or an ``Ec2WorkerContainer``.
            capacity: EC2 instances of the service; default, ``Ec2Capacity()``, or with ``cluster`` the instances that
                it has.
            sidecars: Containers that run beside it in every task; default, none.
            size: CPU and memory of a task; default, ``TaskSize()``: 256 CPU units and 512 MiB.
            desired_count: Number of tasks, 1 or more; default, 2. Not together with ``scaling``. A worker that must
                never run twice, such as a scheduler, has 1, and
                ``Rolling(min_healthy_percent=0, max_healthy_percent=101)``.
            scaling: Limits and signals of an autoscaler, for example ``QueueScaling(queue, messages_per_task=50)``;
                default, none: ``desired_count`` tasks run.
            deployment: Replacement of the old version by a new one, ``Rolling`` or ``BlueGreen``; default,
                ``Rolling()``. Only the circuit breaker and your own alarms in ``RollbackAlarms.existing`` roll back.
            cluster: Cluster of the service; default, one of its own, so that the service can be deleted: ECS does not
                release instances while another service's cluster names them.
            vpc: VPC for a new cluster; default, the one that the services of the stack share. Not together
                with ``cluster``.
            subnets: Subnets of tasks and instances, which get no public addresses; default, private subnets with a
                route to the internet.
            enable_execute_command: Allow shells in running tasks, as in ``LoadBalancedFargateService``; default, False.
            log_retention: Time for which logs are kept; default, 30 days, or a year under ``Posture.REGULATED``. There
                is no log group when every container sets its own ``logging``.

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
        constraints, spread = placement_of(task_plan.container)
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
        finish_ec2(service, foundation.task, task_plan.container, size=task_plan.size, spread=spread)

    @property
    def auto_scaling_group(self) -> autoscaling.AutoScalingGroup | None:
        """The Auto Scaling group; None on the instances of a given cluster."""
        return self._assembly.foundation.auto_scaling_group
