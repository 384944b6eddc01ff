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
    PrivateRepository,
    PublicHttp,
    ServiceConnect,
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Networks")
    network = Network(stack, "Network")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)
    namespace = cloudmap.HttpNamespace(stack, "Namespace", name="networks")

    queue_task = ecs.FargateTaskDefinition(
        stack,
        "QueueTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    queue_logs = logs.LogGroup(stack, "QueueLogs", retention=logs.RetentionDays.ONE_MONTH)
    queue_repository = PrivateRepository(stack, "QueueRepository")
    queue_image = queue_repository.build_and_push_image("./queue")
    queue_task.add_container(
        "queue",
        image=queue_image.container_image,
        port_mappings=[ecs.PortMapping(container_port=5673, name="queue")],
        linux_parameters=ecs.LinuxParameters(queue_task, "QueueLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="queue", log_group=queue_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    queue = ecs.FargateService(
        stack,
        "Queue",
        cluster=cluster,
        task_definition=queue_task,
        desired_count=1,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
        service_connect_configuration=ecs.ServiceConnectProps(
            namespace=namespace.namespace_arn,
            services=[
                ecs.ServiceConnectService(
                    port_mapping_name="queue", discovery_name="jobs-queue", dns_name="jobs-queue"
                ),
            ],
        ),
    )

    api_task = ecs.FargateTaskDefinition(
        stack,
        "ApiTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    api_logs = logs.LogGroup(stack, "ApiLogs", retention=logs.RetentionDays.ONE_MONTH)
    api_task.add_container(
        "api",
        image=ecs.ContainerImage.from_registry("public.ecr.aws/docker/library/node:22"),
        port_mappings=[ecs.PortMapping(container_port=3000, name="api")],
        environment={"QUEUE_URL": "amqp://jobs-queue:5673", "REPORTS": "http://reports:8000/today"},
        linux_parameters=ecs.LinuxParameters(api_task, "ApiLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="api", log_group=api_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    api = ecs.FargateService(
        stack,
        "Api",
        cluster=cluster,
        task_definition=api_task,
        desired_count=1,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
        service_connect_configuration=ecs.ServiceConnectProps(
            namespace=namespace.namespace_arn,
            services=[ecs.ServiceConnectService(port_mapping_name="api", discovery_name="backend", dns_name="backend")],
        ),
    )
    api.node.find_child("Service").node.add_dependency(queue.node.find_child("Service"))

    proxy = LoadBalancedFargateService(
        stack,
        "Proxy",
        container=AppContainer(
            "public.ecr.aws/nginx/nginx:1.29",
            8080,
            environment={"UPSTREAM": "http://backend:3000"},
            readonly_root_filesystem=False,
        ),
        cluster=cluster,
        ingress=PublicHttp(),
    )
    proxy.enable_service_connect(ServiceConnect(namespace=namespace, name="proxy", calls=[api]))

    reports_task = ecs.FargateTaskDefinition(
        stack,
        "ReportsTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    reports_logs = logs.LogGroup(stack, "ReportsLogs", retention=logs.RetentionDays.ONE_MONTH)
    reports_repository = PrivateRepository(stack, "ReportsRepository")
    reports_image = reports_repository.build_and_push_image("./reports")
    reports_task.add_container(
        "reports",
        image=reports_image.container_image,
        port_mappings=[ecs.PortMapping(container_port=8000)],
        linux_parameters=ecs.LinuxParameters(reports_task, "ReportsLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="reports", log_group=reports_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    ecs.FargateService(
        stack,
        "Reports",
        cluster=cluster,
        task_definition=reports_task,
        desired_count=1,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
    )

    proxy.connections.allow_from(api, ec2.Port.tcp(8080))
    api.connections.allow_from(proxy, ec2.Port.tcp(3000))
    api.connections.allow_from(queue, ec2.Port.tcp(3000))
    queue.connections.allow_from(api, ec2.Port.tcp(5673))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
