"""The request that starts a task as the service would, with another command. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from ecr_fargate_constructs._rules.task_size import FARGATE_SIZES
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Described: TypeAlias = Mapping[str, Any]

STARTED_BY = "ecr-fargate-run"
"""``startedBy`` of these tasks, for ``aws ecs list-tasks --started-by``."""

_MOST_CHARACTERS = 8192  # of all overrides, in JSON: "TaskOverride" in the Amazon ECS API reference


@dataclass(frozen=True, kw_only=True)
class Order:
    """The command to run, and the options of its task.

    Attributes:
        command: The command, which replaces that of the image and the task definition, but no entry point.
        container: Name of the container that runs it; None for the main one.
        environment: Further variables of that container.
        cpu: CPU units of the task; None for those of the task definition.
        memory: Memory of the task in MiB; None for that of the task definition.
    """

    command: Sequence[str]
    container: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    cpu: int | None = None
    memory: int | None = None


def container_for(order: Order, service: Described, definition: Described) -> str:
    """Return the container that runs the command: the one that the load balancer calls, or the only essential one.

    Raises:
        ToolError: There is no container of this name, or several could be meant.
    """
    containers = definition["containerDefinitions"]
    names = [each["name"] for each in containers]
    if order.container is not None:
        if order.container not in names:
            raise ToolError(f"the task has no container {order.container}", fix=f"use one of these: {', '.join(names)}")
        return order.container
    for balancer in service.get("loadBalancers", ()):
        if balancer.get("containerName") in names:
            return str(balancer["containerName"])
    essential = [each["name"] for each in containers if each.get("essential", True)]
    if len(essential) != 1:
        raise ToolError("the task has several essential containers", fix=f"choose --container: {', '.join(names)}")
    return str(essential[0])


def request_for(order: Order, service: Described, definition: Described) -> dict[str, Any]:
    """Return the arguments of ``RunTask``: the service's cluster, network, capacity, volumes and placement.

    Raises:
        ToolError: ECS would refuse the overrides.
    """
    overrides = _overrides(order, service, definition)
    request: dict[str, Any] = {
        "cluster": service["clusterArn"],
        "taskDefinition": service["taskDefinition"],
        "count": 1,
        "overrides": overrides,
        "startedBy": STARTED_BY,
        "enableECSManagedTags": bool(service.get("enableECSManagedTags")),
        "enableExecuteCommand": bool(service.get("enableExecuteCommand")),
        "propagateTags": "TASK_DEFINITION",
    }
    if service.get("capacityProviderStrategy"):
        request["capacityProviderStrategy"] = service["capacityProviderStrategy"]
    elif service.get("launchType"):
        request["launchType"] = service["launchType"]
    for name in ("networkConfiguration", "placementConstraints", "placementStrategy"):
        if service.get(name):
            request[name] = service[name]
    if service.get("platformVersion") and _on_fargate(service):
        request["platformVersion"] = service["platformVersion"]
    volumes = _volumes(service)
    if volumes:
        request["volumeConfigurations"] = volumes
    return request


def _overrides(order: Order, service: Described, definition: Described) -> dict[str, Any]:
    container: dict[str, Any] = {
        "name": container_for(order, service, definition),
        "command": list(order.command),
    }
    if order.environment:
        container["environment"] = [{"name": name, "value": value} for name, value in order.environment.items()]
    if order.memory is not None and _has_all_memory(container["name"], definition):
        container["memory"] = order.memory  # its own limit would stay that of the task definition
    overrides: dict[str, Any] = {"containerOverrides": [container]}
    _check_size(order, definition, fargate=_on_fargate(service))
    for name, value in (("cpu", order.cpu), ("memory", order.memory)):
        if value is not None:
            overrides[name] = str(value)
    length = len(json.dumps(overrides))
    if length > _MOST_CHARACTERS:
        raise ToolError(
            f"command and variables have {length} characters, and ECS takes {_MOST_CHARACTERS}",
            fix="put the program into the image, or pass the address of its input",
        )
    return overrides


def _has_all_memory(name: str, definition: Described) -> bool:
    """Return whether a container's limit is the memory of the task, as this library sets it for a lone container."""
    limit = next(each.get("memory") for each in definition["containerDefinitions"] if each["name"] == name)
    return limit is not None and str(limit) == str(definition.get("memory"))


def _check_size(order: Order, definition: Described, *, fargate: bool) -> None:
    """Refuse a size that Fargate does not have."""
    if not fargate or (order.cpu is None and order.memory is None):
        return
    cpu = order.cpu if order.cpu is not None else int(definition["cpu"])
    memory = order.memory if order.memory is not None else int(definition["memory"])
    if cpu not in FARGATE_SIZES:
        raise ToolError(f"--cpu {cpu} is not a CPU size of Fargate", fix=f"use one of {_listed(FARGATE_SIZES)}")
    if memory not in FARGATE_SIZES[cpu]:
        sizes = _listed(FARGATE_SIZES[cpu])
        raise ToolError(f"Fargate has no task of {cpu} CPU units and {memory} MiB", fix=f"use --memory {sizes}")


def _listed(sizes: Mapping[int, object] | Sequence[int]) -> str:
    return ", ".join(map(str, sizes))


def _on_fargate(service: Described) -> bool:
    providers = [each["capacityProvider"] for each in service.get("capacityProviderStrategy") or ()]
    if providers:
        return any(each in {"FARGATE", "FARGATE_SPOT"} for each in providers)
    return service.get("launchType") == "FARGATE"


def _volumes(service: Described) -> list[dict[str, Any]]:
    """Return the EBS volumes of the service's tasks; ECS deletes those of this task with it."""
    newest: Described = next((each for each in service.get("deployments", ()) if each.get("status") == "PRIMARY"), {})
    return [
        {
            "name": each["name"],
            "managedEBSVolume": {**each["managedEBSVolume"], "terminationPolicy": {"deleteOnTermination": True}},
        }
        for each in newest.get("volumeConfigurations", ())
        if "managedEBSVolume" in each
    ]
