"""Interrupt a task of the embedded AWS as Spot capacity does."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs.local.app_status import ServiceStatus, TaskStatus
    from ecr_fargate_constructs.local.instance import Instance, Memory

_PATH = "/_ministack/interruptions"
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # whatever HTTP_PROXY says
_SECONDS = 60


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
    address, body = f"http://127.0.0.1:{instance.port}{_PATH}", json.dumps({"task": arn}).encode()
    signed = AWSRequest("POST", address, data=body)
    SigV4Auth(Credentials(memory.account, memory.secret), "ministack", memory.region).add_auth(signed)
    request = urllib.request.Request(address, data=body, headers=dict(signed.headers.items()), method="POST")
    try:
        _DIRECT.open(request, timeout=_SECONDS).close()
    except urllib.error.HTTPError as error:
        raise ToolError(f"the task {task.identifier} is no longer running", log=instance.server_log) from error
