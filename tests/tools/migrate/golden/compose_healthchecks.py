"""Made from a compose file by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_servicediscovery as cloudmap

from ecr_fargate_constructs import (
    AppContainer,
    LoadBalancedFargateService,
    PublicHttp,
    ServiceConnect,
    TargetHealthCheck,
    WorkerContainer,
    WorkerService,
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")
    namespace = cloudmap.HttpNamespace(stack, "Namespace", name="shop")

    same = LoadBalancedFargateService(
        stack,
        "Same",
        container=AppContainer(
            "public.ecr.aws/docker/library/node:22",
            3000,
            health_check=ecs.HealthCheck(
                command=["CMD-SHELL", "curl -f http://localhost:3000/healthy"],
                interval=cdk.Duration.seconds(90),
                timeout=cdk.Duration.minutes(1),
            ),
            readonly_root_filesystem=False,
        ),
        ingress=PublicHttp(health_check=TargetHealthCheck(path="/healthy")),
    )
    same.enable_service_connect(ServiceConnect(namespace=namespace, name="same"))

    other = LoadBalancedFargateService(
        stack,
        "Other",
        container=AppContainer(
            "public.ecr.aws/docker/library/node:22",
            3000,
            health_check=ecs.HealthCheck(command=["CMD", "curl", "-f", "http://localhost:9090/-/healthy"], retries=10),
            readonly_root_filesystem=False,
        ),
        ingress=PublicHttp(),
    )
    other.enable_service_connect(ServiceConnect(namespace=namespace, name="other"))

    encrypted = LoadBalancedFargateService(
        stack,
        "Encrypted",
        container=AppContainer(
            "public.ecr.aws/docker/library/node:22",
            8443,
            health_check=ecs.HealthCheck(command=["CMD-SHELL", "curl -kf https://127.0.0.1:8443/ping"]),
            readonly_root_filesystem=False,
        ),
        ingress=PublicHttp(),
    )
    encrypted.enable_service_connect(ServiceConnect(namespace=namespace, name="encrypted"))

    disabled = WorkerService(
        stack,
        "Disabled",
        container=WorkerContainer("public.ecr.aws/docker/library/node:22", readonly_root_filesystem=False),
        desired_count=1,
    )
    disabled.enable_service_connect(ServiceConnect(namespace=namespace))

    none = WorkerService(
        stack,
        "None",
        container=WorkerContainer("public.ecr.aws/docker/library/node:22", readonly_root_filesystem=False),
        desired_count=1,
    )
    none.enable_service_connect(ServiceConnect(namespace=namespace))

    wrong = WorkerService(
        stack,
        "Wrong",
        container=WorkerContainer("public.ecr.aws/docker/library/node:22", readonly_root_filesystem=False),
        desired_count=1,
    )
    wrong.enable_service_connect(ServiceConnect(namespace=namespace))

    default_network = ec2.Connections(
        security_groups=[
            *same.connections.security_groups,
            *other.connections.security_groups,
            *encrypted.connections.security_groups,
            *disabled.connections.security_groups,
            *none.connections.security_groups,
            *wrong.connections.security_groups,
        ],
    )
    same.connections.allow_from(default_network, ec2.Port.tcp(3000))
    other.connections.allow_from(default_network, ec2.Port.tcp(3000))
    encrypted.connections.allow_from(default_network, ec2.Port.tcp(8443))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
