"""Made from a Copilot manifest by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs

from ecr_fargate_constructs import Network, PrivateRepository


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Numbers")
    network = Network(stack, "Network")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)

    numbers_task = ecs.FargateTaskDefinition(
        stack,
        "NumbersTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    numbers_logs = logs.LogGroup(stack, "NumbersLogs", retention=logs.RetentionDays.ONE_MONTH)
    repository = PrivateRepository(stack, "Repository")
    image = repository.build_and_push_image("./numbers")
    numbers_task.add_container(
        "numbers",
        image=image.container_image,
        environment={
            "COPILOT_SERVICE_NAME": "numbers",
            "VERSION": "1.10",
            "EXPONENT": "1e3",
            "HEX": "0x1F",
            "PLUS": "+1",
            "OCTAL": "0755",
            "GROUPED": "1_000",
            "ENABLED": "True",
            "ANSWER": "yes",
            "KEPT": "${NOT_GIVEN:-default}",
            "DOLLARS": "$HOME and $$",
            "GIVEN": "red",
        },
        linux_parameters=ecs.LinuxParameters(numbers_task, "NumbersLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="numbers", log_group=numbers_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    ecs.FargateService(
        stack,
        "Numbers",
        cluster=cluster,
        task_definition=numbers_task,
        desired_count=1,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
