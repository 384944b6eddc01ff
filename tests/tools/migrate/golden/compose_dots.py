"""Made from a compose file by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_efs as efs
from aws_cdk import aws_logs as logs
from aws_cdk import aws_servicediscovery as cloudmap

from ecr_fargate_constructs import (
    AppContainer,
    EfsVolume,
    LoadBalancedFargateService,
    Mount,
    Network,
    PublicHttp,
    Rolling,
    ServiceConnect,
    WorkerContainer,
    WorkerService,
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")
    network = Network(stack, "Network")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)
    namespace = cloudmap.HttpNamespace(stack, "Namespace", name="shop")

    shop_api_task = ecs.FargateTaskDefinition(
        stack,
        "ShopApiTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    shop_api_logs = logs.LogGroup(stack, "ShopApiLogs", retention=logs.RetentionDays.ONE_MONTH)
    shop_api_task.add_container(
        "shop-api",
        image=ecs.ContainerImage.from_registry("public.ecr.aws/docker/library/node:22"),
        port_mappings=[
            ecs.PortMapping(container_port=9000, name="shop-api"),
            ecs.PortMapping(container_port=9001, name="shop-api-9001"),
        ],
        linux_parameters=ecs.LinuxParameters(shop_api_task, "ShopApiLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="shop-api", log_group=shop_api_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    shop_api = ecs.FargateService(
        stack,
        "ShopApi",
        cluster=cluster,
        task_definition=shop_api_task,
        desired_count=1,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
        service_connect_configuration=ecs.ServiceConnectProps(
            namespace=namespace.namespace_arn,
            services=[
                ecs.ServiceConnectService(
                    port_mapping_name="shop-api", discovery_name="shop-api-2", dns_name="shop-api-2"
                ),
                ecs.ServiceConnectService(
                    port_mapping_name="shop-api-9001", discovery_name="shop-api-2-9001", dns_name="shop-api-2"
                ),
            ],
        ),
    )

    shop_data_files = efs.FileSystem(stack, "ShopDataFiles", vpc=network.vpc, encrypted=True)
    shop_data_entry = shop_data_files.add_access_point(
        "Entry",
        path="/shop-data",
        create_acl=efs.Acl(owner_uid="1000", owner_gid="1000", permissions="750"),
        posix_user=efs.PosixUser(uid="1000", gid="1000"),
    )
    shop_data = EfsVolume("shop-data", file_system=shop_data_files, access_point=shop_data_entry)
    shop_web = LoadBalancedFargateService(
        stack,
        "ShopWeb",
        container=AppContainer(
            "public.ecr.aws/docker/library/node:22",
            8080,
            environment={"API": "http://shop.api:9000"},
            readonly_root_filesystem=False,
            mounts=[Mount("/data", shop_data)],
        ),
        deployment=Rolling(min_healthy_percent=0, max_healthy_percent=101),
        cluster=cluster,
        desired_count=1,
        ingress=PublicHttp(),
    )
    shop_web.service.enable_service_connect(
        namespace=namespace.namespace_arn,
        services=[ecs.ServiceConnectService(port_mapping_name="web", discovery_name="shop-web", dns_name="shop.web")],
    )
    shop_web.service.node.find_child("Service").node.add_dependency(shop_api.node.find_child("Service"))

    shop_api_2 = WorkerService(
        stack,
        "ShopApi2",
        container=WorkerContainer("public.ecr.aws/docker/library/node:22", readonly_root_filesystem=False),
        cluster=cluster,
        desired_count=1,
    )
    shop_api_2.enable_service_connect(ServiceConnect(namespace=namespace))

    default_network = ec2.Connections(
        security_groups=[
            *shop_web.connections.security_groups,
            *shop_api_2.connections.security_groups,
            *shop_api.connections.security_groups,
        ],
    )
    shop_web.connections.allow_from(default_network, ec2.Port.tcp(8080))
    shop_api.connections.allow_from(default_network, ec2.Port.tcp(9000))
    shop_api.connections.allow_from(default_network, ec2.Port.tcp(9001))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
