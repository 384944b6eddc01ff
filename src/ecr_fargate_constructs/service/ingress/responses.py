"""Responses that a load balancer gives without a service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import aws_cdk as cdk
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs._rules.checks import tcp_port, unicode, whole_number
from ecr_fargate_constructs._rules.tokens import Number, is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError

_TYPES = ("text/plain", "text/css", "text/html", "application/javascript", "application/json")
_LONGEST = 1024
_LONGEST_PART = 128
_PARTS = ("host", "path", "query")


@typed
@dataclass(frozen=True, kw_only=True)
class FixedResponse:
    """A fixed response, given without a service.

    Attributes:
        status: Status code, 200 to 599 except 300 to 399; default, 404.
        body: Text of at most 1024 bytes; default, ``Not found``.
        content_type: ``text/plain``, ``text/css``, ``text/html``, ``application/javascript`` or ``application/json``;
            default, ``text/plain``.

    Raises:
        ConfigurationError: Elastic Load Balancing refuses a value.
    """

    status: Number = 404
    body: str = "Not found\n"
    content_type: str = "text/plain"

    def __post_init__(self) -> None:
        whole_number("FixedResponse.status", self.status, minimum=200, maximum=599, what="a status code")
        if not is_token(self.status) and 300 <= self.status < 400:  # noqa: PLR2004 - redirections, in the message
            raise ConfigurationError(
                f"FixedResponse.status={self.status:g} is a redirection, which a fixed response cannot be; use 200 to "
                "299 or 400 to 599, or a Redirect"
            )
        if not is_token(self.content_type) and self.content_type not in _TYPES:
            raise ConfigurationError(
                f"FixedResponse.content_type={self.content_type!r} is not a type that a load balancer sends; use "
                f"{', '.join(_TYPES)}"
            )
        unicode("FixedResponse.body", self.body)
        if not is_token(self.body) and len(self.body.encode()) > _LONGEST:
            unit = "characters" if self.body.isascii() else "bytes"
            raise ConfigurationError(
                f"FixedResponse.body has {len(self.body.encode())} {unit}; use at most {_LONGEST}, or a service with "
                'Route(path="/*")'
            )


@typed
@dataclass(frozen=True, kw_only=True)
class Redirect:
    """A response that redirects the client to another address.

    Parts that are not set stay as in the request. In ``host``, ``path`` and ``query`` the words ``#{protocol}``,
    ``#{host}``, ``#{port}``, ``#{path}`` (without the leading slash) and ``#{query}`` stand for the request's own.

    Attributes:
        host: Host name, for example ``"www.example.com"``; default, the request's.
        path: Path, beginning with ``/``, for example ``"/shop/#{path}"``; default, the request's.
        query: Query, without the question mark; default, the request's.
        port: TCP port; default, the request's.
        protocol: ``HTTP`` or ``HTTPS``; default, the request's.
        permanent: Send a 301, which browsers remember, instead of a 302; default, False.

    Raises:
        ConfigurationError: Elastic Load Balancing refuses a value, or the redirect would loop.
    """

    host: str | None = None
    path: str | None = None
    query: str | None = None
    port: Number | None = None
    protocol: elbv2.ApplicationProtocol | None = None
    permanent: bool = False

    def __post_init__(self) -> None:
        unchanged = ((self.host, "#{host}"), (self.path, "/#{path}"), (self.query, "#{query}"))
        if self.port is None and self.protocol is None and all(value in {None, same} for value, same in unchanged):
            given = ", ".join(f"{name}={value!r}" for name, (value, _) in zip(_PARTS, unchanged, strict=True) if value)
            raise ConfigurationError(
                f"Redirect({given}) changes nothing, so the client would be redirected forever; give another "
                "host=, path= or query=, or port= or protocol="
            )
        if self.port is not None:
            tcp_port("Redirect.port", self.port)
        for name, value in zip(_PARTS, (self.host, self.path, self.query), strict=True):
            if value is not None and not is_token(value) and len(value) > _LONGEST_PART:
                raise ConfigurationError(f"Redirect.{name} has {len(value)} characters; use at most {_LONGEST_PART}")
        if self.path is not None and not is_token(self.path) and not self.path.startswith("/"):
            raise ConfigurationError(
                f"Redirect.path={self.path!r} does not begin with '/'; use for example '/shop/#{{path}}'"
            )
        if self.query is not None and not is_token(self.query) and self.query.startswith("?"):
            raise ConfigurationError(
                f"Redirect.query={self.query!r} begins with '?', which the load balancer adds; remove it"
            )
        if self.host is not None and not is_token(self.host) and (not self.host or "/" in self.host):
            raise ConfigurationError(
                f"Redirect.host={self.host!r} is not a host name; use for example 'www.example.com'"
            )


Response: TypeAlias = FixedResponse | Redirect
"""A response that a load balancer gives without a service."""


def action_of(response: Response) -> elbv2.ListenerAction:
    """Return the action of a rule or a listener."""
    if isinstance(response, FixedResponse):
        return elbv2.ListenerAction.fixed_response(
            response.status, content_type=response.content_type, message_body=response.body
        )
    return elbv2.ListenerAction.redirect(
        host=response.host,
        path=response.path,
        query=response.query,
        port=None if response.port is None else cdk.Tokenization.stringify_number(response.port),
        protocol=None if response.protocol is None else response.protocol.name,
        permanent=response.permanent,
    )
