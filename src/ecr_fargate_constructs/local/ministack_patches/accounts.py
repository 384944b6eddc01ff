"""Several accounts and regions in one embedded AWS, as far as the private registry is concerned.

MiniStack keeps the resources of each account and region apart: the credentials name the account, and the signature the
region. However, it looks for the repositories of another account in the caller's. These patches use ``registryId`` or
the ARN of a repository to find its owner, whose repository policy has to allow the other account: user guide, "Private
repository policies". Written for MiniStack 1.5.33, and applied by ``ministack_patches``.
"""

from __future__ import annotations

import json
import re
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

from ecr_fargate_constructs.local.ministack_patches.asgi import Request
from ecr_fargate_constructs.local.ministack_patches.internals import find

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.ministack_patches.asgi import Application, Message, Receive, Send

_Query: TypeAlias = dict[str, list[str]]

REGISTRY_NAME = re.compile(r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com")
"""AWS's host name of a private registry."""

_BY_PATH = re.compile(rf"/v2/(?P<host>{REGISTRY_NAME.pattern})(?=/)")


def lead_to_other_accounts(ecr: Any) -> None:  # noqa: ANN401 - an untyped package
    """Answer requests about repositories of other accounts from those accounts, if their policies allow the caller."""
    handle, responses = find(ecr, "handle_request"), import_module("ministack.core.responses")
    account, region, scope = (find(responses, name) for name in ("get_account_id", "get_region", "request_scope"))
    policy_of = find(ecr, "repository_policy_for_arn")

    async def handle_request(method: str, path: str, headers: Any, body: bytes, query: _Query) -> object:  # noqa: ANN401
        owner = _registry_id(body)
        if owner in {None, account()}:
            return await handle(method, path, headers, body, query)
        with scope(owner, region()):
            return await handle(method, path, headers, body, query)

    def repository_policy_for_arn(arn: str) -> tuple[str, str]:
        _, _, _, where, owner, _ = arn.split(":", 5)
        with scope(owner, where):
            found: tuple[str, str] | None = policy_of(arn)
        return found or ("", owner)  # without a policy, or if it does not exist, it admits no other account

    ecr.handle_request, ecr.repository_policy_for_arn = handle_request, repository_policy_for_arn


def serve_registries_by_path(application: Application, port: int) -> Application:
    """Return an application that serves every registry on this machine, under its name as the first part of the path.

    The container engine pulls ``localhost:4566/123456789012.dkr.ecr.eu-west-1.amazonaws.com/web``: all accounts and
    regions share the address of the embedded AWS, and two of them may have repositories of the same name.

    Args:
        application: Application that answers; it sees the registry's own name in ``Host``.
        port: Port of the embedded AWS. A request with another ``Host`` passes unchanged, so that the guard refuses it.
    """
    own = {f"localhost:{port}", f"127.0.0.1:{port}"}

    async def served(scope: Message, receive: Receive, send: Send) -> None:
        named = _BY_PATH.match(scope["path"]) if scope["type"] == "http" else None
        if named is None or Request(scope).host not in own:
            await application(scope, receive, send)
            return
        prefix, host = f"/{named['host']}", named["host"].encode()

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [(name, _located(name, value, prefix)) for name, value in message.get("headers", [])]
                message = {**message, "headers": headers}
            await send(message)

        others = [header for header in scope["headers"] if header[0].lower() != b"host"]
        inner = {**scope, "path": scope["path"].replace(prefix, "", 1), "headers": [*others, (b"host", host)]}
        if scope.get("raw_path"):
            inner["raw_path"] = scope["raw_path"].replace(prefix.encode(), b"", 1)
        await application(inner, receive, answer)

    return served


def _registry_id(body: bytes) -> str | None:
    """Return the account whose registry a request names; None if it names none."""
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return None
    named = request.get("registryId") if isinstance(request, dict) else None
    return named if isinstance(named, str) and re.fullmatch(r"\d{12}", named) else None


def _located(name: bytes, value: bytes, prefix: str) -> bytes:
    """Return the value of a header; in the ``Location`` of an upload, with the registry's name."""
    if name.lower() != b"location" or not value.startswith(b"/v2/"):
        return value
    return value.replace(b"/v2", b"/v2" + prefix.encode(), 1)
