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
    Sidecar,
    WorkerContainer,
    WorkerService,
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")
    network = Network(stack, "Network")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)
    namespace = cloudmap.HttpNamespace(stack, "Namespace", name="shop")

    cache_task = ecs.FargateTaskDefinition(
        stack,
        "CacheTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    cache_logs = logs.LogGroup(stack, "CacheLogs", retention=logs.RetentionDays.ONE_MONTH)
    cache_task.add_container(
        "cache",
        image=ecs.ContainerImage.from_registry("public.ecr.aws/docker/library/httpd:2.4"),
        port_mappings=[ecs.PortMapping(container_port=8080, name="cache")],
        linux_parameters=ecs.LinuxParameters(cache_task, "CacheLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="cache", log_group=cache_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    cache = ecs.FargateService(
        stack,
        "Cache",
        cluster=cluster,
        task_definition=cache_task,
        desired_count=1,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
        service_connect_configuration=ecs.ServiceConnectProps(
            namespace=namespace.namespace_arn,
            services=[ecs.ServiceConnectService(port_mapping_name="cache", discovery_name="cache", dns_name="cache")],
        ),
    )

    web = LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(
            "public.ecr.aws/docker/library/python:3.13-slim",
            8000,
            readonly_root_filesystem=False,
            depends_on={
                "migrate": ecs.ContainerDependencyCondition.SUCCESS,
                "seed-data": ecs.ContainerDependencyCondition.SUCCESS,
            },
        ),
        sidecars=[
            Sidecar(
                "migrate",
                "public.ecr.aws/docker/library/python:3.13-slim",
                essential=False,
                environment={"CACHE_URL": "http://cache:8080"},
                command=["python", "manage.py", "migrate"],
                readonly_root_filesystem=False,
            ),
            Sidecar(
                "seed-data",
                "public.ecr.aws/docker/library/python:3.13-slim",
                essential=False,
                command=["python", "manage.py", "loaddata"],
                readonly_root_filesystem=False,
            ),
        ],
        cluster=cluster,
        ingress=PublicHttp(),
    )
    web.enable_service_connect(ServiceConnect(namespace=namespace, name="web", calls=[cache]))

    report = WorkerService(
        stack,
        "Report",
        container=WorkerContainer("public.ecr.aws/docker/library/python:3.13-slim", readonly_root_filesystem=False),
        cluster=cluster,
        desired_count=1,
    )
    report.enable_service_connect(ServiceConnect(namespace=namespace))

    default_network = ec2.Connections(
        security_groups=[
            *web.connections.security_groups,
            *cache.connections.security_groups,
            *report.connections.security_groups,
        ],
    )
    web.connections.allow_from(default_network, ec2.Port.tcp(8000))
    cache.connections.allow_from(default_network, ec2.Port.tcp(8080))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
