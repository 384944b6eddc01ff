"""Made from a Copilot manifest by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions

from ecr_fargate_constructs import (
    Mixed,
    PrivateRepository,
    QueueScaling,
    TaskSize,
    WorkerContainer,
    WorkerService,
    WorkQueue,
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "CostAnalyzer")

    queue = WorkQueue(
        stack,
        "Queue",
        visibility_timeout=cdk.Duration.seconds(30),
        max_receive_count=10,
        retention=cdk.Duration.minutes(5760),
    )
    orders_products_topic = sns.Topic(stack, "OrdersProductsTopic", enforce_ssl=True)
    orders_products_topic.add_subscription(
        subscriptions.SqsSubscription(
            queue.queue,
            filter_policy={"event": sns.SubscriptionFilter(conditions=[{"anything-but": "order_cancelled"}])},
            dead_letter_queue=queue.dead_letter_queue,
        ),
    )
    repository = PrivateRepository(stack, "Repository")
    image = repository.build_and_push_image("./cost-analyzer")
    cost_analyzer = WorkerService(
        stack,
        "CostAnalyzer",
        container=WorkerContainer(
            image, environment={"COPILOT_SERVICE_NAME": "cost-analyzer"}, readonly_root_filesystem=False
        ),
        size=TaskSize(cpu=512, memory_mib=1024),
        enable_execute_command=True,
        scaling=QueueScaling(
            queue,
            messages_per_task=2400,
            min_capacity=1,
            max_capacity=10,
            cpu_percent=70,
            capacity=Mixed(base=1, on_demand_weight=0),
        ),
    )
    cost_analyzer.container.add_environment("COPILOT_QUEUE_URI", queue.queue_url)
    cost_analyzer_reports_topic = sns.Topic(stack, "CostAnalyzerReportsTopic", enforce_ssl=True)
    cost_analyzer_reports_topic.grant_publish(cost_analyzer)
    cost_analyzer.container.add_environment(
        "COPILOT_SNS_TOPIC_ARNS", stack.to_json_string({"reports": cost_analyzer_reports_topic.topic_arn})
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
