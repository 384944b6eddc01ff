"""The pages that a load balancer answers itself."""

from __future__ import annotations

_PHRASES = {
    301: "Moved Permanently",
    302: "Found",
    401: "Authorization Required",
    500: "Internal Server Error",
    503: "Service Temporarily Unavailable",
}


def page(status: int) -> bytes:
    """Return the page of a status."""
    title = f"{status} {_PHRASES[status]}"
    lines = (
        "<html>",
        f"<head><title>{title}</title></head>",
        "<body>",
        f"<center><h1>{title}</h1></center>",
        "</body>",
        "</html>",
        "",
    )
    return "\r\n".join(lines).encode()
