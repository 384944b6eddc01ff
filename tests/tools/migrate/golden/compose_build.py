"""Made from a compose file by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from aws_cdk import aws_servicediscovery as cloudmap

from ecr_fargate_constructs import (
    AppContainer,
    ImageBuild,
    LoadBalancedFargateService,
    Network,
    PrivateRepository,
    PublicHttp,
    ServiceConnect,
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")
    network = Network(stack, "Network")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)
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
        stack,
        "App",
        container=AppContainer(app_image, 8080, readonly_root_filesystem=False),
        cluster=cluster,
        ingress=PublicHttp(),
    )
    app_2.enable_service_connect(ServiceConnect(namespace=namespace, name="app"))

    inline_task = ecs.FargateTaskDefinition(
        stack,
        "InlineTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    inline_logs = logs.LogGroup(stack, "InlineLogs", retention=logs.RetentionDays.ONE_MONTH)
    inline_repository = PrivateRepository(stack, "InlineRepository")
    inline_image = inline_repository.build_and_push_image(".")
    inline_task.add_container(
        "inline",
        image=inline_image.container_image,
        linux_parameters=ecs.LinuxParameters(inline_task, "InlineLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="inline", log_group=inline_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    inline = ecs.FargateService(
        stack,
        "Inline",
        cluster=cluster,
        task_definition=inline_task,
        desired_count=1,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
        service_connect_configuration=ecs.ServiceConnectProps(namespace=namespace.namespace_arn),
    )

    app_2.connections.allow_from(inline, ec2.Port.tcp(8080))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
