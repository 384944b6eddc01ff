"""Made from a compose file by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from aws_cdk import aws_servicediscovery as cloudmap

from ecr_fargate_constructs import (
    AppContainer,
    ImageBuild,
    LoadBalancedFargateService,
    Network,
    PrivateRepository,
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

    api_task = ecs.FargateTaskDefinition(
        stack,
        "ApiTask",
        cpu=512,
        memory_limit_mib=1024,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    api_logs = logs.LogGroup(stack, "ApiLogs", retention=logs.RetentionDays.ONE_MONTH)
    api_repository = PrivateRepository(stack, "ApiRepository")
    api_image = api_repository.build_and_push_image(
        "./api", build=ImageBuild(dockerfile="Dockerfile.prod", target="runtime", args={"PYTHON_VERSION": "3.13"})
    )
    api_task.add_container(
        "api",
        image=api_image.container_image,
        port_mappings=[ecs.PortMapping(container_port=9000, name="api")],
        environment={"DATABASE_HOST": "db"},
        health_check=ecs.HealthCheck(
            command=["CMD", "curl", "-f", "http://localhost:9000/health"],
            interval=cdk.Duration.seconds(30),
            timeout=cdk.Duration.seconds(29),
            retries=3,
            start_period=cdk.Duration.seconds(10),
        ),
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
        desired_count=3,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
        service_connect_configuration=ecs.ServiceConnectProps(
            namespace=namespace.namespace_arn,
            services=[ecs.ServiceConnectService(port_mapping_name="api", discovery_name="api", dns_name="api")],
        ),
    )

    web_repository = PrivateRepository(stack, "WebRepository")
    web_image = web_repository.build_and_push_image("./web")
    migrate_image = web_repository.build_and_push_image("./api", id="MigrateImage")
    web = LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(
            web_image,
            80,
            environment={"API_URL": "http://api:9000", "LOG_LEVEL": "info"},
            readonly_root_filesystem=False,
            depends_on={"migrate": ecs.ContainerDependencyCondition.SUCCESS},
        ),
        sidecars=[
            Sidecar(
                "migrate",
                migrate_image,
                essential=False,
                environment={"DATABASE_HOST": "db"},
                command=["python", "manage.py", "migrate", "--noinput"],
                readonly_root_filesystem=False,
            ),
        ],
        cluster=cluster,
        ingress=PublicHttp(),
    )
    web.enable_service_connect(ServiceConnect(namespace=namespace, name="web", calls=[api]))

    worker_repository = PrivateRepository(stack, "WorkerRepository")
    worker_image = worker_repository.build_and_push_image(
        "./api", build=ImageBuild(dockerfile="Dockerfile.prod", target="runtime")
    )
    worker = WorkerService(
        stack,
        "Worker",
        container=WorkerContainer(
            worker_image, command=["python", "-m", "shop.worker"], readonly_root_filesystem=False
        ),
        cluster=cluster,
        desired_count=1,
    )
    worker.enable_service_connect(ServiceConnect(namespace=namespace, calls=[api]))

    default_network = ec2.Connections(
        security_groups=[
            *web.connections.security_groups,
            *api.connections.security_groups,
            *worker.connections.security_groups,
        ],
    )
    web.connections.allow_from(default_network, ec2.Port.tcp(80))
    api.connections.allow_from(default_network, ec2.Port.tcp(9000))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
