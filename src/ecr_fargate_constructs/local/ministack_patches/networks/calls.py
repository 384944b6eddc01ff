"""Refuse calls of containers to AWS that their networks would not let through. Written for MiniStack 1.5.33.

All containers reach the embedded AWS on loopback. Whose request it is follows from the credentials of the task's role,
so a request without them, or with other credentials, is not decided about.
"""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.ministack_patches.asgi import Request, respond
from ecr_fargate_constructs.local.ministack_patches.internals import find
from ecr_fargate_constructs.local.ministack_patches.networks.state import name_of, service_of

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.ministack_patches.asgi import Application, Message, Receive, Send
    from ecr_fargate_constructs.local.ministack_patches.networks.state import State
    from ecr_fargate_constructs.local.networks import Blocked
    from ecr_fargate_constructs.local.networks.barriers import Barriers

PATH = "/_ministack/networks"
_RESET = "/_ministack/reset"
_OWN = "/_ministack/"
_ENDPOINTS = {
    "cloudwatch": "monitoring",
    "cognito-identity": "cognito-identity",
    "ecr": "ecr.api",
    "eventbridge": "events",
    "kinesis": "kinesis-streams",
    "ses": "email",
    "stepfunctions": "states",
}
"""Names of services in names of VPC endpoints, where they differ from MiniStack's."""
_OK, _TIMED_OUT = 200, 504


class Calls:
    """Refuses requests of tasks that could not arrive at AWS."""

    def __init__(self, application: Application, state: State, barriers: Barriers) -> None:
        """Look up MiniStack's internals."""
        router, sts = import_module("ministack.core.router"), import_module("ministack.services.sts")
        self._application, self._state, self._barriers = application, state, barriers
        self._key_of, self._service_of = find(router, "extract_access_key_id"), find(router, "detect_service")
        self._sessions = find(sts, "_sessions")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request."""
        request = Request(scope) if scope["type"] == "http" and not scope["path"].startswith(_OWN) else None
        blocked = self._blocked(request) if request is not None else None
        if request is None or blocked is None:
            await self._application(scope, receive, send)
            return
        message = (
            f"Connect timeout on endpoint URL: on AWS this connection times out: {blocked.why}. Fix: {blocked.fix}"
        )
        body = json.dumps({"__type": "ConnectTimeout", "message": message, "Message": message}).encode()
        await respond(request, send, _TIMED_OUT, [(b"content-type", b"application/x-amz-json-1.1")], body)

    def _blocked(self, request: Request) -> Blocked | None:
        headers = request.headers()
        session: dict[str, Any] | None = self._sessions.get(self._key_of(headers, request.query))
        task = self._state.task_named(str(session.get("Arn", "")).rpartition("/")[2]) if session else None
        if task is None:
            return None
        name = self._service_of(request.method, request.path, headers, request.query)
        service, reachability = _ENDPOINTS.get(name, name), self._state.reachability
        decisions = (reachability.to_service(each, service) for each in self._state.interfaces_of_task(task))
        blocked = next((each for each in decisions if each is not None), None)
        return self._barriers.note(name_of(task), service, blocked, service=service_of(task))


def serve_barriers(application: Application, barriers: Barriers) -> Application:
    """Return an application that shows the user which connections cannot be made."""

    async def served(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == PATH:
            body = json.dumps(barriers.as_json()).encode()
            await respond(Request(scope), send, _OK, [(b"content-type", b"application/json")], body)
            return
        await application(scope, receive, send)
        if scope["type"] == "http" and scope["path"] == _RESET:
            barriers.clear()

    return served
