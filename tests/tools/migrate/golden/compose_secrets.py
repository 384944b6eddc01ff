"""Made from a compose file by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager

from ecr_fargate_constructs import ImageBuild, Network, PrivateRepository


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
    repository = PrivateRepository(stack, "Repository")
    image = repository.build_and_push_image(".", build=ImageBuild(args={"VERSION": "3"}))
    app_password = secretsmanager.Secret.from_secret_name_v2(stack, "AppPassword", "app_password")
    app_task.add_container(
        "app",
        image=image.container_image,
        environment={"PUBLIC_KEY": "not-secret", "PASSWORD_FILE": "/run/secrets/password"},
        secrets={"APP_PASSWORD": ecs.Secret.from_secrets_manager(app_password)},
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
