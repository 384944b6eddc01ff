"""The engine's containers and images that belong to an instance."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.docker_shim import Shim
from ecr_fargate_constructs.local.podman import podman_environment

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.instance import Instance, Memory

_TASK_LABEL = "com.amazonaws.ecs.task-arn"
_NAME_LABEL = "com.amazonaws.ecs.container-name"


@dataclass(frozen=True)
class Container:
    """A container of a task, as the engine describes it.

    Attributes:
        identifier: The engine's id of it.
        image: Image that it really runs.
        task: ARN of its task; empty for other containers of the embedded AWS.
        name: Its name in the task definition; empty for others.
        pid: Its first process; 0 when it does not run.
    """

    identifier: str
    image: str
    task: str
    name: str = ""
    pid: int = 0


def containers(instance: Instance, memory: Memory) -> list[Container]:
    """The containers that this instance has started, the stopped ones included."""
    # MiniStack's own label: the address that it serves on, which only one process can hold.
    label = f"label=ministack.instance={memory.host}:{instance.port}"
    identifiers = _ask(instance, memory, "ps", "--all", "--quiet", "--no-trunc", "--filter", label).split()
    if not identifiers:
        return []
    described = json.loads(_ask(instance, memory, "container", "inspect", *identifiers) or "[]")
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
    """Remove the instance's containers, and the images that carry its registry in their name."""
    identifiers = [container.identifier for container in containers(instance, memory)]
    if identifiers:
        _ask(instance, memory, "rm", "--force", "--volumes", *identifiers)
    for _ in range(2):  # podman keeps a name by digest when the one by tag goes: the second round takes that one
        names = _images(instance, memory)
        if names:
            _ask(instance, memory, "rmi", *names)  # without force: what somebody else runs stays


def _images(instance: Instance, memory: Memory) -> list[str]:
    shim = Shim(memory.engine, instance.registry, instance.local_registry)
    listed = _ask(instance, memory, "images", "--format", "{{.Repository}} {{.Tag}} {{.ID}}").splitlines()
    names = [
        identifier if tag == "<none>" else f"{repository}:{tag}"
        for repository, tag, identifier in (line.split() for line in listed)
        if shim.owned([repository])
    ]
    return list(dict.fromkeys(names))


def _ask(instance: Instance, memory: Memory, *arguments: str) -> str:
    """What the engine says; nothing when it is dead, since then there is nothing that could be removed either."""
    try:
        done = subprocess.run(  # noqa: S603 - commands of ours, no shell
            [memory.engine, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env={**os.environ, **podman_environment(instance)},
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout
