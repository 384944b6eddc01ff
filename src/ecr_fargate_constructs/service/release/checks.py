"""Checks of a release command against the tasks of its service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.task.checks import check_task
from ecr_fargate_constructs.service.task.mounts import volumes_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs.service.container.main import MainContainer
    from ecr_fargate_constructs.service.container.sidecar import Sidecar
    from ecr_fargate_constructs.service.release.command import ReleaseCommand


def check_release(
    command: ReleaseCommand, container: MainContainer, sidecars: Sequence[Sidecar], *, on_ec2: bool
) -> None:
    """Refuse a command that the tasks of the service cannot run."""
    if command.size is not None:
        if on_ec2:
            raise ConfigurationError(
                f"ReleaseCommand.size={command.size!r} is for Fargate, but this service runs on EC2, where the command "
                "has the task's own size; omit it"
            )
        try:
            check_task(container, sidecars, size=command.size)
        except ConfigurationError as error:
            raise ConfigurationError(f"ReleaseCommand.size: {error}") from error
    if container.restart is not None:
        raise ConfigurationError(
            "release_command cannot run in a container with restart=RestartPolicy(…): the agent would start the "
            "command again when it has ended; omit restart, so that ECS replaces the task"
        )
    volumes = volumes_of((container, *sidecars))
    if not volumes:
        return
    from ecr_fargate_constructs.service.container.volumes import EbsVolume  # noqa: PLC0415 - few tasks have volumes

    disks = [each.name for each in volumes if isinstance(each, EbsVolume)]
    if disks:
        raise ConfigurationError(
            f"release_command cannot run in this task, because its EbsVolume {disks[0]!r} is made by the service for "
            "its own tasks; use an EfsVolume or a SharedVolume, or give the command to a service without a disk"
        )
