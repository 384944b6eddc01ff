"""Log the requests to the private registry, for the tests and the benchmark."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.ministack_patches.asgi import Application, Message, Receive, Send


def log_registry_requests(application: Application) -> Application:
    """Print a line for each request to the registry, one for its body if it has one, and one for the response.

    ``registry: POST /v2/web/blobs/uploads/?mount=sha256:…&from=assets answered 201`` says that a layer was mounted;
    ``registry: PUT /v2/web/blobs/uploads/… brought 52428800 bytes`` says that a layer was sent.
    """

    async def logged(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/v2/"):
            await application(scope, receive, send)
            return
        request = f"registry: {scope['method']} {scope['path']}{_mount(scope.get('query_string', b''))}"
        print(request, flush=True)
        arrived = 0

        async def count() -> Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            return message

        async def note(message: Message) -> None:
            # Printed before it is sent: when a client has the response, the log has it, too.
            if message["type"] == "http.response.start":
                if arrived:
                    print(f"{request} brought {arrived} bytes", flush=True)
                print(f"{request} answered {message['status']}", flush=True)
            await send(message)

        await application(scope, count, note)

    return logged


def _mount(query: bytes) -> str:
    """Return the part of a query that mounts a layer; an empty text if there is none."""
    parameters = [f"{name}={value}" for name, value in parse_qsl(query.decode("latin-1")) if name in {"mount", "from"}]
    return f"?{'&'.join(parameters)}" if parameters else ""
