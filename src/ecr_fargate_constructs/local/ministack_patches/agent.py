"""The endpoint of ECS's agent in a container: scale-in protection, which the agent asks for with the task's role.

Source: "Amazon ECS task scale-in protection endpoint" in the Amazon ECS developer guide. Written for MiniStack 1.5.33,
and applied by ``ministack_patches``.
"""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.ministack_patches.asgi import Request, respond, whole_body
from ecr_fargate_constructs.local.ministack_patches.deployments.protection import InvalidProtectionError
from ecr_fargate_constructs.local.ministack_patches.internals import Properties, find

if TYPE_CHECKING:
    from collections.abc import Callable

    from ecr_fargate_constructs.local.ministack_patches.asgi import Application, Message, Receive, Send
    from ecr_fargate_constructs.local.ministack_patches.deployments.protection import Answer, Protection

API = "/api/"
"""Path of the agent's endpoint; the token of the container follows."""

_STATE = "task-protection/v1/state"
_OK, _CLIENT_ERROR, _NOT_FOUND, _WRONG_METHOD = 200, 400, 404, 405


class Agent:
    """Answers containers about the protection of their own task.

    The requests are not signed: the token in the path is the secret.
    """

    def __init__(
        self,
        ecs: Any,  # noqa: ANN401 - an untyped package
        protection: Protection,
        refusal: Callable[[str, str, str, str], str | None],
    ) -> None:
        """Look up MiniStack's internals.

        Args:
            ecs: MiniStack's ECS module.
            protection: The protection of tasks.
            refusal: Returns why IAM refuses a role, as the session of a task, an action on a resource; None if it does
                not.
        """
        self._protection, self._refusal = protection, refusal
        self._tokens = find(find(ecs, "ecs_metadata"), "_TOKEN_TO_TASK")
        self._tasks, self._definitions, self._active = (
            find(ecs, "_tasks"),
            find(ecs, "_task_defs"),
            find(ecs, "_task_is_active"),
        )
        self._key_of = find(ecs, "_resolve_td_key")
        self._enter = find(import_module("ministack.core.responses"), "request_scope")

    def answer(self, application: Application) -> Application:
        """Return an application that answers the containers' requests by token, and passes on all others."""

        async def answered(scope: Message, receive: Receive, send: Send) -> None:
            path = scope["path"] if scope["type"] == "http" else ""
            token, _, rest = path.removeprefix(API).partition("/")
            if not path.startswith(API) or token not in self._tokens:
                await application(scope, receive, send)
                return
            request = Request(scope)
            body, _ = await whole_body(receive)
            status, document = self._respond(request.method, self._tokens[token], rest, body)
            await respond(
                request, send, status, [(b"content-type", b"application/json")], json.dumps(document).encode()
            )

        return answered

    def _respond(self, method: str, arn: str, path: str, body: bytes) -> tuple[int, Properties]:
        if path.rstrip("/") != _STATE:
            return _NOT_FOUND, {"error": {"Code": "NotFound", "Message": f"there is no {path}"}}
        if method not in ("GET", "PUT"):
            return _WRONG_METHOD, {"error": {"Code": "MethodNotAllowed", "Message": f"{method} is not allowed"}}
        region, account = arn.split(":")[3:5]
        with self._enter(account, region):
            return self._about(method, arn, body)

    def _about(self, method: str, arn: str, body: bytes) -> tuple[int, Properties]:
        """Answer about the task, in its account and region."""
        task = self._tasks.get(arn)
        if task is None or not self._active(arn, task):
            return _OK, {"failure": {"Arn": arn, "Reason": "MISSING", "Detail": None}}
        action = "ecs:UpdateTaskProtection" if method == "PUT" else "ecs:GetTaskProtection"
        refusal = self._refused(task, action)
        if refusal is not None:
            return _error(arn, "AccessDeniedException", refusal)
        if method == "GET":
            return _document(self._protection.get(task))
        try:
            asked = json.loads(body or b"{}")
        except ValueError:
            asked = None
        enabled = asked.get("ProtectionEnabled") if isinstance(asked, dict) else None
        if not isinstance(asked, dict) or not isinstance(enabled, bool):
            return _error(arn, "InvalidParameterException", "ProtectionEnabled is required: true or false.")
        try:
            return _document(self._protection.set(task, enabled=enabled, minutes=asked.get("ExpiresInMinutes")))
        except InvalidProtectionError as error:
            return _error(arn, "InvalidParameterException", str(error))

    def _refused(self, task: Properties, action: str) -> str | None:
        definition = self._definitions.get(self._key_of(task["taskDefinitionArn"])) or {}
        role = (task.get("overrides") or {}).get("taskRoleArn") or definition.get("taskRoleArn")
        if not role:
            return f"The task has no role, and {action} takes one"
        return self._refusal(str(role), str(task["taskArn"]), action, str(task["taskArn"]))


def _document(answer: Answer) -> tuple[int, Properties]:
    if answer.failure:
        return _OK, {"failure": {"Arn": answer.task, "Reason": answer.failure, "Detail": None}}
    expiration = {} if answer.expiration is None else {"ExpirationDate": answer.expiration}
    return _OK, {
        "protection": {**expiration, "ProtectionEnabled": answer.expiration is not None, "TaskArn": answer.task}
    }


def _error(arn: str, code: str, message: str) -> tuple[int, Properties]:
    return _CLIENT_ERROR, {"error": {"Arn": arn, "Code": code, "Message": message}}
