"""The task: its definition, the application's container, the containers beside it, their volumes and their log group.

Fargate and EC2 services build their tasks here. The caller makes the task definition, since the two kinds take other
options; everything inside it is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs

from ecr_fargate_constructs._tokens import is_token
from ecr_fargate_constructs.architecture import Architecture
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.containers import CONTAINER_NAME, AppContainer
from ecr_fargate_constructs.service.task_container import add_container

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import Construct

    from ecr_fargate_constructs.service.sidecar import Sidecar
    from ecr_fargate_constructs.service.task_container import TaskContainer
    from ecr_fargate_constructs.service.task_size import TaskSize

TaskDefinition = TypeVar("TaskDefinition", bound=ecs.TaskDefinition)
Service = ecs.FargateService | ecs.Ec2Service


@dataclass(frozen=True, kw_only=True)
class Task(Generic[TaskDefinition]):
    """A task definition with all that is in it."""

    definition: TaskDefinition
    container: ecs.ContainerDefinition
    """The application's container."""
    log_group: logs.LogGroup | None
    """None when every container brings its own log driver."""

    def attach_to(self, service: Service) -> None:
        """Do what takes the service that runs the task: to be called once, when it exists."""


def check_task(container: AppContainer, sidecars: Sequence[Sidecar], *, size: TaskSize | None, path: str) -> None:
    """Refuse containers that cannot be in one task; to be called before anything exists.

    Args:
        container: The application's container.
        sidecars: The containers beside it.
        size: Size of the task; None when the task has none, which EC2 allows.
        path: Path of the construct that is to be.

    Raises:
        ConfigurationError: For containers that contradict each other, or do not fit.
    """
    everything: list[tuple[str, TaskContainer]] = [(CONTAINER_NAME, container)]
    everything += [(sidecar.name, sidecar) for sidecar in sidecars]
    names = [name for name, _ in everything]
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(f"two containers have the name {name!r}; give each its own", path=path)
    _check_ports(container, sidecars, path)
    if size is not None:
        _check_memory(everything, size, path)


def _check_ports(container: AppContainer, sidecars: Sequence[Sidecar], path: str) -> None:
    """Containers of a task share one network: a port is one container's."""
    owners = {container.port: CONTAINER_NAME}
    for sidecar in sidecars:
        for port in sidecar.ports:
            if is_token(port):
                continue
            if port in owners:
                raise ConfigurationError(
                    f"port {port:g} of {sidecar.name!r} is also that of {owners[port]!r}, and the containers of a task "
                    "share one network; use another port",
                    path=path,
                )
            owners[port] = sidecar.name


def _check_memory(everything: Sequence[tuple[str, TaskContainer]], size: TaskSize, path: str) -> None:
    limits = {name: each.memory_limit_mib for name, each in everything if each.memory_limit_mib is not None}
    if is_token(size.memory_mib) or any(is_token(limit) for limit in limits.values()):
        return
    total = sum(limits.values())
    if total > size.memory_mib:
        listed = ", ".join(f"{name} {limit:g}" for name, limit in limits.items())
        raise ConfigurationError(
            f"the memory limits of the containers ({listed}) are {total:g} MiB together, and the task has "
            f"{size.memory_mib:g}; lower them, or use a larger TaskSize",
            path=path,
        )


def fargate_task_definition(scope: Construct, size: TaskSize, architecture: Architecture) -> ecs.FargateTaskDefinition:
    """Make an empty task definition for Fargate under the pattern's id."""
    return ecs.FargateTaskDefinition(
        scope,
        "TaskDef",  # the pattern's id
        cpu=size.cpu,
        memory_limit_mib=size.memory_mib,
        ephemeral_storage_gib=size.ephemeral_storage_gib,
        runtime_platform=ecs.RuntimePlatform(
            operating_system_family=ecs.OperatingSystemFamily.LINUX,
            cpu_architecture={
                Architecture.X86_64: ecs.CpuArchitecture.X86_64,
                Architecture.ARM64: ecs.CpuArchitecture.ARM64,
            }[architecture],
        ),
    )


def build_task(
    scope: Construct,
    definition: TaskDefinition,
    *,
    container: AppContainer,
    sidecars: Sequence[Sidecar],
    stop_timeout: cdk.Duration,
    log_retention: logs.RetentionDays,
) -> Task[TaskDefinition]:
    """Fill a task definition.

    Args:
        scope: Parent of the log group.
        definition: An empty task definition, Fargate's or EC2's.
        container: The application's container, which becomes the default one.
        sidecars: The containers beside it.
        stop_timeout: Time that the application's container has to stop.
        log_retention: How long logs are kept.
    """
    log_group = None
    if any(each.logging is None for each in (container, *sidecars)):
        log_group = logs.LogGroup(scope, "LogGroup", retention=log_retention, removal_policy=cdk.RemovalPolicy.RETAIN)
    added = add_container(
        definition,
        container,
        name=CONTAINER_NAME,
        image=container.image,
        essential=True,
        ports=[container.port],
        stop_timeout=stop_timeout,
        log_group=log_group,
    )
    for sidecar in sidecars:
        add_container(
            definition,
            sidecar,
            name=sidecar.name,
            image=sidecar.image,
            essential=sidecar.essential,
            ports=sidecar.ports,
            stop_timeout=stop_timeout,
            log_group=log_group,
        )
    return Task(definition=definition, container=added, log_group=log_group)
