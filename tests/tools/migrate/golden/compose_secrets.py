"""Made from a compose file by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_secretsmanager as secretsmanager

from ecr_fargate_constructs import ImageBuild, PrivateRepository, WorkerContainer, WorkerService


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")

    repository = PrivateRepository(stack, "Repository")
    image = repository.build_and_push_image(".", build=ImageBuild(args={"VERSION": "3"}))
    app_password = secretsmanager.Secret.from_secret_name_v2(stack, "AppPassword", "app_password")
    WorkerService(
        stack,
        "App",
        container=WorkerContainer(
            image,
            environment={"PUBLIC_KEY": "not-secret", "PASSWORD_FILE": "/run/secrets/password"},
            secrets={"APP_PASSWORD": ecs.Secret.from_secrets_manager(app_password)},
            readonly_root_filesystem=False,
        ),
        desired_count=1,
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
