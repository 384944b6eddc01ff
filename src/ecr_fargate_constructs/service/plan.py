"""The plan of a service: every option, normalised and checked once before anything exists."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecr_fargate_constructs._cdk.duration_checks import seconds
from ecr_fargate_constructs._cdk.durations import of_seconds, seconds_in
from ecr_fargate_constructs._cdk.site import path_of
from ecr_fargate_constructs._rules.checks import whole_number
from ecr_fargate_constructs._rules.task_size import TaskSize
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.deployment.rolling import Rolling, check_progress, shift_of
from ecr_fargate_constructs.service.ingress.addresses import check_ipv6, check_way_in
from ecr_fargate_constructs.service.ingress.existing import check_existing, vpc_for
from ecr_fargate_constructs.service.ingress.settings import LoadBalancerSettings
from ecr_fargate_constructs.service.ingress.targets import targets_of
from ecr_fargate_constructs.service.ingress.values import PublicHttp
from ecr_fargate_constructs.service.placement import check_machine_placement, check_placement
from ecr_fargate_constructs.service.release.checks import check_release
from ecr_fargate_constructs.service.task.checks import check_on_fargate, check_task
from ecr_fargate_constructs.service.task.exec_sessions import open_to_sessions
from ecr_fargate_constructs.service.wake.checks import check_wake

if TYPE_CHECKING:
    from collections.abc import Sequence

    import aws_cdk as cdk
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_ecs as ecs
    from aws_cdk import aws_logs as logs
    from constructs import Construct

    from ecr_fargate_constructs.service.capacity.ec2 import Ec2Capacity
    from ecr_fargate_constructs.service.capacity.managed_instances import ManagedInstancesCapacity
    from ecr_fargate_constructs.service.capacity.scaling import Scaling
    from ecr_fargate_constructs.service.container.main import MainContainer
    from ecr_fargate_constructs.service.container.sidecar import Sidecar
    from ecr_fargate_constructs.service.deployment.rolling import Deployment
    from ecr_fargate_constructs.service.ingress.targets import Targets
    from ecr_fargate_constructs.service.ingress.values import Ingress
    from ecr_fargate_constructs.service.release.command import ReleaseCommand

DEFAULT_COUNT = 2
"""Number of tasks by default: one per zone."""

_LEAST_GRACE = 60  # seconds
_LONGEST_GRACE = 2**31 - 1  # seconds; ECS keeps it in a 32-bit number


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class TaskPlan:
    """The plan of a task: its containers, their size, and whether they allow shell sessions."""

    container: MainContainer
    sidecars: Sequence[Sidecar]
    size: TaskSize
    sessions: bool
    log_retention: logs.RetentionDays | None

    @property
    def port(self) -> float:
        """The port to which a load balancer sends the traffic."""
        return self.container.ports[0]

    @classmethod
    def of(
        cls,
        plan: ServicePlan,
        container: MainContainer,
        *,
        sidecars: Sequence[Sidecar] = (),
        size: TaskSize | None = None,
        sessions: bool = False,
        log_retention: logs.RetentionDays | None = None,
    ) -> TaskPlan:
        """Plan the tasks of a service."""
        size = size or TaskSize()
        if plan.on_ec2:
            from ecr_fargate_constructs.service.capacity.ec2 import check_capacity  # noqa: PLC0415 - only on EC2
            from ecr_fargate_constructs.service.task.ec2 import check_ec2_task  # noqa: PLC0415 - as above

            check_capacity(plan.scope, plan.capacity, plan.cluster, container)
            check_ec2_task(size, plan.scaling)
        else:
            ec2 = sys.modules.get("ecr_fargate_constructs.service.container.ec2")
            if ec2 is not None:  # if it was never imported, this is no container of it
                ec2.refuse_on_fargate(container)
            check_on_fargate(container, sidecars)
        check_task(container, sidecars, size=size)
        if plan.release_command is not None:
            check_release(plan.release_command, container, sidecars, on_ec2=plan.on_ec2)
        if sessions:
            container, sidecars = open_to_sessions(container), [open_to_sessions(each) for each in sidecars]
        if plan.on_ec2:
            from ecr_fargate_constructs.service.task.ec2 import with_memory  # noqa: PLC0415 - only on EC2

            container, sidecars = with_memory(container), [with_memory(each) for each in sidecars]
        return cls(container=container, sidecars=sidecars, size=size, sessions=sessions, log_retention=log_retention)


@dataclass(frozen=True, kw_only=True, init=False, repr=False, eq=False)
class ServicePlan:
    """The plan of a service, without its containers, which ``EcrFargateService`` creates later.

    Attributes:
        scope: Parent of the service.
        path: Path of the service.
        count: Number of tasks in the template; None if an autoscaler decides.
        scaling: Limits and signals of the autoscaler; None without one.
        deployment: Replacement of the old version by a new one.
        release_command: Command that runs once per version, before its tasks; None without one.
        cluster: The given cluster.
        vpc: The given VPC, or that of the load balancer; None for the cluster's, or for the one that the services of
            the stack share.
        subnets: The given subnets; None for private subnets with a route to the internet.
        on_ec2: True for a service on EC2, False on Fargate.
        capacity: The given EC2 instances.
    """

    scope: Construct
    path: str
    count: float | None
    scaling: Scaling | None
    deployment: Deployment
    release_command: ReleaseCommand | None
    cluster: ecs.ICluster | None
    vpc: ec2.IVpc | None
    subnets: ec2.SubnetSelection | None
    on_ec2: bool
    capacity: Ec2Capacity | ManagedInstancesCapacity | None

    @property
    def stop_timeout(self) -> cdk.Duration:
        """Stop timeout of containers that set none."""
        raise NotImplementedError  # each kind of service has its own

    def grace_of(self, container: MainContainer) -> cdk.Duration | None:  # noqa: ARG002 - only targets have checks
        """Return the grace period; None for a service without target group."""
        return None


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class TargetedPlan(ServicePlan):
    """The plan of a service whose tasks are targets of a load balancer.

    Attributes:
        grace_period: The given grace period; None to calculate it.
        targets: Health check, deregistration delay and balancing of the tasks.
    """

    grace_period: cdk.Duration | None
    targets: Targets

    @property
    def stop_timeout(self) -> cdk.Duration:
        """Stop timeout of containers that set none: the deregistration delay, within the limits of ECS."""
        return self.targets.stop_timeout

    def grace_of(self, container: MainContainer) -> cdk.Duration:
        """Return the time that a task needs to start and to pass its first checks; with less, ECS would stop it."""
        if self.grace_period is not None:
            return self.grace_period
        check = self.targets.health_check
        start = container.health_check.start_period if container.health_check is not None else None
        delay, interval = 0 if start is None else seconds_in(start), seconds_in(check.interval)
        if delay is None or interval is None:
            return of_seconds(_LEAST_GRACE)
        first = interval * (2 if is_token(check.healthy_threshold) else check.healthy_threshold)
        return of_seconds(max(_LEAST_GRACE, first + delay))


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class LoadBalancedPlan(TargetedPlan):
    """The plan of a service with a load balancer of its own.

    Attributes:
        ingress: Kind and settings of the load balancer.
        ingress_is_default: True when the user set none, which gets a warning.
    """

    ingress: Ingress
    ingress_is_default: bool

    @classmethod
    def of(
        cls,
        scope: Construct,
        construct_id: str,
        *,
        ingress: Ingress | None,
        desired_count: float | None,
        scaling: Scaling | None,
        deployment: Deployment | None,
        release_command: ReleaseCommand | None,
        cluster: ecs.ICluster | None,
        vpc: ec2.IVpc | None,
        subnets: ec2.SubnetSelection | None,
        health_check_grace_period: cdk.Duration | None,
        on_ec2: bool = False,
        capacity: Ec2Capacity | ManagedInstancesCapacity | None = None,
    ) -> LoadBalancedPlan:
        """Plan a service in ``scope``."""
        path = path_of(scope, construct_id)
        count = planned_count(desired_count, scaling, deployment)
        check_grace_period(health_check_grace_period)
        effective = ingress or PublicHttp()
        vpc = vpc_for(effective, cluster=cluster, vpc=vpc)
        check = check_machine_placement if on_ec2 else check_placement
        check(cluster=cluster, vpc=vpc, subnets=subnets)
        check_existing(scope, effective, cluster=cluster, vpc=vpc)
        if deployment is not None and shift_of(deployment) is not None:
            from ecr_fargate_constructs.service.deployment.apply_shift import check_shift_with_ingress  # noqa: PLC0415 - only with a traffic shift

            check_shift_with_ingress(deployment, effective, scaling)
        own = isinstance(effective.load_balancer, LoadBalancerSettings)
        check_wake(scaling, deployment, targets_of(effective), idle_timeout=effective.idle_timeout if own else None)
        check_way_in(scope, effective, path=path)
        check_ipv6(effective, cluster=cluster, vpc=vpc)
        return cls(
            scope=scope,
            path=path,
            count=count,
            scaling=scaling,
            deployment=deployment or Rolling(),
            release_command=release_command,
            cluster=cluster,
            vpc=vpc,
            subnets=subnets,
            grace_period=health_check_grace_period,
            targets=targets_of(effective),
            on_ec2=on_ec2,
            capacity=capacity,
            ingress=effective,
            ingress_is_default=ingress is None,
        )


def planned_count(desired_count: float | None, scaling: Scaling | None, deployment: Deployment | None) -> float | None:
    """Return the number of tasks in the template; None if an autoscaler decides."""
    count = desired_count
    if count is None:
        count = None if scaling is not None else DEFAULT_COUNT
    elif scaling is not None:
        raise ConfigurationError(
            f"desired_count={count:g} and scaling are both given, and the autoscaler decides how many tasks "
            f"run; keep one (a fixed number is Scaling(min_capacity={count:g}, max_capacity={count:g}))"
        )
    else:
        what = "a number of tasks (to stop the service use scaling=Scaling(…, paused=True))"
        whole_number("desired_count", count, minimum=1, what=what)
    if isinstance(deployment, Rolling) and (scaling is None or not scaling.paused):
        check_progress(deployment, count if scaling is None else scaling.least_awake or None)
    return count


def check_grace_period(period: cdk.Duration | None) -> None:
    """Refuse a grace period that ECS refuses."""
    if period is not None:
        seconds("health_check_grace_period", period, minimum=0, maximum=_LONGEST_GRACE)
