"""Made from a compose file by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from aws_cdk import aws_servicediscovery as cloudmap

from ecr_fargate_constructs import AppContainer, LoadBalancedFargateService, Network, PublicHttp, ServiceConnect


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")
    network = Network(stack, "Network")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)
    namespace = cloudmap.HttpNamespace(stack, "Namespace", name="shop")

    app_2 = LoadBalancedFargateService(
        stack,
        "App",
        container=AppContainer(
            "public.ecr.aws/docker/library/node:22",
            8080,
            environment={
                "CACHE_URL": "redis://cache:6379/0",
                "VECTOR_HOST": "vectors",
                "CACHE_BACKEND": "cache",
                "KAFKA_BROKERS": "kafka:9092,kafka:9093",
            },
            command=["node", "app.js", "--broker=amqp://broker", "--search", "http://search:9200"],
            readonly_root_filesystem=False,
        ),
        cluster=cluster,
        ingress=PublicHttp(),
    )
    app_2.enable_service_connect(ServiceConnect(namespace=namespace, name="app"))

    backup_task = ecs.FargateTaskDefinition(
        stack,
        "BackupTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    backup_logs = logs.LogGroup(stack, "BackupLogs", retention=logs.RetentionDays.ONE_MONTH)
    backup_task.add_container(
        "backup",
        image=ecs.ContainerImage.from_registry("acme/postgres-backup:1"),
        linux_parameters=ecs.LinuxParameters(backup_task, "BackupLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="backup", log_group=backup_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    backup = ecs.FargateService(
        stack,
        "Backup",
        cluster=cluster,
        task_definition=backup_task,
        desired_count=1,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
        service_connect_configuration=ecs.ServiceConnectProps(namespace=namespace.namespace_arn),
    )

    app_2.connections.allow_from(backup, ec2.Port.tcp(8080))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
