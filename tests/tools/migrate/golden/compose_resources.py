"""Made from a compose file by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs

from ecr_fargate_constructs import Network


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")
    network = Network(stack, "Network")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)

    heavy_task = ecs.FargateTaskDefinition(
        stack,
        "HeavyTask",
        cpu=2048,
        memory_limit_mib=5120,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    heavy_logs = logs.LogGroup(stack, "HeavyLogs", retention=logs.RetentionDays.ONE_MONTH)
    heavy_task.add_container(
        "heavy",
        image=ecs.ContainerImage.from_registry("public.ecr.aws/docker/library/python:3.13-slim"),
        ulimits=[ecs.Ulimit(name=ecs.UlimitName.NOFILE, soft_limit=1024, hard_limit=4096)],
        linux_parameters=ecs.LinuxParameters(heavy_task, "HeavyLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="heavy", log_group=heavy_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    ecs.FargateService(
        stack,
        "Heavy",
        cluster=cluster,
        task_definition=heavy_task,
        desired_count=1,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
    )

    huge_task = ecs.FargateTaskDefinition(
        stack,
        "HugeTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    huge_logs = logs.LogGroup(stack, "HugeLogs", retention=logs.RetentionDays.ONE_MONTH)
    huge_task.add_container(
        "huge",
        image=ecs.ContainerImage.from_registry("public.ecr.aws/docker/library/python:3.13-slim"),
        linux_parameters=ecs.LinuxParameters(huge_task, "HugeLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="huge", log_group=huge_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    ecs.FargateService(
        stack,
        "Huge",
        cluster=cluster,
        task_definition=huge_task,
        desired_count=4,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
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
        image=ecs.ContainerImage.from_registry("public.ecr.aws/docker/library/python:3.13-slim"),
        linux_parameters=ecs.LinuxParameters(none_task, "NoneLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="none", log_group=none_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    ecs.FargateService(
        stack,
        "None",
        cluster=cluster,
        task_definition=none_task,
        desired_count=1,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
