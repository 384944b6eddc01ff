"""Helpers for the requests and responses of an ASGI server."""

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
    """An HTTP request."""

    scope: Message

    @property
    def method(self) -> str:
        """HTTP method."""
        return str(self.scope["method"])

    @property
    def path(self) -> str:
        """Decoded path."""
        return str(self.scope["path"])

    @cached_property
    def raw_path(self) -> str:
        """Path as it was sent."""
        return bytes(self.scope.get("raw_path") or quote(self.path).encode()).decode("latin-1")

    @cached_property
    def query(self) -> dict[str, list[str]]:
        """Parsed query."""
        return parse_qs(self.raw_query, keep_blank_values=True)

    @cached_property
    def raw_query(self) -> str:
        """Query as it was sent."""
        return bytes(self.scope.get("query_string", b"")).decode("utf-8", errors="replace")

    def headers(self, between: str = ",") -> dict[str, str]:
        """Return the headers by lower-case name; ``between`` joins the values of repeated headers."""
        headers: dict[str, str] = {}
        for raw_name, raw_value in self.scope.get("headers", []):
            name, value = raw_name.decode("latin-1").lower(), _text(raw_value)
            joint = "; " if name == "cookie" and between != "," else between
            headers[name] = f"{headers[name]}{joint}{value}" if name in headers else value
        return headers

    @cached_property
    def host(self) -> str:
        """``Host`` header."""
        return self.headers().get("host", "")


async def whole_body(receive: Receive) -> tuple[bytes, Receive]:
    """Return the body of a request, and a function that receives it again."""
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
    """Return a ``send`` that drops the headers that let pages of other sites read a response."""

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
    """Send a response of a known length."""
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else body})
