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
    ReleaseCommand,
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

    web_repository = PrivateRepository(stack, "WebRepository")
    web_image = web_repository.build_and_push_image("./shop")
    web = LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(
            web_image,
            8000,
            environment={"DJANGO_SETTINGS_MODULE": "shop.settings", "DATABASE_URL": "postgres://db/shop"},
            readonly_root_filesystem=False,
        ),
        release_command=ReleaseCommand(["python", "manage.py", "migrate", "--no-input"]),
        cluster=cluster,
        ingress=PublicHttp(),
    )
    web.enable_service_connect(ServiceConnect(namespace=namespace, name="web"))

    work = WorkerService(
        stack,
        "Work",
        container=WorkerContainer(
            web_image,
            environment={"DJANGO_SETTINGS_MODULE": "shop.settings", "DATABASE_URL": "postgres://db/shop"},
            command=["python", "manage.py", "work"],
            readonly_root_filesystem=False,
        ),
        cluster=cluster,
        desired_count=1,
    )
    work.enable_service_connect(ServiceConnect(namespace=namespace))
    work.service.node.find_child("Service").node.add_dependency(web.service.node.find_child("Service"))

    site = LoadBalancedFargateService(
        stack,
        "Site",
        container=AppContainer(
            web_image,
            8000,
            environment={"DJANGO_SETTINGS_MODULE": "shop.settings", "DATABASE_URL": "postgres://db/shop"},
            readonly_root_filesystem=False,
            depends_on={"assets": ecs.ContainerDependencyCondition.SUCCESS},
        ),
        sidecars=[
            Sidecar(
                "assets",
                "public.ecr.aws/docker/library/node:22",
                essential=False,
                command=["npm", "run", "build"],
                readonly_root_filesystem=False,
            ),
        ],
        cluster=cluster,
        ingress=PublicHttp(),
    )
    site.enable_service_connect(ServiceConnect(namespace=namespace, name="site"))

    admin = LoadBalancedFargateService(
        stack,
        "Admin",
        container=AppContainer(
            web_image,
            8000,
            environment={"DJANGO_SETTINGS_MODULE": "shop.settings", "DATABASE_URL": "postgres://db/shop"},
            readonly_root_filesystem=False,
            depends_on={"prepare": ecs.ContainerDependencyCondition.SUCCESS},
        ),
        sidecars=[
            Sidecar(
                "prepare",
                web_image,
                essential=False,
                environment={
                    "DJANGO_SETTINGS_MODULE": "shop.settings",
                    "DATABASE_URL": "postgres://owner@db/shop",
                    "STEP": "prepare",
                },
                command=["python", "manage.py", "prepare"],
                user="1000",
                readonly_root_filesystem=False,
            ),
        ],
        cluster=cluster,
        ingress=PublicHttp(),
    )
    admin.enable_service_connect(ServiceConnect(namespace=namespace, name="admin"))

    idle = LoadBalancedFargateService(
        stack,
        "Idle",
        container=AppContainer(
            web_image,
            8000,
            environment={"DJANGO_SETTINGS_MODULE": "shop.settings", "DATABASE_URL": "postgres://db/shop"},
            readonly_root_filesystem=False,
            depends_on={"default": ecs.ContainerDependencyCondition.SUCCESS},
        ),
        sidecars=[
            Sidecar(
                "default",
                web_image,
                essential=False,
                environment={"DJANGO_SETTINGS_MODULE": "shop.settings", "DATABASE_URL": "postgres://db/shop"},
                readonly_root_filesystem=False,
            ),
        ],
        cluster=cluster,
        ingress=PublicHttp(),
    )
    idle.enable_service_connect(ServiceConnect(namespace=namespace, name="idle"))

    reports = LoadBalancedFargateService(
        stack,
        "Reports",
        container=AppContainer(
            web_image,
            8000,
            environment={"DJANGO_SETTINGS_MODULE": "shop.settings", "DATABASE_URL": "postgres://db/shop"},
            readonly_root_filesystem=False,
            depends_on={"load": ecs.ContainerDependencyCondition.SUCCESS},
        ),
        sidecars=[
            Sidecar(
                "load",
                web_image,
                essential=False,
                environment={"DJANGO_SETTINGS_MODULE": "shop.settings", "DATABASE_URL": "postgres://db/shop"},
                command=["python", "manage.py", "load", "http://web:8000/"],
                readonly_root_filesystem=False,
            ),
        ],
        cluster=cluster,
        ingress=PublicHttp(),
    )
    reports.enable_service_connect(ServiceConnect(namespace=namespace, name="reports", calls=[web.service]))

    consumer = WorkerService(
        stack,
        "Consumer",
        container=WorkerContainer(
            web_image,
            environment={"DJANGO_SETTINGS_MODULE": "shop.settings", "DATABASE_URL": "postgres://db/shop"},
            command=["python", "manage.py", "consume"],
            readonly_root_filesystem=False,
            depends_on={"seed": ecs.ContainerDependencyCondition.SUCCESS},
        ),
        sidecars=[
            Sidecar(
                "seed",
                web_image,
                essential=False,
                environment={"DJANGO_SETTINGS_MODULE": "shop.settings", "DATABASE_URL": "postgres://db/shop"},
                command=["python", "manage.py", "seed"],
                readonly_root_filesystem=False,
            ),
        ],
        cluster=cluster,
        desired_count=1,
    )
    consumer.enable_service_connect(ServiceConnect(namespace=namespace))

    search_task = ecs.FargateTaskDefinition(
        stack,
        "SearchTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    search_logs = logs.LogGroup(stack, "SearchLogs", retention=logs.RetentionDays.ONE_MONTH)
    search_task.add_container(
        "search",
        image=web_image.container_image,
        port_mappings=[ecs.PortMapping(container_port=9200, name="search")],
        environment={"DJANGO_SETTINGS_MODULE": "shop.settings", "DATABASE_URL": "postgres://db/shop"},
        linux_parameters=ecs.LinuxParameters(search_task, "SearchLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="search", log_group=search_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    search = ecs.FargateService(
        stack,
        "Search",
        cluster=cluster,
        task_definition=search_task,
        desired_count=1,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
        service_connect_configuration=ecs.ServiceConnectProps(
            namespace=namespace.namespace_arn,
            services=[
                ecs.ServiceConnectService(port_mapping_name="search", discovery_name="search", dns_name="search"),
            ],
        ),
    )

    shop = LoadBalancedFargateService(
        stack,
        "Shop",
        container=AppContainer(
            web_image,
            8000,
            environment={
                "DJANGO_SETTINGS_MODULE": "shop.settings",
                "DATABASE_URL": "postgres://db/shop",
                "SEARCH_URL": "http://search:9200",
            },
            readonly_root_filesystem=False,
        ),
        release_command=ReleaseCommand(["python", "manage.py", "index"]),
        cluster=cluster,
        ingress=PublicHttp(),
    )
    shop.enable_service_connect(ServiceConnect(namespace=namespace, name="shop", calls=[search]))

    default_network = ec2.Connections(
        security_groups=[
            *web.connections.security_groups,
            *work.connections.security_groups,
            *site.connections.security_groups,
            *admin.connections.security_groups,
            *idle.connections.security_groups,
            *reports.connections.security_groups,
            *consumer.connections.security_groups,
            *shop.connections.security_groups,
            *search.connections.security_groups,
        ],
    )
    web.connections.allow_from(default_network, ec2.Port.tcp(8000))
    site.connections.allow_from(default_network, ec2.Port.tcp(8000))
    admin.connections.allow_from(default_network, ec2.Port.tcp(8000))
    idle.connections.allow_from(default_network, ec2.Port.tcp(8000))
    reports.connections.allow_from(default_network, ec2.Port.tcp(8000))
    shop.connections.allow_from(default_network, ec2.Port.tcp(8000))
    search.connections.allow_from(default_network, ec2.Port.tcp(9200))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
