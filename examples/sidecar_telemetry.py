"""A collector next to the application: traces to X-Ray, metrics to CloudWatch. A migration runs before both start."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs import (
    AppContainer,
    Architecture,
    ImageBuild,
    LoadBalancedFargateService,
    PrivateRepository,
    PublicHttp,
    RestartPolicy,
    Sidecar,
    TaskSize,
)

APP = Path(__file__).parent.parent / "app"


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Telemetry")
    repository = PrivateRepository(stack, "Repo")
    image = repository.build_and_push_image(APP, build=ImageBuild(architecture=Architecture.ARM64))
    container = AppContainer(
        image,
        8080,
        cpu=256,
        memory_limit_mib=384,
        restart=RestartPolicy(),
        depends_on={
            "migrate": ecs.ContainerDependencyCondition.SUCCESS,
            "otel": ecs.ContainerDependencyCondition.START,
        },
    )
    migrate = Sidecar("migrate", image, essential=False, command=["python", "-c", "print('migrated')"])
    collector = Sidecar.adot(memory_limit_mib=128)
    LoadBalancedFargateService(
        stack,
        "Web",
        container=container,
        sidecars=[migrate, collector],
        size=TaskSize.smallest_for([container, migrate, collector], architecture=Architecture.ARM64),
        ingress=PublicHttp(),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
