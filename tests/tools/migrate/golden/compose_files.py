"""Made from a compose file by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_efs as efs
from aws_cdk import aws_secretsmanager as secretsmanager
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
    SharedVolume,
    WorkerContainer,
    WorkerService,
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")
    network = Network(stack, "Network")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)
    namespace = cloudmap.HttpNamespace(stack, "Namespace", name="shop")

    gallery_api_token = secretsmanager.Secret.from_secret_name_v2(stack, "GalleryApiToken", "api_token")
    gallery_smtp = secretsmanager.Secret.from_secret_name_v2(stack, "GallerySmtp", "shop/smtp")
    uploads_files = efs.FileSystem(stack, "UploadsFiles", vpc=network.vpc, encrypted=True)
    uploads_entry = uploads_files.add_access_point(
        "Entry",
        path="/uploads",
        create_acl=efs.Acl(owner_uid="1000", owner_gid="1000", permissions="750"),
        posix_user=efs.PosixUser(uid="1000", gid="1000"),
    )
    uploads = EfsVolume("uploads", file_system=uploads_files, access_point=uploads_entry)
    scratch_2 = SharedVolume("scratch-2")
    tmp_3 = SharedVolume("tmp-3")
    gallery = LoadBalancedFargateService(
        stack,
        "Gallery",
        container=AppContainer(
            "public.ecr.aws/docker/library/php:8.4-apache",
            80,
            secrets={
                "API_TOKEN": ecs.Secret.from_secrets_manager(gallery_api_token),
                "SMTP": ecs.Secret.from_secrets_manager(gallery_smtp),
            },
            environment_files=[ecs.EnvironmentFile.from_asset("./common.env")],
            readonly_root_filesystem=False,
            mounts=[
                Mount("/var/www/uploads", uploads),
                Mount("/backup", uploads, read_only=True),
                Mount("/var/www/cache", scratch_2),
                Mount("/tmp", tmp_3),
            ],
        ),
        deployment=Rolling(min_healthy_percent=0, max_healthy_percent=101),
        cluster=cluster,
        desired_count=1,
        ingress=PublicHttp(),
    )
    gallery.enable_service_connect(ServiceConnect(namespace=namespace, name="gallery"))

    thumbnails = WorkerService(
        stack,
        "Thumbnails",
        container=WorkerContainer(
            "public.ecr.aws/docker/library/python:3.13-slim",
            command=["python", "-m", "thumbs"],
            readonly_root_filesystem=False,
            mounts=[Mount("/uploads", uploads)],
        ),
        deployment=Rolling(min_healthy_percent=0, max_healthy_percent=101),
        cluster=cluster,
        desired_count=1,
    )
    thumbnails.enable_service_connect(ServiceConnect(namespace=namespace))

    gallery.connections.allow_from(thumbnails, ec2.Port.tcp(80))
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
