"""A service whose image is pushed into a repository for each, and nowhere else."""

from __future__ import annotations

import aws_cdk as cdk

from ecr_fargate_constructs import EcrFargateService, ImageRepositoryStack, PublicHttp, TargetHealthCheck

app = cdk.App()
images = ImageRepositoryStack(app, "Images")
EcrFargateService(
    cdk.Stack(app, "Direct", synthesizer=images.synthesizer()),
    "Web",
    directory="images/direct",
    container_port=8080,
    ingress=PublicHttp(health_check=TargetHealthCheck(path="/healthz")),
    repository=images.repository,
)
app.synth()
