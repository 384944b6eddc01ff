"""One image in a private repository, running on Fargate and on EC2 machines of the same network."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2

from ecr_fargate_constructs import (
    AppContainer,
    Ec2Capacity,
    LoadBalancedEc2Service,
    LoadBalancedFargateService,
    PrivateRepository,
    PublicHttp,
    TargetHealthCheck,
)

APP = Path(__file__).parent.parent / "app"


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Both")
    image = PrivateRepository(stack, "Repo").build_and_push_image(APP)
    container = AppContainer(image, 8080)
    ingress = PublicHttp(health_check=TargetHealthCheck(path="/healthz"))
    LoadBalancedFargateService(stack, "Fargate", container=container, ingress=ingress)
    LoadBalancedEc2Service(
        stack,
        "Machines",
        container=container,
        ingress=ingress,
        capacity=Ec2Capacity(instance_type=ec2.InstanceType("m7i.large"), min_capacity=2, max_capacity=6),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
