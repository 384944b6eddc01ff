"""Made from a Copilot manifest by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk

from ecr_fargate_constructs import (
    AppContainer,
    InternalHttp,
    LoadBalancedFargateService,
    PrivateRepository,
    TargetHealthCheck,
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Inside")

    repository = PrivateRepository(stack, "Repository")
    image = repository.build_and_push_image("./inside")
    LoadBalancedFargateService(
        stack,
        "Inside",
        container=AppContainer(
            image, 8080, environment={"COPILOT_SERVICE_NAME": "inside"}, readonly_root_filesystem=False
        ),
        ingress=InternalHttp(health_check=TargetHealthCheck(path="/_healthcheck")),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
