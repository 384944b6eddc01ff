"""Made from Copilot manifests by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_efs as efs
from aws_cdk import aws_logs as logs
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_servicediscovery as cloudmap

from ecr_fargate_constructs import (
    AppContainer,
    CloudMap,
    EfsVolume,
    JobContainer,
    LoadBalancedFargateService,
    Mount,
    Network,
    PrivateRepository,
    PublicHttp,
    ScheduledJob,
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")
    network = Network(stack, "Network")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)
    discovery = cloudmap.PrivateDnsNamespace(stack, "Discovery", name="test.shop.local", vpc=network.vpc)

    front_repository = PrivateRepository(stack, "FrontRepository")
    front_image = front_repository.build_and_push_image("./front")
    front = LoadBalancedFargateService(
        stack,
        "Front",
        container=AppContainer(
            front_image,
            3000,
            environment={
                "COPILOT_SERVICE_NAME": "front",
                "COPILOT_APPLICATION_NAME": "shop",
                "COPILOT_ENVIRONMENT_NAME": "test",
                "COPILOT_SERVICE_DISCOVERY_ENDPOINT": "test.shop.local",
                "API": "http://api.test.shop.local:9000",
            },
            readonly_root_filesystem=False,
        ),
        cluster=cluster,
        ingress=PublicHttp(),
    )
    front.container.add_environment("COPILOT_LB_DNS", front.load_balancer.load_balancer_dns_name)
    front.enable_cloud_map(CloudMap(namespace=discovery, name="front"))

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
    api_repository = PrivateRepository(stack, "ApiRepository")
    api_image = api_repository.build_and_push_image("./api")
    api_task.add_container(
        "api",
        image=api_image.container_image,
        port_mappings=[ecs.PortMapping(container_port=9000)],
        environment={
            "COPILOT_SERVICE_NAME": "api",
            "COPILOT_APPLICATION_NAME": "shop",
            "COPILOT_ENVIRONMENT_NAME": "test",
            "COPILOT_SERVICE_DISCOVERY_ENDPOINT": "test.shop.local",
        },
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
        cloud_map_options=ecs.CloudMapOptions(
            cloud_map_namespace=discovery, name="api", dns_ttl=cdk.Duration.seconds(10)
        ),
    )

    nightly_repository = PrivateRepository(stack, "NightlyRepository")
    nightly_image = nightly_repository.build_and_push_image("./nightly")
    nightly_reports_files = efs.FileSystem(stack, "NightlyReportsFiles", vpc=network.vpc, encrypted=True)
    nightly_reports_entry = nightly_reports_files.add_access_point(
        "Entry",
        path="/reports",
        create_acl=efs.Acl(owner_uid="1000", owner_gid="1000", permissions="750"),
        posix_user=efs.PosixUser(uid="1000", gid="1000"),
    )
    reports = EfsVolume("reports", file_system=nightly_reports_files, access_point=nightly_reports_entry)
    nightly = ScheduledJob(
        stack,
        "Nightly",
        container=JobContainer(
            nightly_image,
            environment={
                "COPILOT_SERVICE_NAME": "overridden",
                "COPILOT_APPLICATION_NAME": "shop",
                "COPILOT_ENVIRONMENT_NAME": "test",
                "COPILOT_SERVICE_DISCOVERY_ENDPOINT": "test.shop.local",
                "COPILOT_MOUNT_POINTS": '{"reports":"/reports"}',
            },
            readonly_root_filesystem=False,
            mounts=[Mount("/reports", reports)],
        ),
        schedule=scheduler.ScheduleExpression.expression("rate(1 day)"),
        cluster=cluster,
    )

    apart_task = ecs.FargateTaskDefinition(
        stack,
        "ApartTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    apart_logs = logs.LogGroup(stack, "ApartLogs", retention=logs.RetentionDays.ONE_MONTH)
    apart_repository = PrivateRepository(stack, "ApartRepository")
    apart_image = apart_repository.build_and_push_image("./apart")
    apart_task.add_container(
        "apart",
        image=apart_image.container_image,
        port_mappings=[ecs.PortMapping(container_port=7000)],
        environment={
            "COPILOT_SERVICE_NAME": "apart",
            "COPILOT_APPLICATION_NAME": "shop",
            "COPILOT_ENVIRONMENT_NAME": "test",
            "COPILOT_SERVICE_DISCOVERY_ENDPOINT": "test.shop.local",
        },
        linux_parameters=ecs.LinuxParameters(apart_task, "ApartLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="apart", log_group=apart_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    ecs.FargateService(
        stack,
        "Apart",
        cluster=cluster,
        task_definition=apart_task,
        desired_count=1,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
    )

    public_repository = PrivateRepository(stack, "PublicRepository")
    public_image = public_repository.build_and_push_image("./public")
    LoadBalancedFargateService(
        stack,
        "Public",
        container=AppContainer(
            public_image,
            8080,
            environment={
                "COPILOT_SERVICE_NAME": "public",
                "COPILOT_APPLICATION_NAME": "shop",
                "COPILOT_ENVIRONMENT_NAME": "test",
                "COPILOT_SERVICE_DISCOVERY_ENDPOINT": "test.shop.local",
            },
            readonly_root_filesystem=False,
        ),
        cluster=cluster,
        ingress=PublicHttp(),
    )

    environment_network = ec2.Connections(
        security_groups=[
            *front.connections.security_groups,
            *api.connections.security_groups,
            *nightly.connections.security_groups,
        ],
    )
    front.connections.allow_from(environment_network, ec2.Port.tcp(3000))
    api.connections.allow_from(environment_network, ec2.Port.tcp(9000))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
