#!/usr/bin/env python3
"""The sample: ``cdk deploy`` builds ``./app``, pushes it to a private repository and runs it behind a load balancer."""

from pathlib import Path

import aws_cdk as cdk

from ecr_fargate_constructs import EcrFargateService, PublicHttp, TargetHealthCheck

app = cdk.App()
stack = cdk.Stack(app, "Web")
EcrFargateService(
    stack,
    "Web",
    directory=Path(__file__).parent / "app",
    container_port=8080,
    ingress=PublicHttp(health_check=TargetHealthCheck(path="/healthz")),
)
app.synth()
