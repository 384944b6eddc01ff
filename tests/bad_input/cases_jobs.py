"""Scheduled jobs."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_applicationautoscaling as appscaling
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as ecs_patterns
from aws_cdk import aws_scheduler as scheduler

from ecr_fargate_constructs import EbsVolume, JobAlarms, JobContainer, JobRuns, Mount, ScheduledJob
from tests.bad_input.case import NGINX, Case, Place, Refused, Warned

FAMILY = "Scheduled jobs"
HOURLY = scheduler.ScheduleExpression.rate(cdk.Duration.hours(1))


def _job(place: Place, **options: Any) -> ScheduledJob:  # noqa: ANN401 - bad input
    return ScheduledJob(place.stack, "Web", **{"container": JobContainer(NGINX), "schedule": HOURLY, **options})


def _pattern(place: Place, expression: str) -> object:
    image = ecs_patterns.ScheduledFargateTaskImageOptions(image=ecs.ContainerImage.from_registry(NGINX))
    return ecs_patterns.ScheduledFargateTask(
        place.stack,
        "Web",
        schedule=appscaling.Schedule.expression(expression),
        scheduled_fargate_task_image_options=image,
    )


CASES = [
    Case(
        FAMILY,
        "a schedule as crontab has it",
        lambda p: _job(p, schedule=scheduler.ScheduleExpression.expression("0 3 * * *")),
        lambda p: _pattern(p, "0 3 * * *"),
        Refused("schedule='0 3 * * *' is not a schedule", "use ScheduleExpression.cron("),
    ),
    Case(
        FAMILY,
        "25 o'clock",
        lambda p: _job(p, schedule=scheduler.ScheduleExpression.cron(hour="25", minute="0")),
        lambda p: _pattern(p, "cron(0 25 * * ? *)"),
        Refused("'25' as its hour", "use 0 to 23"),
    ),
    Case(
        FAMILY,
        "a misspelt time zone",
        lambda p: _job(
            p, schedule=scheduler.ScheduleExpression.cron(hour="3", time_zone=cdk.TimeZone.of("Europe/Berlim"))
        ),
        None,
        Refused("'Europe/Berlim' is not a time zone", "use a name of the IANA database"),
    ),
    Case(
        FAMILY,
        "a timeout of half a minute",
        lambda p: _job(p, runs=JobRuns(timeout=cdk.Duration.seconds(30))),
        None,
        Refused("JobRuns.timeout is 30 seconds", "60 to 2592000"),
    ),
    Case(
        FAMILY,
        "100 further attempts",
        lambda p: _job(p, runs=JobRuns(retries=100)),
        None,
        Refused("JobRuns.retries=100", "use 0 to 20"),
    ),
    Case(
        FAMILY,
        "an alarm that would look back 8 days",
        lambda p: _job(p, alarms=JobAlarms(succeeds_within=cdk.Duration.days(8))),
        None,
        Refused("JobAlarms.succeeds_within is 691200 seconds", "600 to 604800"),
    ),
    Case(
        FAMILY,
        "a job that runs once a month, and nobody notices when it does not",
        lambda p: _job(p, schedule=scheduler.ScheduleExpression.cron(day="1", hour="3", minute="0")),
        lambda p: _pattern(p, "cron(0 3 1 * ? *)"),
        Warned("jobTooRareForAlarm"),
    ),
    Case(
        FAMILY,
        "a disk for the task of a job",
        lambda p: _job(p, container=JobContainer(NGINX, mounts=[Mount("/data", EbsVolume("data", size_gib=10))])),
        None,
        Refused("Step Functions cannot pass to RunTask", "use a SharedVolume"),
    ),
]
