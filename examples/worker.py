"""A worker: it handles the orders that a topic announces, and scales by the messages that wait."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions

from ecr_fargate_constructs import (
    PrivateRepository,
    QueueScaling,
    RollbackAlarms,
    Rolling,
    WorkerContainer,
    WorkerService,
    WorkQueue,
)

APP = Path(__file__).parent / "worker"


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Worker")
    image = PrivateRepository(stack, "Repository").build_and_push_image(APP)
    on_call = sns.Topic(stack, "OnCall", enforce_ssl=True)
    orders = sns.Topic(stack, "Orders", enforce_ssl=True)

    queue = WorkQueue(stack, "Queue", visibility_timeout=cdk.Duration.minutes(10), actions=[on_call])
    orders.add_subscription(
        subscriptions.SqsSubscription(queue.queue, raw_message_delivery=True, dead_letter_queue=queue.dead_letter_queue)
    )
    WorkerService(
        stack,
        "Worker",
        container=WorkerContainer(image, environment={"QUEUE_URL": queue.queue_url}),
        scaling=QueueScaling(queue, messages_per_task=50, min_capacity=0, max_capacity=5),
        deployment=Rolling(alarms=RollbackAlarms(existing=[queue.dead_letter_alarm])),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
