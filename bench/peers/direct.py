"""One service whose image is pushed straight into its repository."""

from __future__ import annotations

import aws_cdk as cdk

from bench.peers.program import APP, finish
from ecr_fargate_constructs import EcrFargateService, ImageRepositoryStack, PublicHttp

app = cdk.App()
images = ImageRepositoryStack(app, "Images")
stack = cdk.Stack(app, "Bench", synthesizer=images.synthesizer())
EcrFargateService(stack, "Web0", directory=APP, container_port=8080, ingress=PublicHttp(), repository=images.repository)
finish(app)
