"""Images of other registries in your own repository. ECR stores their layers once for the whole registry."""

import aws_cdk as cdk
from aws_cdk import aws_secretsmanager as secretsmanager

from ecr_fargate_constructs import (
    AppContainer,
    KeepNewest,
    LoadBalancedFargateService,
    PrivateRepository,
    PublicHttp,
    RegistrySettings,
    Retention,
)

DIGEST = f"sha256:{'0123456789abcdef' * 4}"


def build(app: cdk.App) -> cdk.Stack:
    shared = cdk.Stack(app, "Registry")  # one per account and region, deployed first
    RegistrySettings(shared, "Registry", share_layers=True)

    stack = cdk.Stack(app, "Mirror")
    stack.add_stack_dependency(shared)
    base = PrivateRepository(stack, "Base", retention=Retention(rules=[KeepNewest(50, tag_patterns=["*"])]))
    login = secretsmanager.Secret.from_secret_name_v2(stack, "Login", "docker-hub")
    nginx = base.mirror_image("nginx:1.29", credentials=login, all_architectures=True)
    base.mirror_image(f"public.ecr.aws/docker/library/redis:8@{DIGEST}", id="Redis")
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(nginx, 80, writable_paths=["/var/cache/nginx", "/run"]),
        ingress=PublicHttp(),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
