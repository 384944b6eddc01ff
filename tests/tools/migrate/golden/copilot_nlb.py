"""Made from a Copilot manifest by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager

from ecr_fargate_constructs import Network, PrivateRepository


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Tcp")
    network = Network(stack, "Network")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)

    tcp_task = ecs.FargateTaskDefinition(
        stack,
        "TcpTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    tcp_logs = logs.LogGroup(stack, "TcpLogs", retention=logs.RetentionDays.ONE_MONTH)
    repository = PrivateRepository(stack, "Repository")
    image = repository.build_and_push_image("./tcp")
    tcp_task.add_container(
        "tcp",
        image=image.container_image,
        port_mappings=[ecs.PortMapping(container_port=8080)],
        environment={"COPILOT_SERVICE_NAME": "tcp"},
        linux_parameters=ecs.LinuxParameters(tcp_task, "TcpLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="tcp", log_group=tcp_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    tcp_envoy_registry = secretsmanager.Secret.from_secret_complete_arn(
        stack, "TcpEnvoyRegistry", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:registry-AbCdEf"
    )
    tcp_task.add_container(
        "envoy",
        image=ecs.ContainerImage.from_registry(
            "public.ecr.aws/docker/library/nginx:1.29", credentials=tcp_envoy_registry
        ),
        port_mappings=[ecs.PortMapping(container_port=80)],
        environment={"COPILOT_SERVICE_NAME": "tcp"},
        linux_parameters=ecs.LinuxParameters(tcp_task, "EnvoyLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="envoy", log_group=tcp_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    ecs.FargateService(
        stack,
        "Tcp",
        cluster=cluster,
        task_definition=tcp_task,
        desired_count=1,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
