"""Answers to a request that reaches the function, in the form of Elastic Load Balancing.

Source: "Use Lambda functions as targets of an Application Load Balancer" in the Elastic Load Balancing user guide. The
target group has multi-value headers, so each value is a list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

_RETRY_AFTER = 5  # seconds
_PATH, _QUERY = "/%:@!$&'()*+,;=-._~", "/?%:@!$'()*+,;-._~"
"""Characters that stay as the client wrote them; a backslash, which browsers take for a slash, does not."""

_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta http-equiv="refresh" content="{seconds}"><title>Starting</title></head>
<body><p>The service is starting. This page reloads itself.</p></body>
</html>
"""


def to_service(event: Mapping[str, Any]) -> dict[str, Any]:
    """Let the client send the same request again: with this status it keeps method and body."""
    return _answer(307, "Temporary Redirect", "The service is running.\n", {"Location": [_target(event)]})


def try_later(event: Mapping[str, Any]) -> dict[str, Any]:
    """Let the client come back in a few seconds; a browser does so by itself."""
    headers = {"Retry-After": [str(_RETRY_AFTER)]}
    if event.get("httpMethod") == "GET" and "text/html" in _accepted(event):
        return _answer(503, "Service Unavailable", _PAGE.format(seconds=_RETRY_AFTER), headers, kind="text/html")
    return _answer(503, "Service Unavailable", "The service is starting; try again in a few seconds.\n", headers)


def stopped(_event: Mapping[str, Any]) -> dict[str, Any]:
    """Say that the service does not start."""
    return _answer(503, "Service Unavailable", "The service is paused.\n", {})


def _answer(
    status: int, words: str, body: str, headers: dict[str, list[str]], *, kind: str = "text/plain"
) -> dict[str, Any]:
    return {
        "statusCode": status,
        "statusDescription": f"{status} {words}",
        "multiValueHeaders": {
            "Content-Type": [f"{kind}; charset=utf-8"],
            "Cache-Control": ["no-store"],
            **headers,
        },
        "body": body,
        "isBase64Encoded": False,
    }


def _target(event: Mapping[str, Any]) -> str:
    """Return path and query of the request, which Elastic Load Balancing passes as the client has encoded them."""
    path = quote(str(event.get("path") or "/"), safe=_PATH)
    if path.startswith("//"):
        path = f"/.{path}"  # or it would name another host
    pairs = [
        f"{quote(str(name), safe=_QUERY)}={quote(str(value), safe=_QUERY + '=')}"
        for name, values in (event.get("multiValueQueryStringParameters") or {}).items()
        for value in values
    ]
    return f"{path}?{'&'.join(pairs)}" if pairs else path


def _accepted(event: Mapping[str, Any]) -> str:
    headers = event.get("multiValueHeaders") or {}
    return ",".join(value for name, values in headers.items() if name.lower() == "accept" for value in values)
