"""A service of CDK's pattern, before and after: load balancer, address, service and network stay the same resources."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as ecs_patterns

from ecr_fargate_constructs import (
    AppContainer,
    LoadBalancedFargateService,
    PrivateRepository,
    PublicHttp,
    TargetHealthCheck,
)

APP = Path(__file__).parent.parent / "app"


def before(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")
    web = ecs_patterns.ApplicationLoadBalancedFargateService(
        stack,
        "Web",
        task_image_options=ecs_patterns.ApplicationLoadBalancedTaskImageOptions(
            image=ecs.ContainerImage.from_asset(str(APP)), container_port=8080
        ),
    )
    web.target_group.configure_health_check(path="/healthz")
    return stack


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")
    # The pattern's own cluster and VPC, under the id that the pattern gives them, so that they stay the same resources.
    cluster = ecs.Cluster(stack, "EcsDefaultClusterMnL3mNNYN", container_insights_v2=ecs.ContainerInsights.ENABLED)
    reason = "An example: the VPC is as the pattern has made it; add_flow_log() turns flow logs on."
    cdk.Validations.of(cluster.vpc).acknowledge(cdk.Acknowledgment(id="AwsSolutions::AwsSolutions-VPC7", reason=reason))
    image = PrivateRepository(stack, "Repository").build_and_push_image(APP)
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(image, 8080),
        cluster=cluster,
        ingress=PublicHttp(health_check=TargetHealthCheck(path="/healthz")),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
