"""Who asks the private registry, and whether IAM lets it. Written for MiniStack 1.5.33.

``ecr:GetAuthorizationToken`` gives a role a token of its own. What the role then asks of the registry are actions of
ECR: user guide, "IAM permissions for pushing an image", and the actions in AWS's policy
``AmazonEC2ContainerRegistryPullOnly``. The user's own token, and the engine's, are allowed everything.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import threading
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.ministack_patches.asgi import Request, respond
from ecr_fargate_constructs.local.ministack_patches.internals import find

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.local.ministack_patches.asgi import Application, Message, Receive, Send
    from ecr_fargate_constructs.local.ministack_patches.iam.evaluator import Evaluator

_ACTIONS = {
    ("manifest", "GET"): ("BatchGetImage",),
    ("manifest", "HEAD"): ("BatchGetImage",),
    ("manifest", "PUT"): ("PutImage",),
    ("manifest", "DELETE"): ("BatchDeleteImage",),
    ("blob", "HEAD"): ("BatchCheckLayerAvailability",),
    ("blob", "GET"): ("GetDownloadUrlForLayer",),
    ("blob_uploads", "POST"): ("InitiateLayerUpload",),
    ("blob_upload_session", "PATCH"): ("UploadLayerPart",),
    ("blob_upload_session", "PUT"): ("UploadLayerPart", "CompleteLayerUpload"),
    ("tags_list", "GET"): ("ListImages",),
}
_FORBIDDEN = 403


class Registry:
    """The private registry, before which roles have to ask."""

    def __init__(self, application: Application, ecr: Any, evaluator: Evaluator, password: str) -> None:  # noqa: ANN401
        """Reach into MiniStack.

        Args:
            application: What answers.
            ecr: MiniStack's module.
            evaluator: Decides.
            password: The password, of the user ``AWS``, that is allowed everything.
        """
        self._application, self._evaluator = application, evaluator
        self._login = base64.b64encode(f"AWS:{password}".encode())
        self._parse, self._hint = find(ecr, "_parse_v2_path"), find(ecr, "_registry_scope_hint")
        self._repositories, self._account = find(ecr, "_repositories"), find(ecr, "get_account_id")
        self._handle = find(ecr, "handle_request")
        self._key_of = find(import_module("ministack.core.router"), "extract_access_key_id")
        self._lock = threading.Lock()
        self._tokens: dict[str, str] = {}

    async def handle_request(self, method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:  # noqa: ANN401
        """Answer a request to ECR's API; a role that asks for a token is given one of its own."""
        answer = await self._handle(method, path, headers, body, query)
        key = self._key_of(headers, query)
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        if action != "GetAuthorizationToken" or not self._evaluator.is_session(key):
            return answer
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._tokens = {old: of for old, of in self._tokens.items() if self._evaluator.valid(of)}
            self._tokens[token] = key
        content = json.loads(answer[2])
        for each in content["authorizationData"]:
            each["authorizationToken"] = base64.b64encode(f"AWS:{token}".encode()).decode()
        return answer[0], answer[1], json.dumps(content).encode()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Refuse what a role may not do; answer the rest as it would be answered otherwise."""
        request = Request(scope) if scope["type"] == "http" and scope["path"].startswith("/v2") else None
        key = self._asks(request) if request is not None else None
        if request is None or key is None:
            await self._application(scope, receive, send)
            return
        for action, resource in self._needs(request):
            region = resource.split(":")[3]
            refusal = self._evaluator.refusal(key, f"ecr:{action}", resource, region=region)
            if refusal is not None:
                error = {"errors": [{"code": "DENIED", "message": refusal}]}
                headers = [(b"content-type", b"application/json")]
                await respond(request, send, _FORBIDDEN, headers, json.dumps(error).encode())
                return
        others = [each for each in scope["headers"] if each[0].lower() != b"authorization"]
        scope = {**scope, "headers": [*others, (b"authorization", b"Basic " + self._login)]}
        await self._application(self._mount_if_allowed(scope, request, key), receive, send)

    def _asks(self, request: Request) -> str | None:
        scheme, _, given = request.headers().get("authorization", "").partition(" ")
        try:
            _, _, token = base64.b64decode(given.strip(), validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return None
        return self._tokens.get(token) if scheme.lower() == "basic" else None

    def _needs(self, request: Request) -> Iterator[tuple[str, str]]:
        parsed = self._parse(request.path)
        if parsed is None:
            return
        verb, name, _ = parsed
        for action in _ACTIONS.get((verb, request.method), ()):
            yield action, self._repository(request, name)

    def _mount_if_allowed(self, scope: Message, request: Request, key: str) -> Message:
        """Turn a mount into an upload unless the role may read the source: user guide, "Blob mounting"."""
        source = request.query.get("from", [""])[0]
        if not source:
            return scope
        resource = self._repository(request, source)
        region = resource.split(":")[3]
        if self._evaluator.refusal(key, "ecr:GetDownloadUrlForLayer", resource, region=region) is None:
            return scope
        return {**scope, "query_string": b""}

    def _repository(self, request: Request, name: str) -> str:
        hint = self._hint(request.host)
        if hint is None:  # as MiniStack finds it
            scopes = [
                (account, region) for (account, region, stored), _ in self._repositories.all_items() if stored == name
            ]
            hint = scopes[0] if scopes else (self._account(), "us-east-1")
        account, region = hint
        return f"arn:aws:ecr:{region}:{account}:repository/{name}"


def ask_at_the_registry(application: Application, evaluator: Evaluator, password: str) -> Application:
    """Return an application that asks IAM about what roles want of the registry."""
    ecr: Any = import_module("ministack.services.ecr")
    registry = Registry(application, ecr, evaluator, password)
    ecr.handle_request = registry.handle_request
    return registry
