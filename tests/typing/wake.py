"""Services that sleep, for the type checkers."""

from __future__ import annotations

import aws_cdk as cdk
from typing_extensions import assert_type

from ecr_fargate_constructs import AppContainer, LoadBalancedFargateService, PublishedImage, Scaling, Wake


def sleepy(stack: cdk.Stack, image: PublishedImage) -> None:
    wake = Wake(idle_after=cdk.Duration.minutes(30), hold=cdk.Duration.seconds(20))
    scaling = Scaling(min_capacity=0, max_capacity=1, wake=wake)
    assert_type(scaling.wake, Wake | None)
    LoadBalancedFargateService(stack, "Sleepy", container=AppContainer(image, 8080), scaling=scaling)
