"""Made from a compose file by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_efs as efs

from ecr_fargate_constructs import EfsVolume, Mount, Network, Rolling, SharedVolume, WorkerContainer, WorkerService


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")
    network = Network(stack, "Network")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)

    scratch_0 = SharedVolume("scratch-0")
    data_files = efs.FileSystem(stack, "DataFiles", vpc=network.vpc, encrypted=True)
    data_entry = data_files.add_access_point(
        "Entry",
        path="/data",
        create_acl=efs.Acl(owner_uid="1000", owner_gid="1000", permissions="750"),
        posix_user=efs.PosixUser(uid="1000", gid="1000"),
    )
    data = EfsVolume("data", file_system=data_files, access_point=data_entry)
    tmp_2 = SharedVolume("tmp-2")
    WorkerService(
        stack,
        "App",
        container=WorkerContainer(
            "public.ecr.aws/docker/library/node:22",
            readonly_root_filesystem=False,
            mounts=[Mount("/cache", scratch_0), Mount("/data", data), Mount("/tmp", tmp_2)],
        ),
        deployment=Rolling(min_healthy_percent=0, max_healthy_percent=101),
        cluster=cluster,
        desired_count=1,
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
