"""The order in which the containers of a task start. Pure: no CDK objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Condition(Protocol):
    """A condition that a container waits for; ``ecs.ContainerDependencyCondition`` is one."""

    @property
    def name(self) -> str:
        """START, COMPLETE, SUCCESS or HEALTHY."""


class Startable(Protocol):
    """A container, as far as start dependencies are concerned."""

    @property
    def depends_on(self) -> Mapping[str, Condition]:
        """The containers that it waits for, each with its condition."""

    @property
    def health_check(self) -> object | None:
        """Its health check."""

    @property
    def essential(self) -> bool:
        """True if the task ends when it ends."""


def check_dependencies(containers: Mapping[str, Startable]) -> None:
    """Refuse containers that would wait forever, or that ECS refuses.

    Raises:
        ConfigurationError: A container depends on one that the task does not have, on itself, or in a cycle; on the
            health of a container without a health check; or on the end of an essential container.
    """
    for name, container in containers.items():
        for other, condition in container.depends_on.items():
            _check_one(name, other, condition.name, containers)
    graph = {name: list(container.depends_on) for name, container in containers.items() if container.depends_on}
    if not graph:
        return
    from graphlib import CycleError, TopologicalSorter  # noqa: PLC0415 - few tasks have dependencies

    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        cycle = " → ".join(reversed(error.args[1]))
        raise ConfigurationError(
            f"depends_on has a cycle ({cycle}), so none of these containers would start; remove one dependency"
        ) from None


def _check_one(name: str, other: str, condition: str, containers: Mapping[str, Startable]) -> None:
    if other not in containers:
        listed = ", ".join(repr(each) for each in containers if each != name)
        raise ConfigurationError(
            f"{name!r} depends on {other!r}, which is not a container of the task; "
            f"{f'use {listed}, or add it' if listed else 'add it'} to sidecars"
        )
    if other == name:
        raise ConfigurationError(f"{name!r} depends on itself, so it would never start; remove the dependency")
    if condition == "HEALTHY" and containers[other].health_check is None:
        raise ConfigurationError(
            f"{name!r} waits until {other!r} is HEALTHY, but {other!r} has no health_check; give it one, or wait for "
            "START"
        )
    if condition in {"COMPLETE", "SUCCESS"} and containers[other].essential:
        raise ConfigurationError(
            f"{name!r} waits for the end ({condition}) of {other!r}, which is essential, so the task would end with "
            "it; give it essential=False"
        )
