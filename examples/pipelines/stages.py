"""The stages of a shop: Dev builds the image, and Prod runs the digest that the lock file names."""

from pathlib import Path

import aws_cdk as cdk
from constructs import Construct

from ecr_fargate_constructs import (
    AppContainer,
    DeployedTo,
    LoadBalancedFargateService,
    PrivateRepository,
    PublicHttp,
    Retention,
    Scanned,
)

HERE = Path(__file__).parent
APP = HERE / "app"
LOCK = HERE / "images.lock.json"
DEV = cdk.Environment(account="111122223333", region="eu-west-1")
PROD = cdk.Environment(account="444455556666", region="eu-west-1")


def dev(scope: Construct, env: cdk.Environment | None = None) -> cdk.Stage:
    stage = cdk.Stage(scope, "Dev", env=env)
    stack = cdk.Stack(stage, "Shop")
    retention = Retention.keep_last(20)
    repository = PrivateRepository(
        stack,
        "Repo",
        repository_name="shop/dev",
        retention=retention.protect_locked(LOCK) if LOCK.exists() else retention,
        pull_accounts=[str(PROD.account)],
    )
    built = repository.build_and_push_image(APP)
    LoadBalancedFargateService(stack, "Web", container=AppContainer(built, 8080), ingress=PublicHttp())
    return stage


def prod(scope: Construct, env: cdk.Environment | None = None) -> cdk.Stage:
    stage = cdk.Stage(scope, "Prod", env=env)
    stack = cdk.Stack(stage, "Shop")
    locked = PrivateRepository(stack, "Repo").locked_image(
        "web", lock_file=LOCK, gates=[DeployedTo("Dev-Shop"), Scanned()]
    )
    LoadBalancedFargateService(stack, "Web", container=AppContainer(locked, 8080), ingress=PublicHttp())
    return stage
