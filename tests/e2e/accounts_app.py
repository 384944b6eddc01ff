"""The app of ``test_accounts.py``: four stages in two accounts and two regions, of which the first one builds."""

import os
from pathlib import Path

import aws_cdk as cdk

from ecr_fargate_constructs import (
    AppContainer,
    DeployedTo,
    LoadBalancedFargateService,
    PrivateRepository,
    PublicHttp,
)

OTHER = "444455556666"
STAGES = {"Abroad": (None, "eu-west-1"), "Other": (OTHER, "us-east-1"), "OtherAbroad": (OTHER, "eu-west-1")}

app = cdk.App()
own = os.environ["CDK_DEFAULT_ACCOUNT"]
dev = cdk.Stack(app, "Dev", env=cdk.Environment(account=own, region="us-east-1"))
repository = PrivateRepository(
    dev, "Repo", repository_name="shop/dev", pull_accounts=os.environ.get("PULL_ACCOUNTS", "").split()
)
built = repository.build_and_push_image("app")
LoadBalancedFargateService(dev, "Web", container=AppContainer(built, 8080), ingress=PublicHttp())
if Path("images.lock.json").exists():
    for name, (account, region) in STAGES.items():
        stage = cdk.Stack(app, name, env=cdk.Environment(account=account or own, region=region))
        # The same name everywhere: the registries of an account and a region have nothing in common.
        locked = PrivateRepository(stage, "Repo", repository_name="shop/stage").locked_image(
            "web", gates=[DeployedTo("Dev")]
        )
        LoadBalancedFargateService(stage, "Web", container=AppContainer(locked, 8080), ingress=PublicHttp())
app.synth()
