"""Made from a Copilot manifest by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ssm as ssm

from ecr_fargate_constructs import (
    AppContainer,
    LoadBalancedFargateService,
    PrivateRepository,
    PublicHttp,
    TargetHealthCheck,
    TaskSize,
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")

    repository = PrivateRepository(stack, "Repository")
    image = repository.build_and_push_image("./storefront")
    github_token = ssm.StringParameter.from_secure_string_parameter_attributes(
        stack, "GithubToken", parameter_name="GITHUB_TOKEN"
    )
    db_password = secretsmanager.Secret.from_secret_name_v2(stack, "DbPassword", "shop/test/mysql")
    LoadBalancedFargateService(
        stack,
        "Storefront",
        container=AppContainer(
            image,
            8080,
            environment={"LOG_LEVEL": "info", "WORKERS": "4"},
            secrets={
                "GITHUB_TOKEN": ecs.Secret.from_ssm_parameter(github_token),
                "DB_PASSWORD": ecs.Secret.from_secrets_manager(db_password, "password"),
            },
            readonly_root_filesystem=False,
        ),
        size=TaskSize(cpu=256, memory_mib=512),
        enable_execute_command=True,
        desired_count=3,
        ingress=PublicHttp(health_check=TargetHealthCheck(path="/_health")),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
