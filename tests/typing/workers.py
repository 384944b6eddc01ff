"""The public names of workers as a user writes them; type checkers read this file, and nothing runs it."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from typing_extensions import assert_type

from ecr_fargate_constructs import (
    BlueGreen,
    Ec2WorkerContainer,
    Ec2WorkerService,
    QueueScaling,
    RollbackAlarms,
    Rolling,
    WorkerContainer,
    WorkerService,
    WorkQueue,
)


def workers(stack: cdk.Stack, topic: sns.Topic, own: sqs.Queue) -> WorkerService:
    queue = WorkQueue(stack, "Jobs", visibility_timeout=cdk.Duration.minutes(10), actions=[topic])
    assert_type(queue.queue, sqs.Queue)
    queue.grant_send_messages(iam.AccountPrincipal("111122223333"))
    assert_type(queue.dead_letter_alarm, cloudwatch.Alarm)
    worker = WorkerService(
        stack,
        "Worker",
        container=WorkerContainer("public.ecr.aws/docker/library/python:3.13-slim", command=["celery", "worker"]),
        scaling=QueueScaling(queue, messages_per_task=50, min_capacity=0),
        deployment=Rolling(alarms=RollbackAlarms(existing=[queue.dead_letter_alarm])),
    )
    assert_type(worker.service, ecs.FargateService)
    machines = Ec2WorkerService(
        stack,
        "Gpu",
        container=Ec2WorkerContainer("public.ecr.aws/docker/library/python:3.13-slim", gpu_count=1),
        scaling=QueueScaling(own, messages_per_task=1),
        deployment=BlueGreen(),
    )
    assert_type(machines.service, ecs.Ec2Service)
    return worker
