"""A Fargate service without a load balancer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs.service.foundation import fargate_foundation, fargate_service
from ecr_fargate_constructs.service.plan import TaskPlan
from ecr_fargate_constructs.service.worker_base import WorkerPlan, WorkerServiceBase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_logs as logs
    from constructs import Construct

    from ecr_fargate_constructs._rules.task_size import TaskSize
    from ecr_fargate_constructs._rules.tokens import Number
    from ecr_fargate_constructs.service.capacity.scaling import Scaling
    from ecr_fargate_constructs.service.container.sidecar import Sidecar
    from ecr_fargate_constructs.service.container.worker import WorkerContainer
    from ecr_fargate_constructs.service.deployment.rolling import Deployment
    from ecr_fargate_constructs.service.release.command import ReleaseCommand


class WorkerService(WorkerServiceBase[ecs.FargateService, ecs.FargateTaskDefinition]):
    """A Fargate service without a load balancer: a worker that takes messages from a queue, or a scheduler.

    It has the defaults of ``LoadBalancedFargateService``, and is grantable and connectable like it.

    A task that stops gets SIGTERM, and has its stop timeout to finish the message at hand: two minutes, which is all
    that Fargate gives, or the queue's visibility timeout if that is shorter. Longer work needs protection: before it
    starts on a message, the worker sends
    ``PUT $ECS_AGENT_URI/task-protection/v1/state`` with ``{"ProtectionEnabled": true, "ExpiresInMinutes": 60}``, and
    afterwards ``false``. Neither scale-in nor a deployment stops it in between; the task role has the permission. An
    interruption of Spot capacity stops it all the same, after two minutes; the message then becomes visible again.

    With ``BlueGreen``, both versions take messages for the bake time: there is no traffic that ECS could shift.

    Source: "Protect your Amazon ECS tasks from being terminated by scale-in events" and "Required resources for Amazon
    ECS blue/green deployments" in the Amazon ECS developer guide.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        container: WorkerContainer,
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

        Args:
            scope: Parent construct.
            construct_id: Id within the parent.
            container: The worker.
            sidecars: Containers that run beside it in every task; default, none.
            size: CPU and memory of a task; default, ``TaskSize()``: 256 CPU units and 512 MiB.
            desired_count: Number of tasks, 1 or more; default, 2. Not together with ``scaling``. A worker that must
                never run twice, such as a scheduler, has 1, and
                ``Rolling(min_healthy_percent=0, max_healthy_percent=101)``.
            scaling: Limits and signals of an autoscaler, for example ``QueueScaling(queue, messages_per_task=50)``;
                default, none: ``desired_count`` tasks run.
            deployment: Replacement of the old version by a new one, ``Rolling`` or ``BlueGreen``; default,
                ``Rolling()``. Only the circuit breaker and your own alarms in ``RollbackAlarms.existing`` roll back.
            release_command: Command that runs once per version, before its first task starts, such as a migration;
                default, none.
            cluster: Cluster of the service; default, the stack's own.
            vpc: VPC for a new cluster; default, the one that the services of the stack share. Not together
                with ``cluster``.
            subnets: Subnets of the tasks; default, private subnets with a route to the internet.
            enable_execute_command: Allow shells in running tasks, as in ``LoadBalancedFargateService``; default, False.
            log_retention: Time for which logs are kept; default, 30 days, or a year under ``Posture.REGULATED``. There
                is no log group when every container sets its own ``logging``.

        Raises:
            ConfigurationError: The options contradict each other or need a load balancer, a stop timeout is longer than
                a message stays invisible, or the network has no route to the image.
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
        )
        task_plan = TaskPlan.of(
            plan, container, sidecars=sidecars, size=size, sessions=enable_execute_command, log_retention=log_retention
        )
        super().__init__(scope, construct_id)
        foundation = fargate_foundation(self, plan, task_plan)
        service = fargate_service(self, foundation)
        self._assemble(service, plan, foundation)
