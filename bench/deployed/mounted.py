"""A service whose image is copied, in a registry whose repositories share layers."""

from __future__ import annotations

import aws_cdk as cdk

from ecr_fargate_constructs import EcrFargateService, PublicHttp, RegistrySettings, TargetHealthCheck

app = cdk.App()
stack = cdk.Stack(app, "Mounted")
settings = RegistrySettings(stack, "Registry", share_layers=True)
service = EcrFargateService(
    stack,
    "Web",
    directory="images/mounted",
    container_port=8080,
    ingress=PublicHttp(health_check=TargetHealthCheck(path="/healthz")),
)
app.synth()
