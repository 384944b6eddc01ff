"""Made from a compose file by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from aws_cdk import aws_servicediscovery as cloudmap

from ecr_fargate_constructs import (
    AppContainer,
    LoadBalancedFargateService,
    Network,
    PublicHttp,
    ServiceConnect,
    TargetHealthCheck,
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")
    network = Network(stack, "Network")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)
    namespace = cloudmap.HttpNamespace(stack, "Namespace", name="shop")

    same = LoadBalancedFargateService(
        stack,
        "Same",
        container=AppContainer(
            "public.ecr.aws/docker/library/node:22",
            3000,
            health_check=ecs.HealthCheck(
                command=["CMD-SHELL", "curl -f http://localhost:3000/healthy"],
                interval=cdk.Duration.seconds(90),
                timeout=cdk.Duration.minutes(1),
            ),
            readonly_root_filesystem=False,
        ),
        cluster=cluster,
        ingress=PublicHttp(health_check=TargetHealthCheck(path="/healthy")),
    )
    same.enable_service_connect(ServiceConnect(namespace=namespace, name="same"))

    other = LoadBalancedFargateService(
        stack,
        "Other",
        container=AppContainer(
            "public.ecr.aws/docker/library/node:22",
            3000,
            health_check=ecs.HealthCheck(command=["CMD", "curl", "-f", "http://localhost:9090/-/healthy"], retries=10),
            readonly_root_filesystem=False,
        ),
        cluster=cluster,
        ingress=PublicHttp(),
    )
    other.enable_service_connect(ServiceConnect(namespace=namespace, name="other"))

    encrypted = LoadBalancedFargateService(
        stack,
        "Encrypted",
        container=AppContainer(
            "public.ecr.aws/docker/library/node:22",
            8443,
            health_check=ecs.HealthCheck(command=["CMD-SHELL", "curl -kf https://127.0.0.1:8443/ping"]),
            readonly_root_filesystem=False,
        ),
        cluster=cluster,
        ingress=PublicHttp(),
    )
    encrypted.enable_service_connect(ServiceConnect(namespace=namespace, name="encrypted"))

    disabled_task = ecs.FargateTaskDefinition(
        stack,
        "DisabledTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    disabled_logs = logs.LogGroup(stack, "DisabledLogs", retention=logs.RetentionDays.ONE_MONTH)
    disabled_task.add_container(
        "disabled",
        image=ecs.ContainerImage.from_registry("public.ecr.aws/docker/library/node:22"),
        linux_parameters=ecs.LinuxParameters(disabled_task, "DisabledLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="disabled", log_group=disabled_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    disabled = ecs.FargateService(
        stack,
        "Disabled",
        cluster=cluster,
        task_definition=disabled_task,
        desired_count=1,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
        service_connect_configuration=ecs.ServiceConnectProps(namespace=namespace.namespace_arn),
    )

    none_task = ecs.FargateTaskDefinition(
        stack,
        "NoneTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    none_logs = logs.LogGroup(stack, "NoneLogs", retention=logs.RetentionDays.ONE_MONTH)
    none_task.add_container(
        "none",
        image=ecs.ContainerImage.from_registry("public.ecr.aws/docker/library/node:22"),
        linux_parameters=ecs.LinuxParameters(none_task, "NoneLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="none", log_group=none_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    none = ecs.FargateService(
        stack,
        "None",
        cluster=cluster,
        task_definition=none_task,
        desired_count=1,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
        service_connect_configuration=ecs.ServiceConnectProps(namespace=namespace.namespace_arn),
    )

    wrong_task = ecs.FargateTaskDefinition(
        stack,
        "WrongTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    wrong_logs = logs.LogGroup(stack, "WrongLogs", retention=logs.RetentionDays.ONE_MONTH)
    wrong_task.add_container(
        "wrong",
        image=ecs.ContainerImage.from_registry("public.ecr.aws/docker/library/node:22"),
        linux_parameters=ecs.LinuxParameters(wrong_task, "WrongLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="wrong", log_group=wrong_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    wrong = ecs.FargateService(
        stack,
        "Wrong",
        cluster=cluster,
        task_definition=wrong_task,
        desired_count=1,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
        service_connect_configuration=ecs.ServiceConnectProps(namespace=namespace.namespace_arn),
    )

    default_network = ec2.Connections(
        security_groups=[
            *same.connections.security_groups,
            *other.connections.security_groups,
            *encrypted.connections.security_groups,
            *disabled.connections.security_groups,
            *none.connections.security_groups,
            *wrong.connections.security_groups,
        ],
    )
    same.connections.allow_from(default_network, ec2.Port.tcp(3000))
    other.connections.allow_from(default_network, ec2.Port.tcp(3000))
    encrypted.connections.allow_from(default_network, ec2.Port.tcp(8443))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
