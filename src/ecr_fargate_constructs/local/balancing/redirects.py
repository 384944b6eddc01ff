"""Redirect actions: the address that a client is sent to.

Source: "Redirect actions" in the Application Load Balancer guide, ``RedirectActionConfig`` in the API reference.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEYWORD = re.compile(r"#\{(protocol|host|port|path|query)\}")
_DEFAULTS = {
    "Protocol": "#{protocol}",
    "Host": "#{host}",
    "Port": "#{port}",
    "Path": "/#{path}",
    "Query": "#{query}",
}


@dataclass(frozen=True)
class Address:
    """The address of a request, as the client sent it.

    Attributes:
        protocol: ``http`` or ``https``.
        host: Host name, without a port.
        port: Port of the listener.
        path: Path, percent-encoded, with its slash.
        query: Query, percent-encoded, without the question mark.
    """

    protocol: str
    host: str
    port: str
    path: str
    query: str


def location(config: Mapping[str, Any], address: Address) -> str:
    """Return the address that a redirect action leads to; the port is always in it, as on AWS.

    Args:
        config: ``RedirectConfig`` in the words of the API. Each part may have the keywords of every other part.
        address: The address of the request.
    """
    own = {
        "protocol": address.protocol,
        "host": address.host,
        "port": address.port,
        "path": address.path.removeprefix("/"),
        "query": address.query,
    }
    parts = {
        name: _KEYWORD.sub(lambda keyword: own[keyword[1]], str(config.get(name) or default))
        for name, default in _DEFAULTS.items()
    }
    if config.get("Query") == "":
        parts["Query"] = ""
    query = f"?{parts['Query']}" if parts["Query"] else ""
    return f"{parts['Protocol'].lower()}://{parts['Host']}:{parts['Port']}{parts['Path']}{query}"
