"""A web service and a worker from one image, and a migration that runs once per version, before either."""

import aws_cdk as cdk
from aws_cdk import aws_secretsmanager as secretsmanager

from ecr_fargate_constructs import (
    AppContainer,
    LoadBalancedFargateService,
    PrivateRepository,
    PublicHttp,
    ReleaseCommand,
    TargetHealthCheck,
    TaskSize,
    WorkerContainer,
    WorkerService,
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")
    image = PrivateRepository(stack, "Repository").build_and_push_image("app")
    login = secretsmanager.Secret.from_secret_name_v2(stack, "Login", "shop/database")
    secrets = {"DATABASE_URL": cdk.aws_ecs.Secret.from_secrets_manager(login, "url")}

    web = LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(image, 8080, secrets=secrets),
        ingress=PublicHttp(health_check=TargetHealthCheck(path="/healthz")),
        release_command=ReleaseCommand(
            ["python", "manage.py", "migrate", "--no-input"],
            timeout=cdk.Duration.minutes(30),
            size=TaskSize(512, 1024),
        ),
    )
    worker = WorkerService(
        stack,
        "Worker",
        container=WorkerContainer(image, command=["python", "manage.py", "work"], secrets=secrets),
    )
    worker.node.add_dependency(web)
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
