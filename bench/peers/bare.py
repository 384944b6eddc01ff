"""CDK's pattern with its defaults: an image asset and a port, one cluster and network for all."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as patterns

from bench.peers.program import APP, finish, services

app = cdk.App()
stack = cdk.Stack(app, "Bench")
for number in range(services()):
    patterns.ApplicationLoadBalancedFargateService(
        stack,
        f"Web{number}",
        task_image_options=patterns.ApplicationLoadBalancedTaskImageOptions(
            image=ecs.ContainerImage.from_asset(APP), container_port=8080
        ),
    )
finish(app)
