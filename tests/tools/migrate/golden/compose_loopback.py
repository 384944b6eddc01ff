"""Made from a compose file by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_efs as efs
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
    stack = cdk.Stack(app, "Shop")
    network = Network(stack, "Network")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)
    namespace = cloudmap.HttpNamespace(stack, "Namespace", name="shop")

    events_task = ecs.FargateTaskDefinition(
        stack,
        "EventsTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    events_logs = logs.LogGroup(stack, "EventsLogs", retention=logs.RetentionDays.ONE_MONTH)
    events_files = efs.FileSystem(stack, "EventsFiles", vpc=network.vpc, encrypted=True)
    events_entry = events_files.add_access_point(
        "Entry",
        path="/events",
        create_acl=efs.Acl(owner_uid="1000", owner_gid="1000", permissions="750"),
        posix_user=efs.PosixUser(uid="1000", gid="1000"),
    )
    events_task.add_volume(
        name="events",
        efs_volume_configuration=ecs.EfsVolumeConfiguration(
            file_system_id=events_files.file_system_id,
            transit_encryption="ENABLED",
            authorization_config=ecs.AuthorizationConfig(iam="ENABLED", access_point_id=events_entry.access_point_id),
        ),
    )
    events_files.grant_read_write(events_task.task_role)
    events_repository = PrivateRepository(stack, "EventsRepository")
    events_image = events_repository.build_and_push_image("./events")
    events_container = events_task.add_container(
        "events",
        image=events_image.container_image,
        port_mappings=[
            ecs.PortMapping(container_port=8123, name="events"),
            ecs.PortMapping(container_port=9000, name="events-9000"),
        ],
        linux_parameters=ecs.LinuxParameters(events_task, "EventsLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="events", log_group=events_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    events_container.add_mount_points(
        ecs.MountPoint(container_path="/var/lib/events", source_volume="events", read_only=False)
    )
    events = ecs.FargateService(
        stack,
        "Events",
        cluster=cluster,
        task_definition=events_task,
        desired_count=1,
        min_healthy_percent=0,
        max_healthy_percent=101,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
        service_connect_configuration=ecs.ServiceConnectProps(
            namespace=namespace.namespace_arn,
            services=[
                ecs.ServiceConnectService(port_mapping_name="events", discovery_name="events", dns_name="events"),
                ecs.ServiceConnectService(
                    port_mapping_name="events-9000", discovery_name="events-9000", dns_name="events"
                ),
            ],
        ),
    )
    events_files.connections.allow_default_port_from(events)

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
        port_mappings=[
            ecs.PortMapping(container_port=3030, name="worker"),
            ecs.PortMapping(container_port=9229, name="worker-9229"),
        ],
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
                ecs.ServiceConnectService(
                    port_mapping_name="worker-9229", discovery_name="worker-9229", dns_name="worker"
                ),
            ],
        ),
    )

    web = LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(
            "public.ecr.aws/docker/library/node:22",
            3000,
            environment={
                "EVENTS_URL": "http://events:8123",
                "EVENTS_MIGRATION_URL": "clickhouse://events:9000",
                "WORKER_URL": "http://worker:3030/ready",
            },
            readonly_root_filesystem=False,
        ),
        cluster=cluster,
        ingress=PublicHttp(),
    )
    web.enable_service_connect(ServiceConnect(namespace=namespace, name="web", calls=[events, worker]))

    metrics_task = ecs.FargateTaskDefinition(
        stack,
        "MetricsTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    metrics_logs = logs.LogGroup(stack, "MetricsLogs", retention=logs.RetentionDays.ONE_MONTH)
    metrics_repository = PrivateRepository(stack, "MetricsRepository")
    metrics_image = metrics_repository.build_and_push_image("./metrics")
    metrics_task.add_container(
        "metrics",
        image=metrics_image.container_image,
        port_mappings=[
            ecs.PortMapping(container_port=8086, name="metrics"),
            ecs.PortMapping(container_port=9200, name="metrics-9200"),
        ],
        linux_parameters=ecs.LinuxParameters(metrics_task, "MetricsLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="metrics", log_group=metrics_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    metrics = ecs.FargateService(
        stack,
        "Metrics",
        cluster=cluster,
        task_definition=metrics_task,
        desired_count=1,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
        service_connect_configuration=ecs.ServiceConnectProps(
            namespace=namespace.namespace_arn,
            services=[
                ecs.ServiceConnectService(port_mapping_name="metrics", discovery_name="metrics", dns_name="metrics"),
                ecs.ServiceConnectService(
                    port_mapping_name="metrics-9200", discovery_name="metrics-9200", dns_name="metrics"
                ),
            ],
        ),
    )

    default_network = ec2.Connections(
        security_groups=[
            *web.connections.security_groups,
            *worker.connections.security_groups,
            *events.connections.security_groups,
            *metrics.connections.security_groups,
        ],
    )
    web.connections.allow_from(default_network, ec2.Port.tcp(3000))
    worker.connections.allow_from(default_network, ec2.Port.tcp(3030))
    worker.connections.allow_from(default_network, ec2.Port.tcp(9229))
    events.connections.allow_from(default_network, ec2.Port.tcp(8123))
    events.connections.allow_from(default_network, ec2.Port.tcp(9000))
    metrics.connections.allow_from(default_network, ec2.Port.tcp(8086))
    metrics.connections.allow_from(default_network, ec2.Port.tcp(9200))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
