"""Made from a Copilot manifest by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs import AppContainer, LoadBalancedFargateService, PrivateRepository, PublicHttp, Sidecar


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Gate")

    repository = PrivateRepository(stack, "Repository")
    image = repository.build_and_push_image("./gate")
    gate = LoadBalancedFargateService(
        stack,
        "Gate",
        container=AppContainer(
            "public.ecr.aws/docker/library/nginx:1.29",
            8443,
            environment={"COPILOT_SERVICE_NAME": "gate"},
            readonly_root_filesystem=False,
        ),
        sidecars=[
            Sidecar(
                "gate",
                image,
                ports=[8080],
                environment={"COPILOT_SERVICE_NAME": "gate"},
                readonly_root_filesystem=False,
            ),
        ],
        ingress=PublicHttp(),
    )
    gate.container.add_environment("COPILOT_LB_DNS", gate.load_balancer.load_balancer_dns_name)
    gate.container.add_port_mappings(ecs.PortMapping(container_port=80))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
