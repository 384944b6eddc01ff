"""Build once in Dev, and run the same digest in Prod, where nothing is built."""

from pathlib import Path

import aws_cdk as cdk

from ecr_fargate_constructs import (
    AppContainer,
    DeployedTo,
    LoadBalancedFargateService,
    NoFindings,
    PrivateRepository,
    PublicHttp,
    Retention,
    Severity,
)

HERE = Path(__file__).parent
APP = HERE.parent / "app"
LOCK = HERE / "images.lock.json"


def build(app: cdk.App) -> cdk.Stack:
    dev = cdk.Stack(app, "Dev")
    retention = Retention.keep_last(20).protect_locked(LOCK)
    repository = PrivateRepository(
        dev, "Repo", repository_name="shop/dev", retention=retention, pull_accounts=["444455556666"]
    )
    built = repository.build_and_push_image(APP)
    LoadBalancedFargateService(dev, "Web", container=AppContainer(built, 8080), ingress=PublicHttp())

    prod = cdk.Stack(app, "Prod")
    locked = PrivateRepository(prod, "Repo").locked_image(
        "web", lock_file=LOCK, gates=[DeployedTo("Dev"), NoFindings(Severity.CRITICAL)]
    )
    LoadBalancedFargateService(prod, "Web", container=AppContainer(locked, 8080), ingress=PublicHttp())
    return prod


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
