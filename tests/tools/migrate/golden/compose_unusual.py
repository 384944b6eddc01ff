"""Made from a compose file by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_efs as efs
from aws_cdk import aws_logs as logs

from ecr_fargate_constructs import Network


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")
    network = Network(stack, "Network")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)

    app_task = ecs.FargateTaskDefinition(
        stack,
        "AppTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    app_logs = logs.LogGroup(stack, "AppLogs", retention=logs.RetentionDays.ONE_MONTH)
    app_task.add_volume(name="scratch-0")
    data_files = efs.FileSystem(stack, "DataFiles", vpc=network.vpc, encrypted=True)
    data_entry = data_files.add_access_point(
        "Entry",
        path="/data",
        create_acl=efs.Acl(owner_uid="1000", owner_gid="1000", permissions="750"),
        posix_user=efs.PosixUser(uid="1000", gid="1000"),
    )
    app_task.add_volume(
        name="data",
        efs_volume_configuration=ecs.EfsVolumeConfiguration(
            file_system_id=data_files.file_system_id,
            transit_encryption="ENABLED",
            authorization_config=ecs.AuthorizationConfig(iam="ENABLED", access_point_id=data_entry.access_point_id),
        ),
    )
    data_files.grant_read_write(app_task.task_role)
    app_task.add_volume(name="tmp-2")
    app_container = app_task.add_container(
        "app",
        image=ecs.ContainerImage.from_registry("public.ecr.aws/docker/library/node:22"),
        linux_parameters=ecs.LinuxParameters(app_task, "AppLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="app", log_group=app_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    app_container.add_mount_points(
        ecs.MountPoint(container_path="/cache", source_volume="scratch-0", read_only=False),
        ecs.MountPoint(container_path="/data", source_volume="data", read_only=False),
        ecs.MountPoint(container_path="/tmp", source_volume="tmp-2", read_only=False),
    )
    app_2 = ecs.FargateService(
        stack,
        "App",
        cluster=cluster,
        task_definition=app_task,
        desired_count=1,
        min_healthy_percent=0,
        max_healthy_percent=101,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
    )
    data_files.connections.allow_default_port_from(app_2)
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
