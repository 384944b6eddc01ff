"""The second program of the blog post: a private repository, an image built into it, and a service that runs it."""

from pathlib import Path

import aws_cdk as cdk

from ecr_fargate_constructs import (
    AppContainer,
    LoadBalancedFargateService,
    PrivateRepository,
    PublicHttp,
    Retention,
)

APP = Path(__file__).parent.parent / "app"


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Repo")
    repository = PrivateRepository(stack, "Repo", retention=Retention.keep_last(20))
    image = repository.build_and_push_image(APP)
    service = LoadBalancedFargateService(
        stack,
        "Service",
        container=AppContainer(image, 8080),
        ingress=PublicHttp(),
    )
    cdk.CfnOutput(stack, "Url", value=service.url)
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
