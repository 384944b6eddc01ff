"""The app of ``test_gates.py``: Dev builds the image, and each other stack has one gate before what the lock names."""

import os
from pathlib import Path

import aws_cdk as cdk

from ecr_fargate_constructs import (
    AppContainer,
    DeployedTo,
    Gate,
    LoadBalancedFargateService,
    NoFindings,
    PrivateRepository,
    PublicHttp,
    Scanned,
    SignedBy,
)

PROFILE = "arn:aws:signer:us-east-1:111122223333:/signing-profiles/shop"
GATES: dict[str, Gate] = {
    "Scanned": Scanned(),
    "NoFindings": NoFindings(),
    "Signed": SignedBy(PROFILE),
    "Deployed": DeployedTo("Dev"),
}

app = cdk.App()
dev = cdk.Stack(app, "Dev")
built = PrivateRepository(dev, "Repo", repository_name="shop/dev").build_and_push_image("app")
LoadBalancedFargateService(dev, "Web", container=AppContainer(built, 8080), ingress=PublicHttp())
if Path("images.lock.json").exists():
    for name in os.environ.get("STAGES", "").split():
        stage = cdk.Stack(app, name)
        repository = PrivateRepository(stage, "Repo", repository_name=f"shop/{name.lower()}")
        repository.locked_image("web", gates=[GATES[name]])
app.synth()
