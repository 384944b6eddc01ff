"""Find and remove the container engine's containers and images of an instance."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.commands import run
from ecr_fargate_constructs.local.docker_shim import Shim
from ecr_fargate_constructs.local.podman import podman_environment
from ecr_fargate_constructs.local.tasks.cgroups import remove_groups
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.instance import Instance, Memory

_TASK_LABEL = "com.amazonaws.ecs.task-arn"
_NAME_LABEL = "com.amazonaws.ecs.container-name"
_REMOVAL_SECONDS, _SECONDS_BETWEEN = 30, 0.5


@dataclass(frozen=True)
class Container:
    """A container, as the engine describes it.

    Attributes:
        identifier: Its id in the engine.
        image: Image that it runs.
        task: ARN of its task; empty if it belongs to no task.
        name: Its name in the task definition; empty if it belongs to no task.
        pid: Its first process; 0 if it is not running.
    """

    identifier: str
    image: str
    task: str
    name: str = ""
    pid: int = 0


def containers(instance: Instance, memory: Memory) -> list[Container]:
    """Return the containers that an instance has started, including stopped ones."""
    identifiers = _identifiers(instance, memory)
    if not identifiers:
        return []
    described = json.loads(_engine_output(instance, memory, "container", "inspect", *identifiers) or "[]")
    return [_container(item) for item in described]


def _container(described: dict[str, Any]) -> Container:
    labels = described["Config"].get("Labels") or {}
    return Container(
        described["Id"],
        described["Config"]["Image"],
        labels.get(_TASK_LABEL, ""),
        labels.get(_NAME_LABEL, ""),
        int((described.get("State") or {}).get("Pid") or 0),
    )


def remove_containers_and_images(instance: Instance, memory: Memory) -> None:
    """Remove the containers of an instance, and the images of its registry.

    Raises:
        ToolError: The engine did not remove all containers within 30 seconds.
    """
    _remove_containers(instance, memory)
    remove_groups(instance.port)
    # podman keeps the name by digest when the name by tag is removed, lists one of several, and refuses their one id.
    removed: list[str] = []
    while (names := _images(instance, memory)) and names != removed:
        # Without --force: an image that another container uses stays.
        _engine_output(instance, memory, "rmi", *names)
        removed = names


def _remove_containers(instance: Instance, memory: Memory) -> None:
    """Remove all containers, and retry for as long as the engine still lists some."""
    at_once = ["--time=0"] if memory.engine == "podman" else []  # Docker kills at once; podman would wait
    deadline = time.monotonic() + _REMOVAL_SECONDS
    left = _identifiers(instance, memory)
    while left:
        _engine_output(instance, memory, "rm", "--force", "--volumes", *at_once, *left)
        left = _identifiers(instance, memory)
        if left and time.monotonic() > deadline:
            raise ToolError(
                f"{memory.engine} did not remove these containers: {', '.join(left)}",
                fix=f"try '{memory.engine} rm --force' with each of them, and then 'ecr-fargate local down' again",
            )
        if left:
            time.sleep(_SECONDS_BETWEEN)


def _identifiers(instance: Instance, memory: Memory) -> list[str]:
    # MiniStack labels its containers with the address that it listens on, which is unique.
    label = f"label=ministack.instance={memory.host}:{instance.port}"
    return _engine_output(instance, memory, "ps", "--all", "--quiet", "--no-trunc", "--filter", label).split()


def _images(instance: Instance, memory: Memory) -> list[str]:
    shim = Shim(memory.engine, instance.registry, instance.local_registry)
    columns = "{{.Repository}} {{.Tag}} {{.Digest}} {{.ID}}"
    listed = _engine_output(instance, memory, "images", "--format", columns).splitlines()
    names = [_name(*line.split()) for line in listed if shim.owned(line.split()[:1])]
    return list(dict.fromkeys(names))


def _name(repository: str, tag: str, digest: str, identifier: str) -> str:
    """Return the name of an image by its tag; of one without a tag by its digest, or its id."""
    if tag != "<none>":
        return f"{repository}:{tag}"
    return identifier if digest == "<none>" else f"{repository}@{digest}"


def _engine_output(instance: Instance, memory: Memory, *arguments: str) -> str:
    """Return the output of an engine command; nothing if the engine is gone, since nothing can be removed then."""
    try:
        return run(memory.engine, *arguments, seconds=120, **podman_environment(instance)).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
