"""The public names of jobs as a user writes them; type checkers read this file, and nothing runs it."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from typing_extensions import assert_type

from ecr_fargate_constructs import JobAlarms, JobContainer, JobRuns, Overlap, ScheduledJob, Spot


def jobs(stack: cdk.Stack, topic: sns.Topic, bucket: s3.Bucket) -> ScheduledJob:
    job = ScheduledJob(
        stack,
        "Report",
        container=JobContainer("public.ecr.aws/docker/library/python:3.14-slim", command=["python", "report.py"]),
        schedule=scheduler.ScheduleExpression.cron(hour="3", minute="0", time_zone=cdk.TimeZone.EUROPE_BERLIN),
        runs=JobRuns(timeout=cdk.Duration.minutes(30), retries=2, overlap=Overlap.SKIP),
        alarms=JobAlarms(actions=[topic], succeeds_within=cdk.Duration.hours(26)),
        capacity=Spot(),
    )
    bucket.grant_read(job)
    assert_type(job.state_machine, sfn.StateMachine)
    assert_type(job.schedule, scheduler.Schedule)
    assert_type(job.dead_letter_queue, sqs.Queue)
    assert_type(job.missed_alarm, cloudwatch.Alarm | None)
    assert_type(job.task_definition, ecs.FargateTaskDefinition)
    return job
