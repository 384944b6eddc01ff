"""Made from a Copilot manifest by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_efs as efs

from ecr_fargate_constructs import (
    AppContainer,
    EfsVolume,
    LoadBalancedFargateService,
    Mount,
    Network,
    PrivateRepository,
    PublicHttp,
    Rolling,
    SharedVolume,
    Sidecar,
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Wiki")
    network = Network(stack, "Network")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)

    wiki_uploads_files = efs.FileSystem(stack, "WikiUploadsFiles", vpc=network.vpc, encrypted=True)
    wiki_uploads_entry = wiki_uploads_files.add_access_point(
        "Entry",
        path="/uploads",
        create_acl=efs.Acl(owner_uid="10000", owner_gid="10000", permissions="750"),
        posix_user=efs.PosixUser(uid="10000", gid="10000"),
    )
    uploads = EfsVolume("uploads", file_system=wiki_uploads_files, access_point=wiki_uploads_entry)
    scratch = SharedVolume("scratch")
    wiki_repository = ecr.Repository.from_repository_attributes(
        stack,
        "WikiRepository",
        repository_arn="arn:aws:ecr:eu-west-1:123456789012:repository/wiki",
        repository_name="wiki",
    )
    wiki_image = ecs.ContainerImage.from_ecr_repository(wiki_repository, "2.4.1")
    repository = PrivateRepository(stack, "Repository")
    image = repository.build_and_push_image("./seed")
    wiki = LoadBalancedFargateService(
        stack,
        "Wiki",
        container=AppContainer(
            "public.ecr.aws/nginx/nginx:1.29",
            8443,
            environment={
                "COPILOT_SERVICE_NAME": "wiki",
                "COPILOT_MOUNT_POINTS": '{"scratch":"/var/cache/nginx"}',
                "UPSTREAM": "localhost:8065",
            },
            readonly_root_filesystem=False,
            mounts=[Mount("/var/cache/nginx", scratch)],
        ),
        sidecars=[
            Sidecar(
                "wiki",
                wiki_image,
                ports=[8065],
                environment={
                    "COPILOT_SERVICE_NAME": "wiki",
                    "COPILOT_MOUNT_POINTS": '{"uploads":"/var/uploads","scratch":"/var/scratch"}',
                },
                readonly_root_filesystem=False,
                depends_on={
                    "seed": ecs.ContainerDependencyCondition.SUCCESS,
                    "web": ecs.ContainerDependencyCondition.START,
                },
                mounts=[Mount("/var/uploads", uploads), Mount("/var/scratch", scratch)],
                logging=ecs.LogDrivers.firelens(
                    options={"Name": "cloudwatch", "region": "eu-west-1", "log_group_name": "/shop/wiki"}
                ),
            ),
            Sidecar(
                "seed",
                image,
                essential=False,
                environment={"COPILOT_SERVICE_NAME": "wiki", "COPILOT_MOUNT_POINTS": '{"uploads":"/var/uploads"}'},
                command=["python", "seed.py", "--into", "/var/uploads"],
                readonly_root_filesystem=False,
                mounts=[Mount("/var/uploads", uploads)],
            ),
            Sidecar.log_router(config=ecs.FirelensOptions(enable_ecs_log_metadata=False)),
        ],
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
