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
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")
    network = Network(stack, "Network")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)
    namespace = cloudmap.HttpNamespace(stack, "Namespace", name="shop")

    metrics_files = efs.FileSystem(stack, "MetricsFiles", vpc=network.vpc, encrypted=True)
    metrics_entry = metrics_files.add_access_point(
        "Entry",
        path="/metrics",
        create_acl=efs.Acl(owner_uid="1000", owner_gid="1000", permissions="750"),
        posix_user=efs.PosixUser(uid="1000", gid="1000"),
    )
    metrics = EfsVolume("metrics", file_system=metrics_files, access_point=metrics_entry)
    prometheus = LoadBalancedFargateService(
        stack,
        "Prometheus",
        container=AppContainer(
            "public.ecr.aws/bitnami/prometheus:3",
            9090,
            readonly_root_filesystem=False,
            mounts=[Mount("/prometheus", metrics)],
        ),
        deployment=Rolling(min_healthy_percent=0, max_healthy_percent=101),
        cluster=cluster,
        desired_count=1,
        ingress=PublicHttp(),
    )
    prometheus.enable_service_connect(ServiceConnect(namespace=namespace, name="prometheus"))

    dashboards_files = efs.FileSystem(stack, "DashboardsFiles", vpc=network.vpc, encrypted=True)
    dashboards_entry = dashboards_files.add_access_point(
        "Entry",
        path="/dashboards",
        create_acl=efs.Acl(owner_uid="1000", owner_gid="1000", permissions="750"),
        posix_user=efs.PosixUser(uid="1000", gid="1000"),
    )
    dashboards = EfsVolume("dashboards", file_system=dashboards_files, access_point=dashboards_entry)
    grafana = LoadBalancedFargateService(
        stack,
        "Grafana",
        container=AppContainer(
            "public.ecr.aws/bitnami/grafana:12",
            3000,
            readonly_root_filesystem=False,
            mounts=[Mount("/var/lib/grafana", dashboards)],
        ),
        deployment=Rolling(min_healthy_percent=0, max_healthy_percent=101),
        cluster=cluster,
        desired_count=1,
        ingress=PublicHttp(),
    )
    grafana.enable_service_connect(ServiceConnect(namespace=namespace, name="grafana", calls=[prometheus.service]))

    uploads_task = ecs.FargateTaskDefinition(
        stack,
        "UploadsTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    uploads_logs = logs.LogGroup(stack, "UploadsLogs", retention=logs.RetentionDays.ONE_MONTH)
    uploads_task.add_volume(
        name="dashboards",
        efs_volume_configuration=ecs.EfsVolumeConfiguration(
            file_system_id=dashboards_files.file_system_id,
            transit_encryption="ENABLED",
            authorization_config=ecs.AuthorizationConfig(
                iam="ENABLED", access_point_id=dashboards_entry.access_point_id
            ),
        ),
    )
    dashboards_files.grant_read_write(uploads_task.task_role)
    uploads_container = uploads_task.add_container(
        "uploads",
        image=ecs.ContainerImage.from_registry("public.ecr.aws/nginx/nginx:1.29"),
        linux_parameters=ecs.LinuxParameters(uploads_task, "UploadsLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="uploads", log_group=uploads_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    uploads_container.add_mount_points(
        ecs.MountPoint(container_path="/srv", source_volume="dashboards", read_only=False)
    )
    uploads = ecs.FargateService(
        stack,
        "Uploads",
        cluster=cluster,
        task_definition=uploads_task,
        desired_count=3,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
        service_connect_configuration=ecs.ServiceConnectProps(namespace=namespace.namespace_arn),
    )
    dashboards_files.connections.allow_default_port_from(uploads)

    reader = LoadBalancedFargateService(
        stack,
        "Reader",
        container=AppContainer(
            "public.ecr.aws/nginx/nginx:1.29",
            8081,
            readonly_root_filesystem=False,
            mounts=[Mount("/srv", dashboards, read_only=True)],
        ),
        cluster=cluster,
        ingress=PublicHttp(),
    )
    reader.enable_service_connect(ServiceConnect(namespace=namespace, name="reader"))

    default_network = ec2.Connections(
        security_groups=[
            *prometheus.connections.security_groups,
            *grafana.connections.security_groups,
            *uploads.connections.security_groups,
            *reader.connections.security_groups,
        ],
    )
    prometheus.connections.allow_from(default_network, ec2.Port.tcp(9090))
    grafana.connections.allow_from(default_network, ec2.Port.tcp(3000))
    reader.connections.allow_from(default_network, ec2.Port.tcp(8081))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
