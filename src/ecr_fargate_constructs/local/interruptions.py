"""Interrupt a task of the embedded AWS as Spot capacity does."""

from __future__ import annotations

import urllib.error
from typing import TYPE_CHECKING

from ecr_fargate_constructs.local.aws_clients import post
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs.local.app_status import ServiceStatus, TaskStatus
    from ecr_fargate_constructs.local.instance import Instance, Memory

_PATH = "/_ministack/interruptions"


def task_to_interrupt(services: Sequence[ServiceStatus]) -> tuple[ServiceStatus, TaskStatus]:
    """Return a running task of the only service.

    Raises:
        ToolError: There are several services, or none, or the service has no running task.
    """
    if len(services) != 1:
        names = ", ".join(each.name for each in services) or "none"
        raise ToolError(f"exactly one service can be interrupted; deployed: {names}", fix="name one with --service")
    [service] = services
    running = [task for task in service.tasks if task.status == "RUNNING"]
    if not running:
        raise ToolError(f"no task of {service.name} is running")
    return service, running[0]


def interrupt(instance: Instance, memory: Memory, service: ServiceStatus, task: TaskStatus) -> None:
    """Interrupt a task.

    Raises:
        ToolError: The task has stopped by itself.
    """
    arn = f"arn:aws:ecs:{memory.region}:{memory.account}:task/{service.cluster}/{task.identifier}"
    try:
        post(instance, memory, _PATH, {"task": arn})
    except urllib.error.HTTPError as error:
        raise ToolError(f"the task {task.identifier} is no longer running", log=instance.server_log) from error
