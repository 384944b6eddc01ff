"""Made from a Copilot manifest by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_efs as efs

from ecr_fargate_constructs import (
    AppContainer,
    EfsVolume,
    LoadBalancedFargateService,
    Mount,
    Network,
    PublicHttp,
    Rolling,
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Wiki")
    network = Network(stack, "Network")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)

    wiki_pages_files = efs.FileSystem(stack, "WikiPagesFiles", vpc=network.vpc, encrypted=True)
    wiki_pages_entry = wiki_pages_files.add_access_point(
        "Entry",
        path="/pages",
        create_acl=efs.Acl(owner_uid="10000", owner_gid="110000", permissions="750"),
        posix_user=efs.PosixUser(uid="10000", gid="110000"),
    )
    pages = EfsVolume("pages", file_system=wiki_pages_files, access_point=wiki_pages_entry)
    wiki = LoadBalancedFargateService(
        stack,
        "Wiki",
        container=AppContainer(
            "public.ecr.aws/docker/library/wordpress:6",
            80,
            environment={"COPILOT_SERVICE_NAME": "wiki", "COPILOT_MOUNT_POINTS": '{"pages":"/var/www/html"}'},
            readonly_root_filesystem=False,
            mounts=[Mount("/var/www/html", pages)],
        ),
        deployment=Rolling(min_healthy_percent=0, max_healthy_percent=101),
        cluster=cluster,
        desired_count=1,
        ingress=PublicHttp(),
    )
    wiki.container.add_environment("COPILOT_LB_DNS", wiki.load_balancer.load_balancer_dns_name)
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
