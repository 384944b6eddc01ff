"""Interruptions of Spot capacity, on request: no Spot capacity is ever short here.

Source: "Amazon ECS clusters for Fargate launch type workloads" (Fargate Spot termination notices) in the Amazon ECS
developer guide, and ``stopCode`` of ``Task`` in the Amazon ECS API reference.
"""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.ministack_patches.asgi import Request, respond, whole_body
from ecr_fargate_constructs.local.ministack_patches.internals import Properties, find

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.ministack_patches.asgi import Application, Message, Receive, Send
    from ecr_fargate_constructs.local.ministack_patches.deployments.services import Controlled

PATH = "/_ministack/interruptions"
STOP_CODE, REASON = "SpotInterruption", "Your Spot Task was interrupted."
_OK, _NOT_FOUND = 200, 404


class Interruptions:
    """Stops tasks as an interruption of Spot capacity does: protection does not help, and a service replaces them."""

    def __init__(self, ecs: Any, controlled: Controlled) -> None:  # noqa: ANN401 - an untyped package
        """Look up MiniStack's internals.

        Raises:
            MovedError: MiniStack's internals have changed.
        """
        self._tasks, self._stop = find(ecs, "_tasks"), find(ecs, "_mark_task_stopped")
        self._ecs, self._controlled = ecs, controlled
        self._cluster_of = find(ecs, "_cluster_name_from_arn")
        self._enter = find(import_module("ministack.core.responses"), "request_scope")
        self._spawn = find(import_module("ministack.core.concurrency"), "spawn_background")

    def serve(self, application: Application) -> Application:
        """Return an application that answers ``POST`` with the ARN of a task; the guard admits the user only."""

        async def served(scope: Message, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or (scope["method"], scope["path"]) != ("POST", PATH):
                await application(scope, receive, send)
                return
            body, _ = await whole_body(receive)
            arn = str(json.loads(body)["task"])
            done = self.interrupt(arn)
            headers = [(b"content-type", b"application/json")]
            answer = json.dumps({"task": arn, "interrupted": done}).encode()
            await respond(Request(scope), send, _OK if done else _NOT_FOUND, headers, answer)

        return served

    def interrupt(self, arn: str) -> bool:
        """Interrupt a task; return whether there was one to interrupt."""
        region, account = arn.split(":")[3:5]
        with self._enter(account, region):
            task: Properties | None = self._tasks.get(arn)
            if task is None or not self._stop(arn, task, REASON, STOP_CODE):
                return False
            self._spawn(self._ecs._cleanup_task_resources, task, self._ecs._get_docker(), thread_name="interrupt-task")  # noqa: SLF001
            self._replace(task)
        return True

    def _replace(self, task: Properties) -> None:
        cluster = self._cluster_of(task.get("clusterArn", ""))
        kind, _, name = str(task.get("group", "")).partition(":")
        service = self._controlled.get(cluster, f"{cluster}/{name}") if kind == "service" else None
        if service is not None:
            service.wake.set()
