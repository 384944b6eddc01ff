"""Give containers what ECS gives them: the region, the metadata, and the credentials of the task's role.

MiniStack gives them host names that a container cannot reach or that the SDKs refuse, and credentials without a role.
The variables are those of the ECS developer guide, "Amazon ECS environment variables" and "Task IAM role", and
``AWS_ENDPOINT_URL``, which AWS does not set. Written for MiniStack 1.5.33, and applied by ``ministack_patches``.
"""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass
from hmac import compare_digest
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.ministack_patches.agent import API
from ecr_fargate_constructs.local.ministack_patches.internals import Properties, find
from ecr_fargate_constructs.local.ministack_patches.relay import Relay, may_enter_networks

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.ministack_patches.asgi import Application, Message, Receive, Send
    from ecr_fargate_constructs.local.ministack_patches.discovery import Discovery

_SECONDS = 6 * 3600  # as in ECS: credentials of a task's role are valid for up to six hours
_CREDENTIALS, _METADATA = "/v2/credentials/", "/v4/"
_VARIABLES = (
    "AWS_ENDPOINT_URL",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "ECS_AGENT_URI",
    "ECS_CONTAINER_METADATA_URI_V4",
)


@dataclass(frozen=True)
class _Grant:
    """The credentials that a container may request.

    Attributes:
        role: ARN of its task's role.
        session: Name of its sessions: the task's id, as in ECS.
        authorization: The authorization token of its requests.
    """

    role: str
    session: str
    authorization: str


class TaskEnvironment:
    """The environment variables of containers, and the endpoints for metadata and credentials in them."""

    def __init__(self, ecs: Any, port: int, *, reachable: bool) -> None:  # noqa: ANN401 - an untyped package
        """Look up MiniStack's internals.

        Args:
            ecs: MiniStack's module for ECS.
            port: Port of MiniStack, on this machine and inside tasks.
            reachable: Whether tasks can reach it.
        """
        self._sts, self._metadata = import_module("ministack.services.sts"), find(ecs, "ecs_metadata")
        self._tasks, self._register = find(ecs, "_tasks"), find(ecs, "_register_metadata")
        self._account, self._region = find(ecs, "get_account_id"), find(ecs, "get_region")
        self._ask_metadata = find(self._metadata, "handle_request")
        self._tokens = find(self._metadata, "_TOKEN_TO_TASK")
        self._containers = find(self._metadata, "_TOKEN_TO_CONTAINER")
        self._keep, self._session_arn, self._role_id, self._future = (
            find(self._sts, name) for name in ("register_session", "_assumed_role_arn", "_role_id", "_future")
        )
        self._new_key, self._new_secret, self._new_token = (
            find(self._sts, name) for name in ("_gen_session_access_key", "_gen_secret", "_gen_session_token")
        )
        self._base = f"http://127.0.0.1:{port}"
        self._reachable = reachable
        self._grants: dict[str, _Grant] = {}

    def register(
        self,
        task: str,
        cluster: str,
        definition: Properties,
        container: Properties,
        launch_type: str,
        environment: dict[str, str],
        host_mode: bool,  # noqa: FBT001 - MiniStack's call
        address: str | None,
    ) -> str:
        """Register a container for metadata, and set its variables; those of its definition stay as they are."""
        own = dict(environment)
        token: str = self._register(task, cluster, definition, container, launch_type, environment, host_mode, address)
        for each in (self._tasks.get(task) or {}).get("containers", ()):
            if each["name"] == container["name"]:  # OpenTelemetry's resource detector needs it
                self._containers[token]["ContainerARN"] = each["containerArn"]
        for name in _VARIABLES:
            environment.pop(name, None)
        environment |= {
            "AWS_REGION": self._region(),
            "AWS_DEFAULT_REGION": self._region(),
            "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE" if launch_type == "FARGATE" else "AWS_ECS_EC2",
            "AWS_EC2_METADATA_DISABLED": "true",  # on an EC2 instance it would be that of this machine; a task has none
        }
        if self._reachable or host_mode:
            environment |= {
                "AWS_ENDPOINT_URL": self._base,
                "ECS_AGENT_URI": f"{self._base}{API}{token}",
                "ECS_CONTAINER_METADATA_URI_V4": f"{self._base}{_METADATA}{token}",
                **self._credentials(task, token, definition),
            }
        environment |= own
        return token

    def _credentials(self, task: str, token: str, definition: Properties) -> dict[str, str]:
        """Return the variables for the role's credentials; none without a role, as in ECS."""
        overrides = (self._tasks.get(task) or {}).get("overrides") or {}
        role = overrides.get("taskRoleArn") or definition.get("taskRoleArn")
        if not role:
            return {}
        if not role.startswith("arn:"):  # ECS accepts the name, too
            role = f"arn:aws:iam::{self._account()}:role/{role}"
        self._grants = {key: grant for key, grant in self._grants.items() if key in self._tokens}
        grant = self._grants[token] = _Grant(role, task.rpartition("/")[2], secrets.token_urlsafe(32))
        return {
            # Not the relative URI: its address would occupy port 80 of the application.
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{self._base}{_CREDENTIALS}{token}",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": grant.authorization,
        }

    def answer(self, application: Application) -> Application:
        """Return an application that answers the containers' requests by token, and passes on all others.

        These requests are not signed: the token is the secret.
        """

        async def answered(scope: Message, receive: Receive, send: Send) -> None:
            path = scope["path"] if scope["type"] == "http" and scope["method"] == "GET" else ""
            token = path.removeprefix(_METADATA).partition("/")[0]
            if path.startswith(_METADATA) and token in self._tokens:
                status, _, body = await self._ask_metadata("GET", path, {}, b"", {})
            elif path.startswith(_CREDENTIALS) and path.removeprefix(_CREDENTIALS) in self._tokens:
                headers = {name.lower(): value for name, value in scope["headers"]}
                authorization = headers.get(b"authorization", b"").decode("latin-1")
                status, body = self._issue(path.removeprefix(_CREDENTIALS), authorization)
            else:
                await application(scope, receive, send)
                return
            start = {"status": status, "headers": [(b"content-type", b"application/json")]}
            await send({"type": "http.response.start", **start})
            await send({"type": "http.response.body", "body": body})

        return answered

    def _issue(self, token: str, authorization: str) -> tuple[int, bytes]:
        grant = self._grants.get(token)
        if grant is None or not compare_digest(grant.authorization.encode(), authorization.encode()):
            return 401, b'{"code": "AuthorizationFailure", "message": "not the token of this container"}'
        arn, fault = self._session_arn(grant.role, grant.session)
        if fault:
            return 400, json.dumps({"code": "InvalidRole", "message": f"{grant.role} is not a role"}).encode()
        key, secret, session_token = self._new_key(), self._new_secret(), self._new_token()
        # As AssumeRole registers its sessions.
        self._keep(
            key,
            {
                "Arn": arn,
                "UserId": f"{self._role_id(grant.role)}:{grant.session}",
                "SecretAccessKey": secret,
                "SessionToken": session_token,
                "Expiration": time.time() + _SECONDS,
                "AccountId": grant.role.split(":")[4],
                "PrincipalType": "AssumedRole",
            },
        )
        document = {
            "RoleArn": grant.role,
            "AccessKeyId": key,
            "SecretAccessKey": secret,
            "Token": session_token,
            "Expiration": self._future(_SECONDS),
        }
        return 200, json.dumps(document).encode()


def serve_tasks(
    ecs: Any,  # noqa: ANN401
    application: Application,
    discovery: Discovery,
    *,
    port: int,
    podman: bool,
) -> Application:
    """Let containers use the embedded AWS, and return the application that answers them.

    Args:
        ecs: MiniStack's module for ECS.
        application: MiniStack itself.
        discovery: Gives tasks the names of other services.
        port: Port that it listens on.
        podman: Whether the engine is podman, which can create a container's network before its first process starts.
    """
    reachable = may_enter_networks()
    environment = TaskEnvironment(ecs, port, reachable=reachable)
    if reachable:
        listen_in_tasks(Relay(port), discovery, podman=podman)
    else:
        print("not emulated: AWS inside containers; entering their networks requires root", flush=True)
    ecs._register_metadata = environment.register  # noqa: SLF001 - what this module is for
    answer_until_the_end(ecs)
    return environment.answer(application)


def answer_until_the_end(ecs: Any) -> None:  # noqa: ANN401 - an untyped package
    """Answer the requests of a task's containers until they have ended; MiniStack forgets them before it stops them."""
    clean_up, forget = find(ecs, "_cleanup_task_resources"), find(find(ecs, "ecs_metadata"), "unregister_token")

    def cleanup_task_resources(task: Properties, *rest: Any) -> None:  # noqa: ANN401
        tokens, task["_metadata_tokens"] = list(task.get("_metadata_tokens") or []), []
        try:
            clean_up(task, *rest)
        finally:
            for token in tokens:
                forget(token)

    ecs._cleanup_task_resources = cleanup_task_resources  # noqa: SLF001


def listen_in_tasks(relay: Relay, discovery: Discovery, *, podman: bool) -> None:
    """Listen in the network of each task's first container, which the others share, until it is removed."""
    model = import_module("docker.models.containers").Container
    start, remove = find(model, "start"), find(model, "remove")

    def has_network(container: Any) -> bool:  # noqa: ANN401 - an untyped package
        mode = container.attrs["HostConfig"]["NetworkMode"]
        return container.labels.get("ministack") == "ecs" and mode != "host" and not mode.startswith("container:")

    def listen(container: Any) -> None:  # noqa: ANN401
        container.reload()
        try:
            process = container.attrs["State"]["Pid"]
            relay.open(container.id, process)
            discovery.join(container, process, relay)
        except OSError as error:  # it may already have ended
            print(f"not emulated: AWS inside {container.name}: {error}", flush=True)

    def start_and_listen(container: Any, **options: object) -> None:  # noqa: ANN401
        listens = has_network(container)
        if listens and podman:
            api = container.client.api
            prepared = api._post(f"{api.base_url}/v4.0.0/libpod/containers/{container.id}/init")  # noqa: SLF001
            api._raise_for_status(prepared)  # noqa: SLF001
            listen(container)
        start(container, **options)
        if listens and not podman:  # Docker has no such call: AWS is missing for the first milliseconds
            listen(container)

    def remove_and_close(container: Any, **options: object) -> None:  # noqa: ANN401
        try:
            remove(container, **options)
        finally:
            relay.close(container.id)
            discovery.leave(container.id)

    model.start, model.remove = start_and_listen, remove_and_close
