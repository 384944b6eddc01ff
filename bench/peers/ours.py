"""Services of this library, each with its own repository, image and load balancer."""

from __future__ import annotations

import aws_cdk as cdk

from bench.peers.program import APP, finish, services
from ecr_fargate_constructs import EcrFargateService, PublicHttp, TargetHealthCheck

app = cdk.App()
stack = cdk.Stack(app, "Bench")
for number in range(services()):
    EcrFargateService(
        stack,
        f"Web{number}",
        directory=APP,
        container_port=8080,
        ingress=PublicHttp(health_check=TargetHealthCheck(path="/healthz")),
    )
finish(app)
