"""Listen for TLS beside plain HTTP, and tell the two apart. Written for MiniStack 1.5.33, which serves one of them."""

from __future__ import annotations

import ssl
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.addresses import requested_host
from ecr_fargate_constructs.local.ministack_patches.asgi import Request, respond
from ecr_fargate_constructs.local.ministack_patches.https.certificates import new_context
from ecr_fargate_constructs.local.ministack_patches.internals import find
from ecr_fargate_constructs.local.ministack_patches.listeners import SCHEME

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.ministack_patches.asgi import Application, Message, Receive, Send
    from ecr_fargate_constructs.local.ministack_patches.https.certificates import Certificates

_MISDIRECTED = 421
_HTTPS = "https"


def listen(certificates: Certificates, port: int) -> None:
    """Let the server listen for TLS on a port of loopback as well."""
    server: Any = import_module("hypercorn.asyncio")
    serve = find(server, "serve")
    context = new_server_context(certificates)

    async def serve_both(application: object, config: Any, **options: object) -> None:  # noqa: ANN401
        config.insecure_bind, config.bind = config.bind, [f"127.0.0.1:{port}"]
        config.certfile = config.keyfile = "chosen by the server name"
        config.create_ssl_context = lambda: context
        await serve(application, config, **options)

    server.serve = serve_both


def new_server_context(certificates: Certificates) -> ssl.SSLContext:
    """Return TLS settings that choose the certificate by the server name, and refuse clients without a known one."""
    context = new_context()

    def choose(connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> int | None:
        chosen = certificates.context_for(name) if name else None
        if chosen is None:
            return int(ssl.AlertDescription.ALERT_DESCRIPTION_UNRECOGNIZED_NAME)
        connection.context = chosen
        return None

    context.sni_callback = choose
    return context


def serve_schemes(application: Application, certificates: Certificates) -> Application:
    """Return an application that answers over TLS for load balancers only, by local name or by domain."""

    async def served(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope.get("scheme") != _HTTPS:
            SCHEME.set("http")
            await application(scope, receive, send)
            return
        SCHEME.set(_HTTPS)
        request = Request(scope)
        name = request.host.partition(":")[0]
        if requested_host(request.host) is None:
            listener = certificates.listener_of(name)
            if listener is None:
                text = f"no listener has a certificate for {name!r}\n".encode()
                await respond(request, send, _MISDIRECTED, [(b"content-type", b"text/plain; charset=utf-8")], text)
                return
            others = [each for each in scope["headers"] if each[0].lower() != b"host"]
            scope = {**scope, "headers": [*others, (b"host", listener.local_name(name).encode())]}
        await application(scope, receive, send)

    return served
