"""Storage: uploads in EFS behind an access point, a disk for each task, and a directory that two containers share."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_efs as efs

from ecr_fargate_constructs import (
    AppContainer,
    EbsVolume,
    EfsVolume,
    LoadBalancedFargateService,
    Mount,
    PublicHttp,
    SharedVolume,
    Sidecar,
)

NGINX = "public.ecr.aws/nginx/nginx:1.29"


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Volumes")
    vpc = ec2.Vpc(
        stack,
        "Vpc",
        max_azs=2,
        restrict_default_security_group=False,
        subnet_configuration=[
            ec2.SubnetConfiguration(
                name="Public", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=24, map_public_ip_on_launch=False
            ),
            ec2.SubnetConfiguration(name="Private", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS, cidr_mask=20),
        ],
    )
    reason = "An example without paid extras; vpc.add_flow_log() turns flow logs on."
    cdk.Validations.of(vpc).acknowledge(cdk.Acknowledgment(id="AwsSolutions::AwsSolutions-VPC7", reason=reason))
    files = efs.FileSystem(stack, "Files", vpc=vpc, encrypted=True, enable_automatic_backups=True)
    entry = files.add_access_point(
        "Shop",
        path="/shop",
        create_acl=efs.Acl(owner_uid="10001", owner_gid="10001", permissions="750"),
        posix_user=efs.PosixUser(uid="10001", gid="10001"),
    )
    uploads = EfsVolume("uploads", files, access_point=entry)
    pages = SharedVolume("pages")
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(
            NGINX,
            80,
            writable_paths=["/run", "/var/cache/nginx"],
            mounts=[
                Mount("/srv/uploads", uploads),
                Mount("/srv/index", EbsVolume("index", size_gib=20)),
                Mount("/usr/share/nginx/html", pages, read_only=True),
            ],
        ),
        sidecars=[
            Sidecar(
                "pages",
                "public.ecr.aws/docker/library/busybox:1.37",
                command=["sh", "-c", "while true; do date > /pages/index.html; sleep 60; done"],
                mounts=[Mount("/pages", pages)],
            )
        ],
        ingress=PublicHttp(),
        vpc=vpc,
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
