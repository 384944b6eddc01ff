"""The volumes of a task: added to its definition, allowed to its role, opened to its service."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam

from ecr_fargate_constructs._cdk.acknowledge import IAM4, acknowledge
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.service.task.networks import check_file_system

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aws_cdk import aws_efs as efs
    from constructs import IConstruct

    from ecr_fargate_constructs.service.container.base import TaskContainer
    from ecr_fargate_constructs.service.container.volumes import EbsVolume, EfsVolume, Volume

_NFS = 2049


def volumes_of(containers: Iterable[TaskContainer]) -> list[Volume]:
    """Return the volumes that containers mount, each once."""
    volumes: list[Volume] = []
    for container in containers:
        for mount in container.mounts:
            if mount.volume not in volumes:
                volumes.append(mount.volume)
    return volumes


def add_volumes(task: ecs.TaskDefinition, containers: Sequence[TaskContainer]) -> None:
    """Add every volume to the task definition, and allow the task role to use it."""
    volumes = volumes_of(containers)
    if not volumes:
        return
    from ecr_fargate_constructs.service.container.volumes import EbsVolume, EfsVolume  # noqa: PLC0415 - few tasks have volumes

    for volume in volumes:
        if isinstance(volume, EfsVolume):
            task.add_volume(name=volume.name, efs_volume_configuration=_efs(volume))
            mounts = [mount for container in containers for mount in container.mounts if mount.volume == volume]
            _permit(task, volume, write=not all(mount.read_only for mount in mounts))
        elif isinstance(volume, EbsVolume):
            task.add_volume(name=volume.name, configured_at_launch=True)
        else:
            task.add_volume(name=volume.name)


def attach_volumes(service: ecs.FargateService | ecs.Ec2Service, volumes: Sequence[Volume]) -> None:
    """Open file systems to the service's tasks, and add the tasks' disks to the service."""
    if not volumes:
        return
    from ecr_fargate_constructs.service.container.volumes import EbsVolume, EfsVolume  # noqa: PLC0415 - as above

    for volume in volumes:
        if isinstance(volume, EfsVolume):
            open_file_system(service, service.cluster.vpc, service.connections, volume.file_system)
            service.node.add_dependency(volume.file_system.mount_targets_available)
        elif isinstance(volume, EbsVolume):
            _attach_disk(service, volume)


def open_file_system(
    user: IConstruct, vpc: ec2.IVpc, connections: ec2.Connections, file_system: efs.IFileSystem
) -> None:
    """Open the file system's port to the tasks of a service or a job.

    Between stacks the rule is in the service's stack (``remote_rule``), which refers to the file system's stack
    already; the other way round the stacks would depend on each other.

    Raises:
        ConfigurationError: The file system is in another VPC.
    """
    check_file_system(user, vpc, file_system)
    for theirs in file_system.connections.security_groups:
        for own in connections.security_groups:
            theirs.add_ingress_rule(own, ec2.Port.tcp(_NFS), f"Tasks of {user.node.path}", remote_rule=True)


def _efs(volume: EfsVolume) -> ecs.EfsVolumeConfiguration:
    point = volume.access_point
    return ecs.EfsVolumeConfiguration(
        file_system_id=volume.file_system.file_system_id,
        root_directory=volume.root_directory,
        transit_encryption="ENABLED",
        authorization_config=ecs.AuthorizationConfig(
            access_point_id=None if point is None else point.access_point_id, iam="ENABLED"
        ),
    )


def _permit(task: ecs.TaskDefinition, volume: EfsVolume, *, write: bool) -> None:
    actions = ["elasticfilesystem:ClientMount", *(["elasticfilesystem:ClientWrite"] if write else [])]
    task.add_to_task_role_policy(
        iam.PolicyStatement(
            actions=actions,
            resources=[volume.file_system.file_system_arn],
            conditions=None if volume.access_point is None else _only_through(volume.access_point),
        )
    )


def _only_through(point: efs.IAccessPoint) -> dict[str, dict[str, str]]:
    return {"StringEquals": {"elasticfilesystem:AccessPointArn": point.access_point_arn}}


def _attach_disk(service: ecs.FargateService | ecs.Ec2Service, volume: EbsVolume) -> None:
    """Add the disk to the service. CDK cannot check a size that is a token, so it gets another one first."""
    later = volume.size_gib is not None and is_token(volume.size_gib)
    disk = _ebs(service, replace(volume, size_gib=125) if later else volume)
    acknowledge(
        disk.role,
        {
            IAM4.format("service-role/AmazonECSInfrastructureRolePolicyForVolumes"): "AWS writes this policy for the "
            "role with which ECS makes the disks of tasks, and ECS alone may assume it."
        },
    )
    service.add_volume(disk)
    resource = service.node.default_child
    if later and isinstance(resource, ecs.CfnService):
        # The first one: a task has at most one disk.
        resource.add_property_override("VolumeConfigurations.0.ManagedEBSVolume.SizeInGiB", volume.size_gib)


def _ebs(service: ecs.BaseService, volume: EbsVolume) -> ecs.ServiceManagedVolume:
    return ecs.ServiceManagedVolume(
        service,
        f"Volume-{volume.name}",
        name=volume.name,
        managed_ebs_volume=ecs.ServiceManagedEBSVolumeConfiguration(
            encrypted=True,
            kms_key_id=volume.encryption_key,
            file_system_type=volume.file_system,
            volume_type=volume.volume_type,
            size=None if volume.size_gib is None else cdk.Size.gibibytes(volume.size_gib),
            snap_shot_id=volume.snapshot_id,
            iops=volume.iops,
            throughput=volume.throughput,
            volume_initialization_rate=volume.snapshot_rate,
            tag_specifications=[ecs.EBSTagSpecification(propagate_tags=ecs.EbsPropagatedTagSource.SERVICE)],
        ),
    )
