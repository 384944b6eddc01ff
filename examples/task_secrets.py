"""Secrets as environment variables: one field of a JSON secret, a whole secret, and a parameter."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ssm as ssm

from ecr_fargate_constructs import AppContainer, LoadBalancedFargateService, PublicHttp


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Secrets")
    database = secretsmanager.Secret.from_secret_name_v2(stack, "Database", "shop/database")
    signing_key = secretsmanager.Secret.from_secret_name_v2(stack, "SigningKey", "shop/signing-key")
    mail_key = ssm.StringParameter.from_secure_string_parameter_attributes(
        stack, "MailKey", parameter_name="/shop/mail-key"
    )
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(
            "public.ecr.aws/nginx/nginx:1.29",
            80,
            writable_paths=["/run", "/var/cache/nginx"],
            secrets={
                "DATABASE_PASSWORD": ecs.Secret.from_secrets_manager(database, "password"),
                "SIGNING_KEY": ecs.Secret.from_secrets_manager(signing_key),
                "MAIL_KEY": ecs.Secret.from_ssm_parameter(mail_key),
            },
        ),
        ingress=PublicHttp(),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
