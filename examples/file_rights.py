"""A user that is not root, and a directory that it may write: another container first changes the owner, then exits."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs import AppContainer, LoadBalancedFargateService, Mount, PublicHttp, SharedVolume, Sidecar


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Rights")
    scratch = Mount("/srv/scratch", SharedVolume("scratch"))
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(
            "public.ecr.aws/docker/library/python:3.13-slim",
            8080,
            command=["python", "-m", "http.server", "8080", "--directory", "/srv/scratch"],
            user="10001:10001",
            mounts=[scratch],
            depends_on={"rights": ecs.ContainerDependencyCondition.SUCCESS},
        ),
        sidecars=[
            Sidecar(
                "rights",
                "public.ecr.aws/docker/library/busybox:1.37",
                essential=False,
                user="0",
                command=["chown", "10001:10001", "/srv/scratch"],
                mounts=[scratch],
            )
        ],
        ingress=PublicHttp(),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
