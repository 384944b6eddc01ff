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

    users_task = ecs.FargateTaskDefinition(
        stack,
        "UsersTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    users_logs = logs.LogGroup(stack, "UsersLogs", retention=logs.RetentionDays.ONE_MONTH)
    users_task.add_container(
        "users",
        image=ecs.ContainerImage.from_registry("public.ecr.aws/docker/library/node:22"),
        port_mappings=[
            ecs.PortMapping(container_port=4000, name="users"),
            ecs.PortMapping(container_port=17, name="users-17"),
        ],
        linux_parameters=ecs.LinuxParameters(users_task, "UsersLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="users", log_group=users_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    users = ecs.FargateService(
        stack,
        "Users",
        cluster=cluster,
        task_definition=users_task,
        desired_count=1,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
        service_connect_configuration=ecs.ServiceConnectProps(
            namespace=namespace.namespace_arn,
            services=[
                ecs.ServiceConnectService(port_mapping_name="users", discovery_name="users", dns_name="users"),
                ecs.ServiceConnectService(port_mapping_name="users-17", discovery_name="users-17", dns_name="users"),
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
            services=[ecs.ServiceConnectService(port_mapping_name="api", discovery_name="api", dns_name="api")],
        ),
    )

    worker_task = ecs.FargateTaskDefinition(
        stack,
        "WorkerTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    worker_logs = logs.LogGroup(stack, "WorkerLogs", retention=logs.RetentionDays.ONE_MONTH)
    worker_task.add_container(
        "worker",
        image=ecs.ContainerImage.from_registry("public.ecr.aws/docker/library/node:22"),
        port_mappings=[ecs.PortMapping(container_port=7000, name="worker")],
        linux_parameters=ecs.LinuxParameters(worker_task, "WorkerLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="worker", log_group=worker_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    worker = ecs.FargateService(
        stack,
        "Worker",
        cluster=cluster,
        task_definition=worker_task,
        desired_count=1,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
        service_connect_configuration=ecs.ServiceConnectProps(
            namespace=namespace.namespace_arn,
            services=[
                ecs.ServiceConnectService(port_mapping_name="worker", discovery_name="worker", dns_name="worker"),
            ],
        ),
    )

    gateway = LoadBalancedFargateService(
        stack,
        "Gateway",
        container=AppContainer(
            "public.ecr.aws/docker/library/traefik:3.5",
            80,
            environment={
                "ACCOUNTS": "http://accounts:4000/api/users",
                "BASE_PATH": "/api/",
                "MODE": "worker",
                "IMAGE": "users:17",
            },
            command=["--backend=http://api:3000", "--entrypoints.web.address=:80"],
            entry_point=["/wait-for-it.sh", "worker:7000", "--"],
            readonly_root_filesystem=False,
        ),
        cluster=cluster,
        ingress=PublicHttp(),
    )
    gateway.enable_service_connect(ServiceConnect(namespace=namespace, name="gateway", calls=[users, api, worker]))

    default_network = ec2.Connections(
        security_groups=[
            *gateway.connections.security_groups,
            *api.connections.security_groups,
            *worker.connections.security_groups,
            *users.connections.security_groups,
        ],
    )
    gateway.connections.allow_from(default_network, ec2.Port.tcp(80))
    api.connections.allow_from(default_network, ec2.Port.tcp(3000))
    worker.connections.allow_from(default_network, ec2.Port.tcp(7000))
    users.connections.allow_from(default_network, ec2.Port.tcp(4000))
    users.connections.allow_from(default_network, ec2.Port.tcp(17))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
