"""Checks of the containers of a task against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs._rules.container_dependencies import check_dependencies
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.container.definition import writable_volume
from ecr_fargate_constructs.service.container.images import architecture_of
from ecr_fargate_constructs.service.container.logs import through_firelens
from ecr_fargate_constructs.service.task.mounts import volumes_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ecr_fargate_constructs._rules.task_size import TaskSize
    from ecr_fargate_constructs.service.container.base import TaskContainer
    from ecr_fargate_constructs.service.container.main import MainContainer
    from ecr_fargate_constructs.service.container.sidecar import Sidecar

_LONGEST_DEFINITION = 64 * 1024  # bytes
_MOST_CONTAINERS = 10  # a quota that AWS does not raise: "Amazon ECS service quotas"
_OF_SESSIONS = 3  # paths of ECS Exec's agent


def check_task(container: MainContainer, sidecars: Sequence[Sidecar], *, size: TaskSize | None) -> None:
    """Refuse containers that cannot be in one task; called before any construct exists.

    Args:
        container: The application's container.
        sidecars: The containers beside it.
        size: Size of the task; None if the task has none, which EC2 allows.
        path: Path of the construct, for errors.
    """
    for each in sidecars:
        if not hasattr(each, "essential"):
            raise ConfigurationError(f"sidecars has {each!r}; use a list of Sidecar(…)")
    names = [container.name, *(sidecar.name for sidecar in sidecars)]
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(f"two containers have the name {name!r}; give each its own")
    if len(names) > _MOST_CONTAINERS:
        raise ConfigurationError(
            f"the task has {len(names)} containers, but ECS allows at most {_MOST_CONTAINERS}; move some into another "
            "service"
        )
    everything = _by_name(container, sidecars)
    _check_ports(container, sidecars)
    _check_architectures(container, sidecars)
    _check_log_router(everything, sidecars)
    _check_volumes(everything)
    _check_system_controls(everything)
    _check_process_namespaces(everything)
    _check_length(everything)
    check_dependencies({container.name: container, **{each.name: each for each in sidecars}})
    if size is not None:
        _check_cpu(everything, size)
        _check_memory(everything, size)


def _check_length(everything: Mapping[str, TaskContainer]) -> None:
    """Refuse variables that alone exceed the length of a task definition."""
    for name, each in everything.items():
        length = sum(len(key.encode()) + len(value.encode()) for key, value in each.environment.items())
        if length > _LONGEST_DEFINITION:
            raise ConfigurationError(
                f"the environment of {name!r} has {length:,} bytes, but a whole task definition has at most "
                f"{_LONGEST_DEFINITION:,}; use a file in the image, or environment_files"
            )


def check_on_fargate(container: MainContainer, sidecars: Sequence[Sidecar]) -> None:
    """Refuse options that only EC2 instances support."""
    for name, each in _by_name(container, sidecars).items():
        refused = [one.name for one in each.runtime.added_capabilities if one is not ecs.Capability.SYS_PTRACE]
        if refused:
            raise ConfigurationError(
                f"{name!r} adds the capabilities {', '.join(refused)}, but Fargate grants only SYS_PTRACE; remove "
                "them, or use LoadBalancedEc2Service"
            )
        if each.runtime.process_namespace is ecs.PidMode.HOST:
            raise ConfigurationError(
                f"{name!r} uses the process namespace of the instance, which Fargate does not share; use "
                "ecs.PidMode.TASK, or LoadBalancedEc2Service"
            )


def _by_name(container: MainContainer, sidecars: Sequence[Sidecar]) -> dict[str, TaskContainer]:
    return {container.name: container, **{sidecar.name: sidecar for sidecar in sidecars}}


def _check_process_namespaces(everything: Mapping[str, TaskContainer]) -> None:
    namespaces = {name: each.runtime.process_namespace for name, each in everything.items()}
    namespaces = {name: namespace for name, namespace in namespaces.items() if namespace is not None}
    if len(set(namespaces.values())) > 1:
        raise ConfigurationError(
            f"{' and '.join(namespaces)} have different process namespaces, but a task has one; use one"
        )


def _check_ports(container: MainContainer, sidecars: Sequence[Sidecar]) -> None:
    """Refuse a port that two containers use: the containers of a task share one network."""
    owners = dict.fromkeys(container.ports, container.name)
    for sidecar in sidecars:
        for port in sidecar.ports:
            if is_token(port):
                continue
            if port in owners:
                raise ConfigurationError(
                    f"port {port:g} of {sidecar.name!r} is also that of {owners[port]!r}, but the containers of a task "
                    "share one network; use another port"
                )
            owners[port] = sidecar.name


def _check_architectures(container: MainContainer, sidecars: Sequence[Sidecar]) -> None:
    for sidecar in sidecars:
        built_for = architecture_of(sidecar.image)
        if built_for not in {None, container.runs_on}:
            raise ConfigurationError(
                f"the image of {sidecar.name!r} is built for {built_for}, but the task runs on {container.runs_on}; "
                "build both for one architecture"
            )


def _check_log_router(everything: Mapping[str, TaskContainer], sidecars: Sequence[Sidecar]) -> None:
    routers = [sidecar.name for sidecar in sidecars if sidecar.firelens is not None]
    if len(routers) > 1:
        raise ConfigurationError(f"{' and '.join(routers)} are log routers, but a task has one; remove the others")
    senders = [name for name, each in everything.items() if through_firelens(each.logging)]
    if senders and not routers:
        raise ConfigurationError(
            f"{senders[0]!r} logs through FireLens, but the task has no log router; add Sidecar.log_router()"
        )
    if set(senders) & set(routers):
        raise ConfigurationError(f"the log router {routers[0]!r} would log through itself; omit its logging")


def _check_volumes(everything: Mapping[str, TaskContainer]) -> None:
    volumes = volumes_of(everything.values())
    names = [volume.name for volume in volumes]
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(f"two volumes have the name {name!r}; give each its own")
    for owner, each in everything.items():
        taken = {writable_volume(owner, number) for number in range(len(each.writable_paths) + _OF_SESSIONS)}
        for name in names:
            if name in taken and (each.writable_paths or each.readonly_root_filesystem):
                raise ConfigurationError(
                    f"the volume {name!r} has the name of one of {owner!r}'s writable_paths; give it another name"
                )
    if not volumes:
        return
    from ecr_fargate_constructs.service.container.volumes import EbsVolume  # noqa: PLC0415 - few tasks have volumes

    disks = [volume.name for volume in volumes if isinstance(volume, EbsVolume)]
    if len(disks) > 1:
        raise ConfigurationError(
            f"{' and '.join(disks)} are EBS volumes, but a task has at most one; remove the others"
        )


def _check_system_controls(everything: Mapping[str, TaskContainer]) -> None:
    """Refuse two values of a network parameter: it applies to the task, and the container that starts last decides."""
    set_by: dict[str, tuple[str, str]] = {}
    for name, container in everything.items():
        for parameter, value in container.runtime.system_controls.items():
            if not parameter.startswith("net."):
                continue
            other, before = set_by.setdefault(parameter, (name, value))
            if before != value and not (is_token(before) or is_token(value)):
                raise ConfigurationError(
                    f"{other!r} sets {parameter} to {before} and {name!r} to {value}, but the containers of a task "
                    "share one network; use one value"
                )


def _check_cpu(everything: Mapping[str, TaskContainer], size: TaskSize) -> None:
    shares = {name: each.cpu for name, each in everything.items() if each.cpu is not None}
    _check_sum("CPU units", shares, size.cpu)


def _check_memory(everything: Mapping[str, TaskContainer], size: TaskSize) -> None:
    """Refuse more memory than the task has: ECS subtracts a container's reservation, or else its limit."""
    reserved: dict[str, float] = {}
    for name, each in everything.items():
        limit, reservation = each.memory_limit_mib, each.memory_reservation_mib
        amount = reservation if reservation is not None else limit
        if amount is not None:
            reserved[name] = amount
        if limit is not None:
            _check_sum("MiB of memory", {name: limit}, size.memory_mib)
    _check_sum("MiB of memory", reserved, size.memory_mib)


def _check_sum(what: str, shares: Mapping[str, float], available: float) -> None:
    if is_token(available) or any(is_token(share) for share in shares.values()):
        return
    total = sum(shares.values())
    if total > available:
        listed = ", ".join(f"{name} {share:g}" for name, share in shares.items())
        raise ConfigurationError(
            f"the containers need {total:g} {what} ({listed}), but the task has {available:g}; lower them, or use a "
            "larger TaskSize, for example TaskSize.smallest_for([…])"
        )
