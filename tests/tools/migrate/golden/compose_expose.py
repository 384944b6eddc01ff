"""Made from a compose file by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from aws_cdk import aws_servicediscovery as cloudmap

from ecr_fargate_constructs import AppContainer, LoadBalancedFargateService, Network, PublicHttp


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")
    network = Network(stack, "Network")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)
    namespace = cloudmap.HttpNamespace(stack, "Namespace", name="shop")

    api = LoadBalancedFargateService(
        stack,
        "Api",
        container=AppContainer("public.ecr.aws/docker/library/node:22", 8080, readonly_root_filesystem=False),
        cluster=cluster,
        ingress=PublicHttp(),
    )
    api.container.add_port_mappings(
        ecs.PortMapping(container_port=9000, name="web-9000"), ecs.PortMapping(container_port=9464, name="web-9464")
    )
    api.service.enable_service_connect(
        namespace=namespace.namespace_arn,
        services=[
            ecs.ServiceConnectService(port_mapping_name="web", discovery_name="api", dns_name="api"),
            ecs.ServiceConnectService(port_mapping_name="web-9000", discovery_name="api-9000", dns_name="api"),
            ecs.ServiceConnectService(port_mapping_name="web-9464", discovery_name="api-9464", dns_name="api"),
        ],
    )

    admin_task = ecs.FargateTaskDefinition(
        stack,
        "AdminTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    admin_logs = logs.LogGroup(stack, "AdminLogs", retention=logs.RetentionDays.ONE_MONTH)
    admin_task.add_container(
        "admin",
        image=ecs.ContainerImage.from_registry("public.ecr.aws/docker/library/node:22"),
        environment={"API": "http://api:9000", "METRICS": "api:9464"},
        linux_parameters=ecs.LinuxParameters(admin_task, "AdminLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="admin", log_group=admin_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    admin = ecs.FargateService(
        stack,
        "Admin",
        cluster=cluster,
        task_definition=admin_task,
        desired_count=1,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
        service_connect_configuration=ecs.ServiceConnectProps(namespace=namespace.namespace_arn),
    )
    admin.node.find_child("Service").node.add_dependency(api.service.node.find_child("Service"))

    api.connections.allow_from(admin, ec2.Port.tcp(8080))
    api.connections.allow_from(admin, ec2.Port.tcp(9000))
    api.connections.allow_from(admin, ec2.Port.tcp(9464))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
