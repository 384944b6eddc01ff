"""The app of ``test_promotion.py``: Dev builds the image, and Prod runs what the lock file names."""

from pathlib import Path

import aws_cdk as cdk

from ecr_fargate_constructs import (
    AppContainer,
    DeployedTo,
    LoadBalancedFargateService,
    NoFindings,
    PrivateRepository,
    PublicHttp,
)

LOCK = Path("images.lock.json")

app = cdk.App()
dev = cdk.Stack(app, "Dev")
built = PrivateRepository(dev, "Repo").build_and_push_image("app")
LoadBalancedFargateService(dev, "Web", container=AppContainer(built, 8080), ingress=PublicHttp())
if LOCK.exists():
    prod = cdk.Stack(app, "Prod")
    locked = PrivateRepository(prod, "Repo").locked_image("web", gates=[DeployedTo("Dev"), NoFindings()])
    LoadBalancedFargateService(prod, "Web", container=AppContainer(locked, 8080), ingress=PublicHttp())
app.synth()
