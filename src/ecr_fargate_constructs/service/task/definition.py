"""The task: its definition, the application's container, the containers beside it, their volumes and their log group.

Fargate and EC2 services build their tasks with it. The caller makes the task definition, because the two kinds have
different options; its content is the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Generic, TypeVar

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs

from ecr_fargate_constructs._cdk.acknowledge import acknowledge
from ecr_fargate_constructs._cdk.warning import warn
from ecr_fargate_constructs._regulated import parts
from ecr_fargate_constructs._regulated.findings import acknowledge_grants
from ecr_fargate_constructs._rules.secret_names import is_secret_name
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.architecture import Architecture
from ecr_fargate_constructs.posture import is_regulated
from ecr_fargate_constructs.service.container.definition import add_main_container, add_sidecar, set_later
from ecr_fargate_constructs.service.container.logs import needs_log_group
from ecr_fargate_constructs.service.container.plain_secrets import warn_about_secrets
from ecr_fargate_constructs.service.task.checks import check_on_fargate, check_task
from ecr_fargate_constructs.service.task.image_settings import warn_about_images
from ecr_fargate_constructs.service.task.mounts import add_volumes, attach_volumes, volumes_of
from ecr_fargate_constructs.service.task.order import wait_for_permissions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs import Construct

    from ecr_fargate_constructs._rules.task_size import TaskSize
    from ecr_fargate_constructs.service.container.base import TaskContainer
    from ecr_fargate_constructs.service.container.main import MainContainer
    from ecr_fargate_constructs.service.container.sidecar import Sidecar
    from ecr_fargate_constructs.service.container.volumes import Volume

__all__ = ["Task", "build_task", "check_on_fargate", "check_task", "fargate_task_definition"]

TaskDefinition = TypeVar("TaskDefinition", bound=ecs.TaskDefinition)
Service = ecs.FargateService | ecs.Ec2Service


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Task(Generic[TaskDefinition]):
    """A task definition and its content."""

    definition: TaskDefinition
    container: ecs.ContainerDefinition
    """The container that the task is for."""
    log_group: logs.LogGroup | None
    """None if every container has its own log driver."""
    volumes: tuple[Volume, ...]

    def attach_to(self, service: Service) -> None:
        """Complete the service that runs the task; called once, when the service exists.

        The service makes the disks, and file systems open to the service's security groups.
        """
        attach_volumes(service, self.volumes)


def fargate_task_definition(scope: Construct, size: TaskSize, architecture: Architecture) -> ecs.FargateTaskDefinition:
    """Make an empty task definition for Fargate under the pattern's id."""
    return ecs.FargateTaskDefinition(
        scope,
        "TaskDef",  # the pattern's id
        cpu=size.cpu,
        memory_limit_mib=size.memory_mib,
        ephemeral_storage_gib=size.ephemeral_storage_gib,
        runtime_platform=ecs.RuntimePlatform(operating_system_family=_linux(), cpu_architecture=_cpu(architecture)),
    )


@cache
def _linux() -> ecs.OperatingSystemFamily:
    return ecs.OperatingSystemFamily.LINUX


@cache
def _cpu(architecture: Architecture) -> ecs.CpuArchitecture:
    return ecs.CpuArchitecture.ARM64 if architecture is Architecture.ARM64 else ecs.CpuArchitecture.X86_64


def build_task(
    scope: Construct,
    definition: TaskDefinition,
    *,
    container: MainContainer,
    sidecars: Sequence[Sidecar],
    size: TaskSize,
    stop_timeout: cdk.Duration,
    log_retention: logs.RetentionDays | None,
) -> Task[TaskDefinition]:
    """Fill a task definition.

    Args:
        scope: Parent of the log group.
        definition: An empty task definition, Fargate's or EC2's.
        container: The application's container, which becomes the default one.
        sidecars: The containers beside it.
        size: Size of the task; a single container gets its memory as a limit, which is equivalent to ECS.
        stop_timeout: Stop timeout of containers that set none.
        log_retention: Retention of logs; None for 30 days, or a year under ``Posture.REGULATED``.
    """
    if not sidecars and container.memory_limit_mib is None and _is_comparable(size, container):
        container = replace(container, memory_limit_mib=size.memory_mib)
    containers = (container, *sidecars)
    log_group = None
    if any(needs_log_group(each.logging) for each in containers):
        log_group = logs.LogGroup(
            scope,
            "LogGroup",
            encryption_key=parts.encryption_key(scope),
            retention=parts.log_retention(scope, log_retention),
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
    add_volumes(definition, containers)
    app = add_main_container(definition, container, stop_timeout=stop_timeout, log_group=log_group)
    definitions = {container.name: app}
    for sidecar in sidecars:
        definitions[sidecar.name] = add_sidecar(definition, sidecar, stop_timeout=stop_timeout, log_group=log_group)
    for name, each in zip(definitions, containers, strict=True):
        for other, condition in each.depends_on.items():
            definitions[name].add_container_dependencies(
                ecs.ContainerDependency(container=definitions[other], condition=condition)
            )
    set_later(definition, containers)
    _set_task_options(definition, containers)
    _acknowledge_environment(definition, containers)
    wait_for_permissions(definition)
    if is_regulated(scope):
        acknowledge_grants(definition.task_role)
        if definition.execution_role is not None:
            acknowledge_grants(definition.execution_role)
    named = dict(zip(definitions, containers, strict=True))
    warn_about_secrets(scope, named)
    warn_about_images(scope, named)
    if isinstance(definition, ecs.FargateTaskDefinition):
        _warn_about_limits(scope, named)
    return Task(definition=definition, container=app, log_group=log_group, volumes=tuple(volumes_of(containers)))


def _is_comparable(size: TaskSize, container: MainContainer) -> bool:
    """Return whether CDK can compare the limit with a reservation: it reads a token as a negative number."""
    return container.memory_reservation_mib is None or not is_token(size.memory_mib)


def _set_task_options(definition: ecs.TaskDefinition, containers: Sequence[TaskContainer]) -> None:
    """Set options of containers that belong to the task; the definition exists already, made by the caller."""
    namespaces = [each.runtime.process_namespace for each in containers if each.runtime.process_namespace is not None]
    inject = any(each.runtime.fault_injection for each in containers)
    if not (namespaces or inject):
        return
    resource = definition.node.default_child
    if not isinstance(resource, ecs.CfnTaskDefinition):
        return
    for namespace in namespaces:
        resource.pid_mode = namespace.value.lower()
    if inject:
        resource.enable_fault_injection = True


def _warn_about_limits(scope: Construct, containers: Mapping[str, TaskContainer]) -> None:
    """Warn of the limits that Fargate ignores ("Ulimit" in the ECS API reference)."""
    ignored = {
        f"{each.name.value.lower()} of {name}"
        for name, container in containers.items()
        for each in container.ulimits
        if each.name is not ecs.UlimitName.NOFILE
    }
    if ignored:
        warn(
            scope,
            "ulimitIgnored",
            f"{', '.join(sorted(ignored))} in ulimits has no effect: Fargate supports only nofile; remove it, or use "
            "LoadBalancedEc2Service",
        )


def _acknowledge_environment(definition: ecs.TaskDefinition, containers: Sequence[TaskContainer]) -> None:
    """Acknowledge plain variables, which are for configuration, unless a name looks like a secret's."""
    names = [name for each in containers for name in each.environment]
    # CDK adds the variable AWS_REGION to containers on EC2.
    has_variables = bool(names) or isinstance(definition, ecs.Ec2TaskDefinition)
    if has_variables and not any(map(is_secret_name, names)):
        acknowledge(
            definition.node.default_child or definition,
            {
                "AwsSolutions::AwsSolutions-ECS2": "environment holds configuration, and none of its names sounds of "
                "a secret; secrets have an option of their own, whose values ECS reads when a task starts."
            },
        )
