"""Tasks without internet access: they reach ECR, their logs and their secrets only through VPC endpoints."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_secretsmanager as secretsmanager

from ecr_fargate_constructs import (
    AppContainer,
    Egress,
    Feature,
    InternalHttp,
    LoadBalancedFargateService,
    Network,
    PrivateRepository,
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Inside")
    network = Network(stack, "Network", egress=Egress.ENDPOINTS, features=[Feature.LOGS, Feature.SECRETS])
    image = PrivateRepository(stack, "Repo").mirror_image("public.ecr.aws/nginx/nginx:1.29")
    password = secretsmanager.Secret(stack, "Password", removal_policy=cdk.RemovalPolicy.RETAIN)
    reason = "An example: whoever owns the password schedules its rotation, with add_rotation_schedule()."
    cdk.Validations.of(password).acknowledge(cdk.Acknowledgment(id="AwsSolutions::AwsSolutions-SMG4", reason=reason))
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(
            image,
            80,
            secrets={"PASSWORD": ecs.Secret.from_secrets_manager(password)},
            writable_paths=["/var/cache/nginx", "/run"],
        ),
        ingress=InternalHttp(),
        vpc=network.vpc,
        subnets=network.task_subnets,
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
