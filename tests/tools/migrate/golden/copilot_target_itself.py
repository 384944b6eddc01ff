"""Made from a Copilot manifest by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs import AppContainer, LoadBalancedFargateService, PrivateRepository, PublicHttp, TaskSize


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")

    repository = PrivateRepository(stack, "Repository")
    image = repository.build_and_push_image("./shop")
    shop = LoadBalancedFargateService(
        stack,
        "Shop",
        container=AppContainer(
            image, 9090, environment={"COPILOT_SERVICE_NAME": "shop"}, readonly_root_filesystem=False
        ),
        size=TaskSize(cpu=256, memory_mib=512),
        desired_count=1,
        ingress=PublicHttp(),
    )
    shop.container.add_environment("COPILOT_LB_DNS", shop.load_balancer.load_balancer_dns_name)
    shop.container.add_port_mappings(ecs.PortMapping(container_port=8080))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
