"""Made from a Copilot manifest by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions

from ecr_fargate_constructs import Sidecar, WorkerContainer, WorkerService, WorkQueue


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Mailer")

    queue = WorkQueue(stack, "Queue")
    accounts_signups_topic = sns.Topic(stack, "AccountsSignupsTopic", enforce_ssl=True)
    accounts_signups_topic.add_subscription(
        subscriptions.SqsSubscription(queue.queue, dead_letter_queue=queue.dead_letter_queue)
    )
    payments_refunds_topic = sns.Topic(stack, "PaymentsRefundsTopic", enforce_ssl=True)
    payments_refunds_topic.add_subscription(
        subscriptions.SqsSubscription(
            queue.queue,
            filter_policy={
                "amount": sns.SubscriptionFilter(conditions=[{"numeric": [">=", 100, "<", 99.5]}]),
                "gift": sns.SubscriptionFilter(conditions=[{"exists": False}]),
                "floor": sns.SubscriptionFilter(conditions=["3"]),
                "country": sns.SubscriptionFilter(conditions=["nl", {"prefix": "d"}]),
            },
            dead_letter_queue=queue.dead_letter_queue,
        ),
    )
    mailer = WorkerService(
        stack,
        "Mailer",
        container=WorkerContainer(
            "public.ecr.aws/docker/library/python:3.13-slim",
            environment={"COPILOT_SERVICE_NAME": "mailer"},
            command=["python", "mail.py"],
            readonly_root_filesystem=False,
        ),
        sidecars=[
            Sidecar(
                "worker-task",
                "public.ecr.aws/nginx/nginx:1.29",
                essential=False,
                environment={"COPILOT_SERVICE_NAME": "mailer"},
                readonly_root_filesystem=False,
            ),
            Sidecar(
                "metrics",
                "public.ecr.aws/nginx/nginx:1.29",
                environment={"COPILOT_SERVICE_NAME": "mailer"},
                readonly_root_filesystem=False,
                depends_on={"worker": ecs.ContainerDependencyCondition.START},
            ),
        ],
        desired_count=3,
    )
    queue.queue.grant_consume_messages(mailer)
    mailer.container.add_environment("COPILOT_QUEUE_URI", queue.queue_url)
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
