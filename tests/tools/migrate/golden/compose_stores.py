"""Made from a compose file by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_servicediscovery as cloudmap

from ecr_fargate_constructs import (
    AppContainer,
    LoadBalancedFargateService,
    PublicHttp,
    ServiceConnect,
    WorkerContainer,
    WorkerService,
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")
    namespace = cloudmap.HttpNamespace(stack, "Namespace", name="shop")

    app_2 = LoadBalancedFargateService(
        stack,
        "App",
        container=AppContainer(
            "public.ecr.aws/docker/library/node:22",
            8080,
            environment={
                "CACHE_URL": "redis://cache:6379/0",
                "VECTOR_HOST": "vectors",
                "CACHE_BACKEND": "cache",
                "KAFKA_BROKERS": "kafka:9092,kafka:9093",
            },
            command=["node", "app.js", "--broker=amqp://broker", "--search", "http://search:9200"],
            readonly_root_filesystem=False,
        ),
        ingress=PublicHttp(),
    )
    app_2.enable_service_connect(ServiceConnect(namespace=namespace, name="app"))

    backup = WorkerService(
        stack,
        "Backup",
        container=WorkerContainer("acme/postgres-backup:1", readonly_root_filesystem=False),
        desired_count=1,
    )
    backup.enable_service_connect(ServiceConnect(namespace=namespace))

    app_2.connections.allow_from(backup, ec2.Port.tcp(8080))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
