"""CDK's own pattern with an image asset, and no further option."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as patterns

app = cdk.App()
stack = cdk.Stack(app, "Bare")
patterns.ApplicationLoadBalancedFargateService(
    stack,
    "Web",
    # By default the pattern creates the same network and also a function, which the embedded AWS cannot run.
    vpc=ec2.Vpc(stack, "Network", max_azs=2, restrict_default_security_group=False),
    task_image_options=patterns.ApplicationLoadBalancedTaskImageOptions(
        image=ecs.ContainerImage.from_asset("images/bare"), container_port=8080
    ),
    desired_count=2,
)
app.synth()
