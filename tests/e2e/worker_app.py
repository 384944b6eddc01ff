"""The app of ``test_workers.py``: a worker whose tasks count each message that they handle in a table."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions

from ecr_fargate_constructs import (
    PrivateRepository,
    QueueScaling,
    WorkerContainer,
    WorkerService,
    WorkQueue,
)

app = cdk.App()
stack = cdk.Stack(app, "Web")
image = PrivateRepository(stack, "Repo").build_and_push_image(Path(__file__).parent / "app")
done = dynamodb.TableV2(stack, "Done", partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING))
orders = sns.Topic(stack, "Orders", enforce_ssl=True)
work = WorkQueue(stack, "Work", visibility_timeout=cdk.Duration.seconds(15), max_receive_count=3)
orders.add_subscription(
    subscriptions.SqsSubscription(work.queue, raw_message_delivery=True, dead_letter_queue=work.dead_letter_queue)
)
worker = WorkerService(
    stack,
    "Worker",
    container=WorkerContainer(
        image,
        command=["python", "worker.py"],
        environment={"QUEUE_URL": work.queue_url, "TABLE": done.table_name},
    ),
    scaling=QueueScaling(work, messages_per_task=50, max_capacity=5, scale_in_cooldown=cdk.Duration.minutes(1)),
)
done.grant(worker, "dynamodb:UpdateItem")
for name, value in {
    "Topic": orders.topic_arn,
    "QueueUrl": work.queue_url,
    "DeadLetters": work.dead_letter_queue.queue_url,
    "Table": done.table_name,
}.items():
    cdk.CfnOutput(stack, name, value=value)
app.synth()
