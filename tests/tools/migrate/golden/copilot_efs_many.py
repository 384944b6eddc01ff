"""Made from a Copilot manifest by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_efs as efs
from aws_cdk import aws_logs as logs

from ecr_fargate_constructs import Network


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Files")
    network = Network(stack, "Network")
    cluster = ecs.Cluster(stack, "Cluster", vpc=network.vpc)

    files_task = ecs.FargateTaskDefinition(
        stack,
        "FilesTask",
        cpu=256,
        memory_limit_mib=512,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
        ),
    )
    files_logs = logs.LogGroup(stack, "FilesLogs", retention=logs.RetentionDays.ONE_MONTH)
    files_pages_files = efs.FileSystem(stack, "FilesPagesFiles", vpc=network.vpc, encrypted=True)
    files_pages_entry = files_pages_files.add_access_point(
        "Entry",
        path="/pages",
        create_acl=efs.Acl(owner_uid="1000", owner_gid="1000", permissions="750"),
        posix_user=efs.PosixUser(uid="1000", gid="1000"),
    )
    files_task.add_volume(
        name="pages",
        efs_volume_configuration=ecs.EfsVolumeConfiguration(
            file_system_id=files_pages_files.file_system_id,
            transit_encryption="ENABLED",
            authorization_config=ecs.AuthorizationConfig(
                iam="ENABLED", access_point_id=files_pages_entry.access_point_id
            ),
        ),
    )
    files_pages_files.grant_read_write(files_task.task_role)
    files_container = files_task.add_container(
        "files",
        image=ecs.ContainerImage.from_registry("public.ecr.aws/docker/library/httpd:2.4"),
        port_mappings=[ecs.PortMapping(container_port=80)],
        environment={"COPILOT_SERVICE_NAME": "files", "COPILOT_MOUNT_POINTS": '{"pages":"/srv"}'},
        linux_parameters=ecs.LinuxParameters(files_task, "FilesLinux", init_process_enabled=True),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="files", log_group=files_logs, mode=ecs.AwsLogDriverMode.NON_BLOCKING
        ),
    )
    files_container.add_mount_points(ecs.MountPoint(container_path="/srv", source_volume="pages", read_only=False))
    files = ecs.FargateService(
        stack,
        "Files",
        cluster=cluster,
        task_definition=files_task,
        desired_count=3,
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
    )
    files_pages_files.connections.allow_default_port_from(files)
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()
