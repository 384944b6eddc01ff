"""Release commands, for the type checkers."""

from __future__ import annotations

import aws_cdk as cdk
from typing_extensions import assert_type

from ecr_fargate_constructs import (
    AppContainer,
    LoadBalancedFargateService,
    PublishedImage,
    ReleaseCommand,
    TaskSize,
)


def released(stack: cdk.Stack, image: PublishedImage) -> None:
    command = ReleaseCommand(["migrate"], timeout=cdk.Duration.minutes(30), size=TaskSize(512, 1024))
    web = LoadBalancedFargateService(stack, "Released", container=AppContainer(image, 8080), release_command=command)
    assert_type(web.release_command, cdk.CustomResource | None)
