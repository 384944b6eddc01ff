"""The plan of a worker, and what both kinds of worker share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs._cdk.acknowledge import acknowledge_policy, iam5_resource
from ecr_fargate_constructs._cdk.durations import of_seconds, seconds_in
from ecr_fargate_constructs._cdk.site import path_of
from ecr_fargate_constructs._cdk.warning import warn
from ecr_fargate_constructs._regulated.findings import acknowledge_grants
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.base import Assembly, ServiceBase
from ecr_fargate_constructs.service.capacity.queue_scaling import QueueScaling
from ecr_fargate_constructs.service.deployment.alarms import check_without_targets
from ecr_fargate_constructs.service.deployment.apply import configure
from ecr_fargate_constructs.service.deployment.rolling import Rolling
from ecr_fargate_constructs.service.foundation import finish
from ecr_fargate_constructs.service.parts import Service
from ecr_fargate_constructs.service.placement import check_machine_placement, check_placement
from ecr_fargate_constructs.service.plan import ServicePlan, planned_count
from ecr_fargate_constructs.service.task.definition import TaskDefinition

if TYPE_CHECKING:
    import aws_cdk as cdk
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_iam as iam
    from constructs import Construct

    from ecr_fargate_constructs._rules.tokens import Number
    from ecr_fargate_constructs.service.capacity.ec2 import Ec2Capacity
    from ecr_fargate_constructs.service.capacity.managed_instances import ManagedInstancesCapacity
    from ecr_fargate_constructs.service.capacity.scaling import Scaling
    from ecr_fargate_constructs.service.container.worker import WorkerContainer
    from ecr_fargate_constructs.service.deployment.rolling import Deployment
    from ecr_fargate_constructs.service.discovery import ServiceConnect
    from ecr_fargate_constructs.service.foundation import Foundation
    from ecr_fargate_constructs.service.release.command import ReleaseCommand

_LONGEST_STOP = 120  # seconds: "stopTimeout" in the Amazon ECS API reference, for Fargate
_DEFAULT_VISIBILITY = 30  # seconds: "SetQueueAttributes" in the Amazon SQS API reference


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class WorkerPlan(ServicePlan):
    """The plan of a worker.

    Attributes:
        visibility: Seconds for which a received message is invisible; None without a queue, and if it is unknown.
    """

    visibility: float | None

    @classmethod
    def of(
        cls,
        scope: Construct,
        construct_id: str,
        *,
        container: WorkerContainer,
        desired_count: Number | None,
        scaling: Scaling | None,
        deployment: Deployment | None,
        release_command: ReleaseCommand | None,
        cluster: ecs.ICluster | None,
        vpc: ec2.IVpc | None,
        subnets: ec2.SubnetSelection | None,
        on_ec2: bool = False,
        capacity: Ec2Capacity | ManagedInstancesCapacity | None = None,
    ) -> WorkerPlan:
        """Plan a worker in ``scope``.

        Raises:
            ConfigurationError: The options contradict each other, or need a load balancer.
        """
        path = path_of(scope, construct_id)
        count = planned_count(desired_count, scaling, deployment)
        check = check_machine_placement if on_ec2 else check_placement
        check(cluster=cluster, vpc=vpc, subnets=subnets, balanced=False)
        _check_signal(scaling)
        _check_wake(scaling)
        deployment = deployment or Rolling()
        _check_deployment(deployment)
        visibility = _visibility_of(scaling)
        _check_stop(container, visibility)
        return cls(
            scope=scope,
            path=path,
            count=count,
            scaling=scaling,
            deployment=deployment,
            release_command=release_command,
            cluster=cluster,
            vpc=vpc,
            subnets=subnets,
            on_ec2=on_ec2,
            capacity=capacity,
            visibility=visibility,
        )

    @property
    def stop_timeout(self) -> cdk.Duration:
        """Stop timeout of containers that set none: two minutes, or as long as a message stays invisible."""
        known = _LONGEST_STOP if self.visibility is None else self.visibility
        return of_seconds(max(2, min(_LONGEST_STOP, known)))


def _check_signal(scaling: Scaling | None) -> None:
    if scaling is not None and scaling.requests_per_target is not None:
        raise ConfigurationError(
            f"{type(scaling).__name__}.requests_per_target counts the requests of a load balancer, and a worker has "
            "none; use QueueScaling(queue, …), or cpu_percent=",
        )


def _check_wake(scaling: Scaling | None) -> None:
    if scaling is not None and scaling.wake is not None:
        raise ConfigurationError(
            f"{type(scaling).__name__}.wake starts a service at a request of a load balancer, and a worker gets none; "
            "use QueueScaling(queue, …, min_capacity=0), with which the first message starts a task",
        )


def _check_deployment(deployment: Deployment) -> None:
    """Refuse deployments that shift traffic: ECS has blue/green for services without any, and nothing else."""
    from ecr_fargate_constructs.service.deployment.traffic_shift import BlueGreen  # noqa: PLC0415 - few workers

    if isinstance(deployment, Rolling):
        if deployment.ready_for is not None:
            raise ConfigurationError(
                "Rolling.ready_for keeps the second target group of a load balancer, and a worker has none; omit it: "
                "a worker may change from BlueGreen() to Rolling() at any time",
            )
    elif not isinstance(deployment, BlueGreen):
        raise ConfigurationError(
            f"{type(deployment).__name__} shifts traffic step by step, and a worker gets none; use Rolling(…) or "
            "BlueGreen(…)",
        )
    elif deployment.test_traffic is not None:
        raise ConfigurationError(
            "BlueGreen.test_traffic is a listener or a rule of a load balancer, and a worker has none; omit it, and "
            "judge the new version with hooks at DeploymentLifecycleStage.POST_SCALE_UP",
        )
    check_without_targets(deployment.alarms)


def _visibility_of(scaling: Scaling | None) -> float | None:
    """Return for how many seconds a received message is invisible; None if only its owner or the deployment knows."""
    if not isinstance(scaling, QueueScaling):
        return None
    from aws_cdk import aws_sqs as sqs  # noqa: PLC0415 - only with a queue

    resource = scaling.source.node.default_child
    if not isinstance(resource, sqs.CfnQueue):
        return None
    timeout = resource.visibility_timeout
    if timeout is None:
        return _DEFAULT_VISIBILITY
    return None if is_token(timeout) else timeout


def _check_stop(container: WorkerContainer, visibility: float | None) -> None:
    """Refuse a stop timeout in which the message at hand would become visible, and be handled twice."""
    if visibility is None or container.stop_timeout is None:
        return
    stop = seconds_in(container.stop_timeout)
    if stop is not None and stop > visibility:
        raise ConfigurationError(
            f"WorkerContainer.stop_timeout is {stop:g} seconds, but a received message becomes visible again after "
            f"{visibility:g}: a task that stops would finish a message that another one has started; raise the "
            f"queue's visibility_timeout to {stop:g} seconds or more, or lower stop_timeout",
        )


class WorkerServiceBase(ServiceBase[Service, TaskDefinition]):
    """The properties and methods of a worker."""

    def _assemble(self, service: Service, plan: WorkerPlan, foundation: Foundation[TaskDefinition]) -> None:
        """Set everything that CDK's constructor has no option for."""
        configure(self, service, plan.deployment, groups={}, balancer="", count=plan.count, grace=of_seconds(0))
        _allow_protection(foundation.cluster, foundation.task.definition.task_role)
        release = finish(self, service, None, foundation)
        _warn_of_lost_messages(self, plan.scaling)
        self._assembly = Assembly(foundation=foundation, service=service, release=release)

    def enable_service_connect(self, connect: ServiceConnect) -> None:
        """Let the worker call the services of a Service Connect namespace; once.

        Raises:
            ConfigurationError: The worker would have a name itself, or is in a namespace already.
        """
        if connect.name is not None:
            raise ConfigurationError(
                f"ServiceConnect.name={connect.name!r} is a name by which others call a port, and a worker has none; "
                "omit it: the worker calls the others",
                path=self.node.path,
            )
        super().enable_service_connect(connect)


def _allow_protection(cluster: ecs.ICluster, role: iam.IRole) -> None:
    """Allow a task to protect itself while it works on a message; ECS's agent asks with the task role.

    Source: "Amazon ECS task scale-in protection endpoint" in the Amazon ECS developer guide.
    """
    grant = ecs.ClusterGrants.from_cluster(cluster).task_protection(role)
    reason = "A task protects itself from being stopped while it works; its id is not known before it starts."
    for statement in grant.principal_statements:
        statement.add_actions("ecs:GetTaskProtection")  # a task that asks with GET; CDK grants the other one only
        acknowledge_policy(role, {iam5_resource(role, arn): reason for arn in statement.resources})
    acknowledge_grants(role)


def _warn_of_lost_messages(scope: Construct, scaling: Scaling | None) -> None:
    """Warn of a queue without a dead-letter queue, in which a poisoned message comes back until it expires."""
    from aws_cdk import aws_sqs as sqs  # noqa: PLC0415 - only with a queue

    if not isinstance(scaling, QueueScaling):
        return
    resource = scaling.source.node.default_child
    if isinstance(resource, sqs.CfnQueue) and resource.redrive_policy is None:
        warn(
            scope,
            "queueWithoutDeadLetters",
            f"the queue {scaling.source.node.path} has no dead-letter queue: a message that always fails comes back "
            "until it expires, and then is lost; use a WorkQueue, or sqs.Queue(dead_letter_queue=…)",
        )
