"""Made from a compose file by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_servicediscovery as cloudmap

from ecr_fargate_constructs import (
    AppContainer,
    ImageBuild,
    LoadBalancedFargateService,
    PrivateRepository,
    PublicHttp,
    ServiceConnect,
    WorkerContainer,
    WorkerService,
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")
    namespace = cloudmap.HttpNamespace(stack, "Namespace", name="shop")

    app_repository = PrivateRepository(stack, "AppRepository")
    app_image = app_repository.build_and_push_image(
        "./app",
        build=ImageBuild(
            target="release",
            cache_from=[ecr_assets.DockerCacheOption(type="registry", params={"ref": "acme/app:cache"})],
        ),
    )
    app_2 = LoadBalancedFargateService(
        stack, "App", container=AppContainer(app_image, 8080, readonly_root_filesystem=False), ingress=PublicHttp()
    )
    app_2.enable_service_connect(ServiceConnect(namespace=namespace, name="app"))

    inline_repository = PrivateRepository(stack, "InlineRepository")
    inline_image = inline_repository.build_and_push_image(".")
    inline = WorkerService(
        stack, "Inline", container=WorkerContainer(inline_image, readonly_root_filesystem=False), desired_count=1
    )
    inline.enable_service_connect(ServiceConnect(namespace=namespace))

    app_2.connections.allow_from(inline, ec2.Port.tcp(8080))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
