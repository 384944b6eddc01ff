"""Made from a compose file by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs

from ecr_fargate_constructs import Network


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")
    network = Network(stack, "Network")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)

    app_task = ecs.FargateTaskDefinition(
        stack,
        "AppTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    app_logs = logs.LogGroup(stack, "AppLogs", retention=logs.RetentionDays.ONE_MONTH)
    app_task.add_container(
        "app",
        image=ecs.ContainerImage.from_registry("public.ecr.aws/nginx/nginx:1.29"),
        environment={
            "FLOAT": "1",
            "POINT": "1.1",
            "EXPONENT": "1000",
            "OCTAL": "493",
            "OTHER_OCTAL": "15",
            "HEX": "31",
            "GROUPED": "1000",
            "BINARY": "5",
            "LARGE": "1e+06",
            "PLUS": "1",
            "TEXT": "1.10",
            "YES": "yes",
            "TRUE": "true",
            "TIME": "22:22",
            "LONG": "123456789012345678901",
        },
        docker_labels={"weight": "1.5"},
        linux_parameters=ecs.LinuxParameters(app_task, "AppLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="app", log_group=app_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    ecs.FargateService(
        stack,
        "App",
        cluster=cluster,
        task_definition=app_task,
        desired_count=1,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
