"""A route: the requests that a service gets from a shared load balancer."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.checks import mapping, text, whole_number
from ecr_fargate_constructs._rules.tokens import Number, is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.routing.rewrites import check_rewrites

if TYPE_CHECKING:
    from ecr_fargate_constructs.service.ingress.authentication import Authentication
    from ecr_fargate_constructs.service.routing.rewrites import Rewrite

Values = str | Sequence[str]

LAST_PRIORITY = 50_000
_MOST_VALUES, _MOST_WILDCARDS, _LONGEST = 5, 5, 128
_PATH = re.compile(r"/[A-Za-z0-9_\-.$/~\"'@:+&]*")
_HOST = re.compile(r"(?:\*\.)?(?:[a-z0-9_-]+\.)*[a-z0-9_-]+")
_METHOD = re.compile(r"[A-Z_-]{1,40}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'+.^_`|~-]{1,40}")


@typed
@dataclass(frozen=True, kw_only=True)
class Route:
    """The requests that a service gets: those that match every condition given, each with any of its values.

    The priority of the listener's rule is derived from the route alone, so no other service's rule changes when a route
    is added or removed. When a request matches several routes the most specific one gets it: first an exact host before
    ``*.example.com`` before none, then the path with more segments, then the route with more additional conditions.
    That is the order of the Kubernetes Gateway API. Two equally specific routes that could match the same request are
    refused.

    A route has at most five values and five wildcards over all conditions, the limits of Elastic Load Balancing.

    Attributes:
        path: ``"/health"``, exactly this path, or ``"/api/*"``, all paths below ``/api/``; several as a list, each with
            the same number of segments. ``"/api/*"`` does not match ``/api``: use ``["/api", "/api/*"]``. ``"/*"``
            alone matches requests that no other route matches. Default, any path.
        host: ``"shop.example.com"``, or ``"*.example.com"`` for all names below it; several as a list; default, any.
        header: Header names with the value, or the values, that they may have; ``*`` and ``?`` are wildcards; default,
            any.
        method: ``"GET"``; several as a list; default, any.
        query: Query parameters with their values; ``*`` and ``?`` are wildcards; default, any.
        source: Address range of the clients, for example ``"203.0.113.0/24"``; several as a list; default, any.
        priority: Priority of the rule, 1 to 50000, lower first; default, derived from the route. Set it when an error
            asks for it, when only the deployment knows a condition, or when a route changes its owner: CloudFormation
            makes the new rule before it deletes the old one, and two rules cannot have one priority.
        url_rewrite: Rewrite of path and query, for the task; ``Rewrite("^/api/(.*)$", "/$1")`` removes a prefix.
            Conditions match the request as the client sent it. Default, none.
        host_header_rewrite: Rewrite of the ``Host`` header, for the task; default, none.
        authentication: Authentication of these requests instead of the listener's; requires HTTPS; default, the
            listener's.

    Raises:
        ConfigurationError: There is no condition, or more than a rule has, Elastic Load Balancing refuses one, or a
            rewrite makes no URL or host name of what the route matches.
    """

    path: Values = ()
    host: Values = ()
    header: Mapping[str, Values] = field(default_factory=dict)
    method: Values = ()
    query: Mapping[str, str] = field(default_factory=dict)
    source: Values = ()
    priority: Number | None = None
    url_rewrite: Rewrite | None = None
    host_header_rewrite: Rewrite | None = None
    authentication: Authentication | None = None

    def __post_init__(self) -> None:
        mapping("Route.header", self.header)
        mapping("Route.query", self.query)
        for name in ("path", "host", "method", "source"):
            for value in values(getattr(self, name)):
                text(f"Route.{name}", value)
        if self.priority is not None:
            whole_number("Route.priority", self.priority, minimum=1, maximum=LAST_PRIORITY, what="a rule's priority")
        for value in self.paths:
            _check_path(value)
        for value in self.hosts:
            _check(value, _HOST, "Route.host", "a name like 'shop.example.com' or '*.example.com', in lower case")
        for value in self.methods:
            _check(value, _METHOD, "Route.method", "methods in upper case, for example 'GET'")
        for name in self.header:
            _check_header(name)
        for value in self.sources:
            _check_source(value)
        self._check_values()
        self._check_segments()
        if self.priority is None and any(is_token(value) for value in (*self.paths, *self.hosts, *self._others())):
            raise ConfigurationError(
                f"{self} has a condition that only the deployment knows, so its priority cannot be derived; add "
                f"priority=, 1 to {LAST_PRIORITY}, lower numbers first"
            )
        check_rewrites(self)

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths."""
        return values(self.path)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts."""
        return values(self.host)

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods."""
        return values(self.method)

    @property
    def sources(self) -> tuple[str, ...]:
        """The address ranges."""
        return values(self.source)

    @property
    def headers(self) -> dict[str, tuple[str, ...]]:
        """The headers' values; names in lower case, since headers are case-insensitive."""
        return {name.lower(): values(value) for name, value in self.header.items()}

    def __str__(self) -> str:
        given = {
            name: getattr(self, name) for name in ("path", "host", "header", "method", "query", "source", "priority")
        }
        return f"Route({', '.join(f'{name}={value!r}' for name, value in given.items() if value)})"

    def _others(self) -> list[str]:
        """Return the values of all conditions except path and host."""
        headers = [value for group in self.headers.values() for value in group]
        return [*headers, *self.methods, *(part for pair in self.query.items() for part in pair), *self.sources]

    def _check_values(self) -> None:
        headers = [value for group in self.headers.values() for value in group]
        given = [*self.paths, *self.hosts, *headers, *self.methods, *self.query.values(), *self.sources]
        if not given:
            raise ConfigurationError(
                "Route() has no condition; give at least one, for example path='/api/*' (path='/*' matches requests "
                "that no other route matches)"
            )
        if len(given) > _MOST_VALUES:
            raise ConfigurationError(
                f"{self} has {len(given)} values, but a rule has at most {_MOST_VALUES}; divide it into several routes "
                "with add_route()"
            )
        wildcards = sum(value.count("*") + value.count("?") for value in given if not is_token(value))
        if wildcards > _MOST_WILDCARDS:
            raise ConfigurationError(
                f"{self} has {wildcards} wildcards, but a rule has at most {_MOST_WILDCARDS}; divide it into several "
                "routes with add_route()"
            )
        for value in given:
            if not is_token(value) and not 0 < len(value) <= _LONGEST:
                raise ConfigurationError(f"{self} has a value of {len(value)} characters; use 1 to {_LONGEST}")

    def _check_segments(self) -> None:
        """Refuse values that belong to different ranks: one rule has one priority."""
        if self.priority is not None or any(is_token(value) for value in (*self.paths, *self.hosts)):
            return
        if len({segments(path) for path in self.paths}) > 1:
            raise ConfigurationError(
                f"{self} has paths of different depth, which would need different priorities; make a route for each "
                "with add_route()"
            )
        if len({labels(host) for host in self.hosts}) > 1:
            raise ConfigurationError(
                f"{self} has exact hosts and wildcards, or wildcards of different depth, which would need different "
                "priorities; make a route for each with add_route()"
            )


def values(value: Values) -> tuple[str, ...]:
    """Return one value or several as a tuple."""
    return (value,) if isinstance(value, str) else tuple(value)


def segments(path: str) -> int:
    """Return the number of segments of a path: 1 for ``/``, ``/api`` and ``/api/*``, 2 for ``/api/v2``, 0 for ``/*``.

    A path within another one always has more.
    """
    return len(path.removesuffix("/*").split("/")) - 1


def labels(host: str) -> int | None:
    """Return the number of labels that a wildcard fixes; None for an exact name."""
    return host.count(".") if host.startswith("*.") else None


def _check(value: str, pattern: re.Pattern[str], name: str, allowed: str) -> None:
    if not is_token(value) and not pattern.fullmatch(value):
        raise ConfigurationError(f"{name} has {value!r}; use {allowed}")


def _check_header(name: str) -> None:
    _check(name, _HEADER, "Route.header", "header names of at most 40 characters")
    if not is_token(name) and name.lower() == "host":
        raise ConfigurationError(
            f"Route.header has {name!r}, which Elastic Load Balancing does not match as a header; use host= instead"
        )


def _check_path(value: str) -> None:
    if is_token(value):
        return
    if not _PATH.fullmatch(value.removesuffix("*") if value.endswith("/*") else value):
        raise ConfigurationError(
            f"Route.path has {value!r}; use an exact path like '/health', or one that ends in '/*' like '/api/*'; "
            "the order of other wildcards is undefined (an elbv2.ApplicationListenerRule on .listener accepts them)"
        )


def _check_source(value: str) -> None:
    if is_token(value):
        return
    try:
        ipaddress.ip_network(value)
    except ValueError as error:
        raise ConfigurationError(
            f"Route.source has {value!r}: {error}; use an address range, for example '203.0.113.0/24'"
        ) from error
    if "/" not in value:
        raise ConfigurationError(f"Route.source has {value!r} without a range; use '{ipaddress.ip_network(value)}'")
