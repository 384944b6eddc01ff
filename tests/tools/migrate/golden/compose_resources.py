"""Made from a compose file by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs import TaskSize, WorkerContainer, WorkerService


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")

    WorkerService(
        stack,
        "Heavy",
        container=WorkerContainer(
            "public.ecr.aws/docker/library/python:3.13-slim",
            readonly_root_filesystem=False,
            ulimits=[ecs.Ulimit(name=ecs.UlimitName.NOFILE, soft_limit=1024, hard_limit=4096)],
        ),
        size=TaskSize(cpu=2048, memory_mib=5120),
        desired_count=1,
    )

    WorkerService(
        stack,
        "Huge",
        container=WorkerContainer("public.ecr.aws/docker/library/python:3.13-slim", readonly_root_filesystem=False),
        desired_count=4,
    )

    WorkerService(
        stack,
        "None",
        container=WorkerContainer("public.ecr.aws/docker/library/python:3.13-slim", readonly_root_filesystem=False),
        desired_count=1,
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
