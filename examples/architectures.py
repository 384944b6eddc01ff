"""One image for x86 and Arm: two builds, one tag, and a service on each."""

from pathlib import Path

import aws_cdk as cdk

from ecr_fargate_constructs import (
    AppContainer,
    Architecture,
    ImageBuild,
    LoadBalancedFargateService,
    PrivateRepository,
    PublicHttp,
)

APP = Path(__file__).parent.parent / "app"


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Architectures")
    repository = PrivateRepository(stack, "Repo")
    both = ImageBuild(architectures=[Architecture.X86_64, Architecture.ARM64])
    image = repository.build_and_push_image(APP, build=both, tags=["1.4.2"])
    arm = AppContainer(image.for_architecture(Architecture.ARM64), 8080)
    web = LoadBalancedFargateService(stack, "X86", container=AppContainer(image, 8080), ingress=PublicHttp())
    LoadBalancedFargateService(stack, "Arm", container=arm, ingress=PublicHttp(), vpc=web.vpc)
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
