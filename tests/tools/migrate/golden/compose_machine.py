"""Made from a compose file by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk

from ecr_fargate_constructs import WorkerContainer, WorkerService


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")

    WorkerService(
        stack,
        "Agent",
        container=WorkerContainer("public.ecr.aws/docker/library/alpine:3.22", readonly_root_filesystem=False),
        desired_count=1,
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
