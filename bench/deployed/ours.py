"""A service whose image is copied into a repository for each."""

from __future__ import annotations

import aws_cdk as cdk

from ecr_fargate_constructs import EcrFargateService, PublicHttp, TargetHealthCheck

app = cdk.App()
EcrFargateService(
    cdk.Stack(app, "Ours"),
    "Web",
    directory="images/ours",
    container_port=8080,
    ingress=PublicHttp(health_check=TargetHealthCheck(path="/healthz")),
)
app.synth()
