"""Requests and answers as an ASGI server passes them on; a part of ``ministack_patches``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias
from urllib.parse import parse_qs, quote

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]


@dataclass(frozen=True)
class Request:
    """An HTTP request, as it arrived."""

    scope: Message

    @property
    def method(self) -> str:
        """Its method."""
        return str(self.scope["method"])

    @property
    def path(self) -> str:
        """Its path, decoded."""
        return str(self.scope["path"])

    @cached_property
    def raw_path(self) -> str:
        """Its path, as it was sent."""
        return bytes(self.scope.get("raw_path") or quote(self.path).encode()).decode("latin-1")

    @cached_property
    def query(self) -> dict[str, list[str]]:
        """Its query."""
        return parse_qs(self.raw_query, keep_blank_values=True)

    @cached_property
    def raw_query(self) -> str:
        """Its query, as it was sent."""
        return bytes(self.scope.get("query_string", b"")).decode("utf-8", errors="replace")

    def headers(self, between: str = ",") -> dict[str, str]:
        """Its headers in lower case; what lies between the values of one that came more than once is ``between``."""
        found: dict[str, str] = {}
        for raw_name, raw_value in self.scope.get("headers", []):
            name, value = raw_name.decode("latin-1").lower(), _text(raw_value)
            joint = "; " if name == "cookie" and between != "," else between
            found[name] = f"{found[name]}{joint}{value}" if name in found else value
        return found

    @cached_property
    def host(self) -> str:
        """Its ``Host`` header."""
        return self.headers().get("host", "")


async def whole_body(receive: Receive) -> tuple[bytes, Receive]:
    """The body of a request, and a way to receive it again."""
    messages: list[Message] = []
    more = True
    while more:
        messages.append(await receive())
        more = messages[-1]["type"] == "http.request" and bool(messages[-1].get("more_body"))
    kept = iter(messages)

    async def replay() -> Message:
        return next(kept, None) or await receive()

    return b"".join(message.get("body", b"") for message in messages), replay


def without_cors(send: Send) -> Send:
    """Send no header that lets pages of other sites read an answer."""

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [each for each in message.get("headers", []) if not each[0].lower().startswith(b"access-control-")]
            message = {**message, "headers": kept}
        await send(message)

    return guarded


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


async def respond(request: Request, send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    """Send an answer of a known length."""
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else body})
