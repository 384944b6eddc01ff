"""What every container of a task has, whether it serves the traffic or stands beside."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs._checks import seconds, text_map, whole_number
from ecr_fargate_constructs._tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.images import container_image

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import aws_logs as logs

    from ecr_fargate_constructs.service.images import Image

LOG_BUFFER = 25
"""MiB that wait in memory for a slow CloudWatch before lines are dropped; more would risk the task's memory."""


@dataclass(frozen=True, kw_only=True)
class TaskContainer:
    """Options that every container has; ``AppContainer`` and ``Sidecar`` add what sets them apart."""

    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, ecs.Secret] = field(default_factory=dict)
    environment_files: Sequence[ecs.EnvironmentFile] = ()
    command: Sequence[str] | None = None
    entry_point: Sequence[str] | None = None
    user: str | None = None
    working_directory: str | None = None
    health_check: ecs.HealthCheck | None = None
    stop_timeout: cdk.Duration | None = None
    readonly_root_filesystem: bool = True
    writable_paths: Sequence[str] = ()
    memory_limit_mib: float | None = None
    ulimits: Sequence[ecs.Ulimit] = ()
    docker_labels: Mapping[str, str] = field(default_factory=dict)
    logging: ecs.LogDriver | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot run."""
        kind = type(self).__name__
        text_map(f"{kind}.environment", self.environment)
        text_map(f"{kind}.docker_labels", self.docker_labels)
        for name, value in (("command", self.command), ("entry_point", self.entry_point)):
            if isinstance(value, str):
                raise ConfigurationError(
                    f"{kind}.{name}={value!r} is one string; use a list of words, for example {value.split()!r}"
                )
        both = sorted(set(self.environment) & set(self.secrets))
        if both:
            raise ConfigurationError(
                f"{kind} has {', '.join(both)} both in environment and in secrets; keep one of the two"
            )
        if self.stop_timeout is not None:
            seconds(f"{kind}.stop_timeout", self.stop_timeout, minimum=2, maximum=120)
        if self.memory_limit_mib is not None:
            whole_number(f"{kind}.memory_limit_mib", self.memory_limit_mib, minimum=6, what="a memory limit in MiB")
        self._check_writable_paths(kind)

    def _check_writable_paths(self, kind: str) -> None:
        if self.writable_paths and not self.readonly_root_filesystem:
            raise ConfigurationError(
                f"{kind}.writable_paths has no meaning with readonly_root_filesystem=False; keep one of the two"
            )
        for path in self.writable_paths:
            if not is_token(path) and (not path.startswith("/") or path == "/"):
                raise ConfigurationError(
                    f"{kind}.writable_paths has {path!r}; use absolute paths of directories, for example '/tmp'"
                )


def add_container(
    task_definition: ecs.TaskDefinition,
    container: TaskContainer,
    *,
    name: str,
    image: Image,
    essential: bool,
    ports: Sequence[float],
    stop_timeout: cdk.Duration,
    log_group: logs.ILogGroup | None,
) -> ecs.ContainerDefinition:
    """Add ``container`` to a task definition."""
    first = task_definition.default_container is None
    definition = task_definition.add_container(
        name,
        image=container_image(task_definition, image),
        essential=essential,
        command=container.command,
        entry_point=container.entry_point,
        user=container.user,
        working_directory=container.working_directory,
        environment=container.environment or None,
        environment_files=container.environment_files or None,
        secrets=container.secrets or None,
        docker_labels=container.docker_labels or None,
        health_check=container.health_check,
        stop_timeout=container.stop_timeout or stop_timeout,
        readonly_root_filesystem=container.readonly_root_filesystem,
        memory_limit_mib=container.memory_limit_mib,
        ulimits=container.ulimits or None,
        logging=container.logging or (None if log_group is None else _non_blocking(log_group, name)),
        # Without an init process PID 1 is the application itself, which as PID 1 ignores SIGTERM unless it handles it.
        linux_parameters=ecs.LinuxParameters(
            task_definition, "LinuxParameters" if first else f"LinuxParameters-{name}", init_process_enabled=True
        ),
        port_mappings=[ecs.PortMapping(container_port=port, protocol=ecs.Protocol.TCP) for port in ports],
    )
    for number, path in enumerate(container.writable_paths):
        volume = f"writable-{number}" if first else f"{name}-writable-{number}"
        task_definition.add_volume(name=volume)
        definition.add_mount_points(ecs.MountPoint(container_path=path, source_volume=volume, read_only=False))
    return definition


def _non_blocking(log_group: logs.ILogGroup, prefix: str) -> ecs.LogDriver:
    return ecs.LogDrivers.aws_logs(
        stream_prefix=prefix,
        log_group=log_group,
        mode=ecs.AwsLogDriverMode.NON_BLOCKING,
        max_buffer_size=cdk.Size.mebibytes(LOG_BUFFER),
    )
