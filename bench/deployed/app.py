"""The app that P7 deploys: what ``BENCH_PROGRAM`` names, with an image of its own copy of the sample's directory."""

from __future__ import annotations

import os
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as patterns

from ecr_fargate_constructs import EcrFargateService, ImageRepositoryStack, PublicHttp, TargetHealthCheck

DIRECTORY = Path(__file__).parent / "images" / os.environ["BENCH_PROGRAM"]
app = cdk.App()
match os.environ["BENCH_PROGRAM"]:
    case "ours":
        EcrFargateService(
            cdk.Stack(app, "Ours"),
            "Web",
            directory=DIRECTORY,
            container_port=8080,
            ingress=PublicHttp(health_check=TargetHealthCheck(path="/healthz")),
        )
    case "direct":
        images = ImageRepositoryStack(app, "Images")
        EcrFargateService(
            cdk.Stack(app, "Direct", synthesizer=images.synthesizer()),
            "Web",
            directory=DIRECTORY,
            container_port=8080,
            ingress=PublicHttp(health_check=TargetHealthCheck(path="/healthz")),
            repository=images.repository,
        )
    case "bare":
        stack = cdk.Stack(app, "Bare")
        patterns.ApplicationLoadBalancedFargateService(
            stack,
            "Web",
            # By itself the pattern makes the same network and a function beside it, which the embedded AWS cannot run.
            vpc=ec2.Vpc(stack, "Network", max_azs=2, restrict_default_security_group=False),
            task_image_options=patterns.ApplicationLoadBalancedTaskImageOptions(
                image=ecs.ContainerImage.from_asset(str(DIRECTORY)), container_port=8080
            ),
            desired_count=2,
        )
    case _:
        # Gets the embedded AWS started, bootstrapped and furnished with the base image.
        ecr_assets.DockerImageAsset(cdk.Stack(app, "Warm"), "Image", directory=str(DIRECTORY))
app.synth()
