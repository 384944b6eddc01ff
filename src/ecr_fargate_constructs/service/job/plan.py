"""The plan of a job: every option, normalised and checked before anything exists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecr_fargate_constructs._cdk.durations import of_seconds
from ecr_fargate_constructs._cdk.site import path_of
from ecr_fargate_constructs._rules.schedule_expression import check_expression, check_zone
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.capacity.fargate import OnDemand
from ecr_fargate_constructs.service.deployment.rolling import Rolling
from ecr_fargate_constructs.service.job.runs import JobAlarms, JobRuns
from ecr_fargate_constructs.service.placement import check_placement
from ecr_fargate_constructs.service.plan import ServicePlan

if TYPE_CHECKING:
    from collections.abc import Sequence

    import aws_cdk as cdk
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_ecs as ecs
    from aws_cdk import aws_scheduler as scheduler
    from constructs import Construct

    from ecr_fargate_constructs.service.capacity.fargate import Spot
    from ecr_fargate_constructs.service.container.base import TaskContainer

_LONGEST_STOP = 120  # seconds: "stopTimeout" in the Amazon ECS API reference, for Fargate


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class JobPlan(ServicePlan):
    """The plan of a job.

    Attributes:
        schedule: When it is due.
        runs: Rules for its runs.
        alarms: Its alarms.
        fargate: Fargate capacity of its tasks.
    """

    schedule: scheduler.ScheduleExpression
    runs: JobRuns
    alarms: JobAlarms
    fargate: OnDemand | Spot

    @classmethod
    def of(
        cls,
        scope: Construct,
        construct_id: str,
        *,
        containers: Sequence[TaskContainer],
        schedule: scheduler.ScheduleExpression,
        runs: JobRuns | None,
        alarms: JobAlarms | None,
        capacity: OnDemand | Spot | None,
        cluster: ecs.ICluster | None,
        vpc: ec2.IVpc | None,
        subnets: ec2.SubnetSelection | None,
    ) -> JobPlan:
        """Plan a job in ``scope``.

        Raises:
            ConfigurationError: The options contradict each other, or AWS refuses one.
        """
        path = path_of(scope, construct_id)
        check_placement(cluster=cluster, vpc=vpc, subnets=subnets, balanced=False)
        expression = schedule.expression_string
        check_expression("schedule", expression, "ScheduleExpression")
        if schedule.time_zone is not None and not is_token(expression) and not expression.startswith("rate("):
            check_zone("schedule", schedule.time_zone.timezone_name)
        _check_volumes(containers)
        return cls(
            scope=scope,
            path=path,
            count=None,
            scaling=None,
            deployment=Rolling(),
            release_command=None,
            cluster=cluster,
            vpc=vpc,
            subnets=subnets,
            on_ec2=False,
            capacity=None,
            schedule=schedule,
            runs=runs or JobRuns(),
            alarms=alarms or JobAlarms(),
            fargate=capacity or OnDemand(),
        )

    @property
    def stop_timeout(self) -> cdk.Duration:
        """Stop timeout of containers that set none."""
        return of_seconds(_LONGEST_STOP)


def _check_volumes(containers: Sequence[TaskContainer]) -> None:
    """Refuse disks: only services, and RunTask itself, can have ECS make one; Step Functions does not pass it on."""
    mounts = [mount for container in containers for mount in container.mounts]
    if not mounts:
        return
    from ecr_fargate_constructs.service.container.volumes import EbsVolume  # noqa: PLC0415 - few tasks have volumes

    for mount in mounts:
        if isinstance(mount.volume, EbsVolume):
            raise ConfigurationError(
                f"the job mounts the EbsVolume {mount.volume.name!r}, which Step Functions cannot pass to RunTask; use "
                "a SharedVolume with TaskSize(ephemeral_storage_gib=…), up to 200 GiB, or an EfsVolume"
            )
