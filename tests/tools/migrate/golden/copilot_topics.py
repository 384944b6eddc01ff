"""Made from Copilot manifests by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_servicediscovery as cloudmap
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions

from ecr_fargate_constructs import (
    AppContainer,
    CloudMap,
    LoadBalancedFargateService,
    Network,
    PrivateRepository,
    PublicHttp,
    QueueScaling,
    WorkerContainer,
    WorkerService,
    WorkQueue,
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")
    network = Network(stack, "Network")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)
    discovery = cloudmap.PrivateDnsNamespace(stack, "Discovery", name="test.shop.local", vpc=network.vpc)

    api_repository = PrivateRepository(stack, "ApiRepository")
    api_image = api_repository.build_and_push_image("./api")
    api = LoadBalancedFargateService(
        stack,
        "Api",
        container=AppContainer(
            api_image,
            8080,
            environment={
                "COPILOT_SERVICE_NAME": "api",
                "COPILOT_APPLICATION_NAME": "shop",
                "COPILOT_ENVIRONMENT_NAME": "test",
                "COPILOT_SERVICE_DISCOVERY_ENDPOINT": "test.shop.local",
            },
            readonly_root_filesystem=False,
        ),
        cluster=cluster,
        ingress=PublicHttp(),
    )
    api.container.add_environment("COPILOT_LB_DNS", api.load_balancer.load_balancer_dns_name)
    api.enable_cloud_map(CloudMap(namespace=discovery, name="api"))
    api_orders_topic = sns.Topic(stack, "ApiOrdersTopic", enforce_ssl=True, fifo=True, content_based_deduplication=True)
    api_orders_topic.grant_publish(api)
    api_prices_topic = sns.Topic(stack, "ApiPricesTopic", enforce_ssl=True)
    api_prices_topic.grant_publish(api)
    api.container.add_environment(
        "COPILOT_SNS_TOPIC_ARNS",
        stack.to_json_string({"orders": api_orders_topic.topic_arn, "prices": api_prices_topic.topic_arn}),
    )

    packer_queue = WorkQueue(
        stack,
        "PackerQueue",
        visibility_timeout=cdk.Duration.seconds(90),
        max_receive_count=3,
        retention=cdk.Duration.minutes(5760),
        fifo=True,
    )
    api_orders_topic.add_subscription(
        subscriptions.SqsSubscription(packer_queue.queue, dead_letter_queue=packer_queue.dead_letter_queue)
    )
    packer_repository = PrivateRepository(stack, "PackerRepository")
    packer_image = packer_repository.build_and_push_image("./packer")
    packer = WorkerService(
        stack,
        "Packer",
        container=WorkerContainer(
            packer_image,
            environment={
                "COPILOT_SERVICE_NAME": "packer",
                "COPILOT_APPLICATION_NAME": "shop",
                "COPILOT_ENVIRONMENT_NAME": "test",
                "COPILOT_SERVICE_DISCOVERY_ENDPOINT": "test.shop.local",
            },
            readonly_root_filesystem=False,
        ),
        cluster=cluster,
        scaling=QueueScaling(packer_queue, messages_per_task=40, min_capacity=0, max_capacity=20),
    )
    packer.container.add_environment("COPILOT_QUEUE_URI", packer_queue.queue_url)

    api.connections.allow_from(packer, ec2.Port.tcp(8080))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
