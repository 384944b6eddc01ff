"""Made from a compose file by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_efs as efs
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

    uploads = WorkerService(
        stack,
        "Uploads",
        container=WorkerContainer(
            "public.ecr.aws/nginx/nginx:1.29", readonly_root_filesystem=False, mounts=[Mount("/srv", dashboards)]
        ),
        cluster=cluster,
        desired_count=3,
    )
    uploads.enable_service_connect(ServiceConnect(namespace=namespace))

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
