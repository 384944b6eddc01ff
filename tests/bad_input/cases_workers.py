"""Workers, their queues, and how they scale."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_applicationautoscaling as appscaling
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as ecs_patterns
from aws_cdk import aws_sqs as sqs

from ecr_fargate_constructs import (
    BlueGreen,
    Canary,
    QueueScaling,
    RollbackAlarms,
    Rolling,
    Scaling,
    ServiceConnect,
    TestTrafficPort,
    WorkerContainer,
    WorkerService,
    WorkQueue,
)
from tests.bad_input.case import NGINX, Case, Expected, Place, Refused, Warned

FAMILY = "Workers and queues"
STEPS = [appscaling.ScalingInterval(upper=0, change=-1), appscaling.ScalingInterval(lower=100, change=1)]


def _worker(place: Place, **options: Any) -> WorkerService:  # noqa: ANN401 - bad input
    return WorkerService(place.stack, "Web", **{"container": WorkerContainer(NGINX), **options})


def _pattern(place: Place, **options: Any) -> object:  # noqa: ANN401 - CDK's options
    image = ecs.ContainerImage.from_registry(NGINX)
    return ecs_patterns.QueueProcessingFargateService(place.stack, "Web", image=image, **options)


def _queue(place: Place, **options: Any) -> sqs.Queue:  # noqa: ANN401 - CDK's options
    return sqs.Queue(place.stack, "Queue", **options)


def _service(place: Place, stop: cdk.Duration | None = None, **options: Any) -> ecs.FargateService:  # noqa: ANN401 - CDK's options
    definition = ecs.FargateTaskDefinition(place.stack, "Task")
    definition.add_container("web", image=ecs.ContainerImage.from_registry(NGINX), stop_timeout=stop)
    cluster = ecs.Cluster(place.stack, "Cluster")
    return ecs.FargateService(place.stack, "Service", cluster=cluster, task_definition=definition, **options)


def _scaled(place: Place, stop: cdk.Duration | None = None) -> None:
    """CDK's service that scales by the length of a queue, which knows neither the queue nor the tasks."""
    _service(place, stop).auto_scale_task_count(max_capacity=2).scale_on_metric(
        "Queue", metric=place.given.metric_approximate_number_of_messages_visible(), scaling_steps=STEPS
    )


def _deployment(what: str, expected: Expected, ours: Any, theirs: ecs.DeploymentStrategy | None = None) -> Case:  # noqa: ANN401 - bad input
    bare = None if theirs is None else lambda p: _service(p, deployment_strategy=theirs)
    return Case(FAMILY, what, lambda p: _worker(p, deployment=ours()), bare, expected)


def _limits(what: str, expected: Expected, minimum: float, maximum: float) -> Case:
    return Case(
        FAMILY,
        what,
        lambda p: _worker(p, scaling=QueueScaling(p.given, 5, min_capacity=minimum, max_capacity=maximum)),
        lambda p: _pattern(p, min_scaling_capacity=minimum, max_scaling_capacity=maximum),
        expected,
        given=_queue,
    )


CASES = [
    Case(
        FAMILY,
        "a stop timeout longer than a message stays invisible",
        lambda p: _worker(
            p,
            container=WorkerContainer(NGINX, stop_timeout=cdk.Duration.seconds(60)),
            scaling=QueueScaling(p.given, messages_per_task=5),
        ),
        lambda p: _scaled(p, cdk.Duration.seconds(60)),
        Refused("stop_timeout is 60 seconds", "raise the queue's visibility_timeout to 60 seconds or more"),
        given=_queue,
    ),
    Case(
        FAMILY,
        "a queue without a dead-letter queue",
        lambda p: _worker(p, scaling=QueueScaling(p.given, messages_per_task=5)),
        lambda p: _pattern(p, queue=p.given),
        Warned("queueWithoutDeadLetters"),
        given=lambda p: _queue(p, visibility_timeout=cdk.Duration.minutes(5)),
    ),
    Case(
        FAMILY,
        "a cluster without Container Insights",
        lambda p: _worker(
            p,
            scaling=QueueScaling(p.given, messages_per_task=5),
            cluster=ecs.Cluster(p.stack, "Cluster", container_insights_v2=ecs.ContainerInsights.DISABLED),
        ),
        None,  # its steps follow the length of the queue alone
        Warned("queueScalingWithoutInsights"),
        given=lambda p: sqs.Queue.from_queue_arn(p.stack, "Queue", "arn:aws:sqs:us-east-1:123456789012:jobs"),
    ),
    Case(
        FAMILY,
        "0 messages per task",
        lambda p: _worker(p, scaling=QueueScaling(p.given, 0)),
        None,
        Refused("messages_per_task=0", "use 1 or more"),
        given=_queue,
    ),
    _limits("a queue that scales from -1 task", Refused("min_capacity=-1", "use 0 or more"), -1, 10),
    _limits("a queue with no room to scale", Refused("leaves no room", "or use desired_count=3"), 3, 3),
    Case(
        FAMILY,
        "a worker that scales by requests",
        lambda p: _worker(p, scaling=Scaling(min_capacity=1, max_capacity=2, requests_per_target=100)),
        None,
        Refused("requests_per_target counts the requests of a load balancer", "use QueueScaling(queue, …)"),
    ),
    _deployment(
        "a canary of a worker",
        Refused("Canary shifts traffic", "use Rolling(…) or BlueGreen(…)"),
        Canary,
        ecs.DeploymentStrategy.CANARY,
    ),
    _deployment(
        "test traffic of a worker",
        Refused("BlueGreen.test_traffic is a listener", "judge the new version with hooks"),
        lambda: BlueGreen(test_traffic=TestTrafficPort(port=8080)),
    ),
    _deployment(
        "a rollback by requests of a worker",
        Refused("RollbackAlarms.error_percent is about the requests", "name alarms of your own in existing="),
        lambda: Rolling(alarms=RollbackAlarms(error_percent=1)),
    ),
    Case(
        FAMILY,
        "a name by which others call a worker",
        lambda p: p.given.enable_service_connect(ServiceConnect(namespace="apps", name="jobs")),
        lambda p: _service(p).enable_service_connect(
            namespace="apps", services=[ecs.ServiceConnectService(port_mapping_name="web")]
        ),
        Refused("ServiceConnect.name='jobs'", "omit it: the worker calls the others"),
        given=_worker,
    ),
    Case(
        FAMILY,
        "0 attempts before a dead letter",
        lambda p: WorkQueue(p.stack, "Web", max_receive_count=0),
        lambda p: _queue(p, dead_letter_queue=sqs.DeadLetterQueue(max_receive_count=0, queue=sqs.Queue(p.stack, "D"))),
        Refused("max_receive_count=0", "use 1 to 1000"),
    ),
    Case(
        FAMILY,
        "a visibility timeout of 13 hours",
        lambda p: WorkQueue(p.stack, "Web", visibility_timeout=cdk.Duration.hours(13)),
        lambda p: _queue(p, visibility_timeout=cdk.Duration.hours(13)),
        Refused("visibility_timeout is 46800 seconds", "0 to 43200"),
    ),
    Case(
        FAMILY,
        "a retention of 15 days",
        lambda p: WorkQueue(p.stack, "Web", retention=cdk.Duration.days(15)),
        lambda p: _queue(p, retention_period=cdk.Duration.days(15)),
        Refused("retention is 1296000 seconds", "60 to 1209600"),
    ),
]
