"""Adds this library's containers to a task definition of CDK."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs._cdk.durations import unless_token
from ecr_fargate_constructs.service.container.application import CONTAINER_NAME
from ecr_fargate_constructs.service.container.images import add_container
from ecr_fargate_constructs.service.container.logs import log_driver
from ecr_fargate_constructs.service.container.telemetry import CollectorPermissions, acknowledge_permissions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import aws_cdk as cdk
    from aws_cdk import aws_logs as logs

    from ecr_fargate_constructs.service.container.base import TaskContainer
    from ecr_fargate_constructs.service.container.main import MainContainer
    from ecr_fargate_constructs.service.container.sidecar import Sidecar


def add_main_container(
    task: ecs.TaskDefinition,
    container: MainContainer,
    *,
    stop_timeout: cdk.Duration,
    log_group: logs.ILogGroup | None,
) -> ecs.ContainerDefinition:
    """Add the container that the task is for, which becomes the default one."""
    name = container.name
    linux = _linux_parameters(task, "LinuxParameters", container)
    ports = [
        ecs.PortMapping(
            container_port=port,
            protocol=ecs.Protocol.TCP,
            name=name,  # the name that Service Connect uses
            app_protocol=_http(),
        )
        for port in container.ports
    ]
    options: dict[str, Any] = {
        "essential": True,
        "port_mappings": ports or None,
        "linux_parameters": linux,
        "logging": log_driver(container.logging, name=name, log_group=log_group),
        **_options(task, container, stop_timeout),
    }
    definition = add_container(task, name, container.image, options)
    _mount(task, definition, container, name)
    return definition


def add_sidecar(
    task: ecs.TaskDefinition, sidecar: Sidecar, *, stop_timeout: cdk.Duration, log_group: logs.ILogGroup | None
) -> ecs.ContainerDefinition:
    """Add a sidecar."""
    options: dict[str, Any] = {
        "essential": sidecar.essential,
        "port_mappings": _ports(sidecar.ports) or None,
        "linux_parameters": _linux_parameters(task, f"LinuxParameters-{sidecar.name}", sidecar),
        "logging": log_driver(sidecar.logging, name=sidecar.name, log_group=log_group),
        **_options(task, sidecar, stop_timeout),
    }
    if sidecar.firelens is not None:
        options["firelens_config"] = sidecar.firelens
    definition = add_container(task, sidecar.name, sidecar.image, options)
    _mount(task, definition, sidecar, sidecar.name)
    for statement in sidecar.permissions:
        task.add_to_task_role_policy(statement)
    if isinstance(sidecar.permissions, CollectorPermissions):
        acknowledge_permissions(task.task_role)
    return definition


def _options(task: ecs.TaskDefinition, container: TaskContainer, stop_timeout: cdk.Duration) -> dict[str, Any]:
    """Return the options that both kinds of container share; empty ones are omitted from the template."""
    runtime, restart = container.runtime, container.restart
    return {
        "command": container.command,
        "cpu": container.cpu,
        "credential_specs": runtime.credential_specs or None,
        "docker_labels": container.docker_labels or None,
        "enable_restart_policy": None if restart is None else True,
        "entry_point": container.entry_point,
        "environment": container.environment or None,
        "environment_files": container.environment_files or None,
        "health_check": _without_tokens(container.health_check),
        "interactive": runtime.interactive or None,
        "memory_limit_mib": container.memory_limit_mib,
        "memory_reservation_mib": container.memory_reservation_mib,
        "pseudo_terminal": runtime.pseudo_terminal or None,
        "readonly_root_filesystem": container.readonly_root_filesystem,
        "restart_attempt_period": None if restart is None else unless_token(restart.attempt_period),
        "restart_ignored_exit_codes": None if restart is None else restart.ignored_exit_codes or None,
        "secrets": _secrets(task, container.secrets) if container.secrets else None,
        "start_timeout": runtime.start_timeout,
        "stop_timeout": container.stop_timeout or stop_timeout,
        "system_controls": [
            ecs.SystemControl(namespace=name, value=value) for name, value in runtime.system_controls.items()
        ]
        or None,
        "ulimits": container.ulimits or None,
        "user": container.user,
        "version_consistency": runtime.version_consistency,
        "working_directory": container.working_directory,
    }


def _without_tokens(check: ecs.HealthCheck | None) -> ecs.HealthCheck | None:
    """Return a health check without times that are tokens, which CDK cannot check; ``set_later`` sets them."""
    if check is None or not _tokens_of(check):
        return check
    return ecs.HealthCheck(
        command=check.command,
        interval=unless_token(check.interval),
        retries=check.retries,
        start_period=check.start_period,
        timeout=unless_token(check.timeout),
    )


def _tokens_of(check: ecs.HealthCheck) -> dict[str, cdk.Duration]:
    times = {"Interval": check.interval, "Timeout": check.timeout}
    return {name: time for name, time in times.items() if time is not None and unless_token(time) is None}


def set_later(task: ecs.TaskDefinition, containers: Sequence[TaskContainer]) -> None:
    """Set the times that are tokens: CDK would take them for numbers that are out of range."""
    later: dict[str, cdk.Duration] = {}
    for number, container in enumerate(containers):
        prefix = f"ContainerDefinitions.{number}"
        if container.health_check is not None:
            for name, time in _tokens_of(container.health_check).items():
                later[f"{prefix}.HealthCheck.{name}"] = time
        if container.restart is not None and unless_token(container.restart.attempt_period) is None:
            later[f"{prefix}.RestartPolicy.RestartAttemptPeriod"] = container.restart.attempt_period
    resource = task.node.default_child if later else None
    if isinstance(resource, ecs.CfnTaskDefinition):
        for name, time in later.items():
            resource.add_property_override(name, time.to_seconds())


@cache
def _http() -> ecs.AppProtocol:
    return cast("ecs.AppProtocol", ecs.AppProtocol.http)


def _linux_parameters(task: ecs.TaskDefinition, construct_id: str, container: TaskContainer) -> ecs.LinuxParameters:
    # Without an init process the application is PID 1, which ignores SIGTERM unless the application handles it.
    linux = ecs.LinuxParameters(task, construct_id, init_process_enabled=True)
    if container.runtime.added_capabilities:
        linux.add_capabilities(*container.runtime.added_capabilities)
    if container.runtime.dropped_capabilities:
        linux.drop_capabilities(*container.runtime.dropped_capabilities)
    return linux


def _ports(ports: Sequence[float]) -> list[ecs.PortMapping]:
    return [ecs.PortMapping(container_port=port, protocol=ecs.Protocol.TCP) for port in ports]


def _mount(task: ecs.TaskDefinition, definition: ecs.ContainerDefinition, container: TaskContainer, name: str) -> None:
    for number, path in enumerate(container.writable_paths):
        volume = writable_volume(name, number)
        task.add_volume(name=volume)
        definition.add_mount_points(ecs.MountPoint(container_path=path, source_volume=volume, read_only=False))
    for mount in container.mounts:
        definition.add_mount_points(
            ecs.MountPoint(container_path=mount.path, source_volume=mount.volume.name, read_only=mount.read_only)
        )


def writable_volume(container: str, number: int) -> str:
    """Return the name of the volume for a writable path of a container."""
    return f"{'' if container == CONTAINER_NAME else f'{container}-'}writable-{number}"


def _secrets(task: ecs.TaskDefinition, secrets: Mapping[str, ecs.Secret]) -> Mapping[str, ecs.Secret]:
    """Return secrets that the task's execution role may read and decrypt."""
    from ecr_fargate_constructs._cdk.secret_keys import readable_secrets  # noqa: PLC0415 - defines classes for jsii

    return readable_secrets(task, secrets)
