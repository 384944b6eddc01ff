"""A route: which requests a service gets from a load balancer that it shares."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ecr_fargate_constructs._rules.checks import mapping, text, whole_number
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError

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
    """The requests that a service gets: all that meet every condition given, for each of them with any of its values.

    The number of the listener's rule is worked out from the route alone, so no other service's rule changes when one
    comes or goes. When a request meets several routes the most specific one gets it: first an exact host before
    ``*.example.com`` before none, then the path with more segments, then the route with more further conditions. That
    is the order of the Kubernetes Gateway API. Two routes of equal weight that could meet the same request are refused.

    A route has at most five values and five wildcards over all conditions, which are the limits of Elastic Load
    Balancing.

    Attributes:
        path: ``"/health"``, exactly this path, or ``"/api/*"``, all below ``/api/``; several as a list, of as many
            segments each. ``"/api/*"`` does not match ``/api``: ask for ``["/api", "/api/*"]``. ``"/*"`` alone is for
            all that no other route takes.
        host: ``"shop.example.com"``, or ``"*.example.com"`` for all names below it; several as a list.
        header: Header names with the value, or the values, that they may have; ``*`` and ``?`` are wildcards.
        method: ``"GET"``; several as a list.
        query: Query parameters with their values; ``*`` and ``?`` are wildcards.
        source: Address range of the clients, for example ``"203.0.113.0/24"``; several as a list.
        priority: Number of the rule, 1 to 50000, lower first; left out, it is worked out. Needed when an error asks for
            it, when a condition is known to the deployment only, or when a route changes its owner: CloudFormation
            makes the new rule before it deletes the old one, and two rules of one number cannot be.

    Raises:
        ConfigurationError: For a condition that Elastic Load Balancing refuses, none at all, or more than it takes.
    """

    path: Values = ()
    host: Values = ()
    header: Mapping[str, Values] = field(default_factory=dict)
    method: Values = ()
    query: Mapping[str, str] = field(default_factory=dict)
    source: Values = ()
    priority: float | None = None

    def __post_init__(self) -> None:
        """Refuse what Elastic Load Balancing refuses, and what cannot be put in order."""
        mapping("Route.header", self.header)
        mapping("Route.query", self.query)
        for name in ("path", "host", "method", "source"):
            for value in values(getattr(self, name)):
                text(f"Route.{name}", value)
        if self.priority is not None:
            whole_number("Route.priority", self.priority, minimum=1, maximum=LAST_PRIORITY, what="a rule's number")
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
                f"{self} has a condition that only the deployment knows, so its place among the rules cannot be worked "
                f"out; add priority=, 1 to {LAST_PRIORITY}, lower numbers first"
            )

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
        """The headers' values; names in lower case, since they are the same in any case."""
        return {name.lower(): values(value) for name, value in self.header.items()}

    def __str__(self) -> str:
        """The conditions that are given, as they are written in code."""
        given = {
            name: getattr(self, name) for name in ("path", "host", "header", "method", "query", "source", "priority")
        }
        return f"Route({', '.join(f'{name}={value!r}' for name, value in given.items() if value)})"

    def _others(self) -> list[str]:
        """The values of all conditions but path and host."""
        headers = [value for group in self.headers.values() for value in group]
        return [*headers, *self.methods, *(part for pair in self.query.items() for part in pair), *self.sources]

    def _check_values(self) -> None:
        headers = [value for group in self.headers.values() for value in group]
        given = [*self.paths, *self.hosts, *headers, *self.methods, *self.query.values(), *self.sources]
        if not given:
            raise ConfigurationError(
                "Route() has no condition; give at least one, for example path='/api/*' (path='/*' takes what no other "
                "route takes)"
            )
        if len(given) > _MOST_VALUES:
            raise ConfigurationError(
                f"{self} has {len(given)} values, and a rule takes {_MOST_VALUES}; divide it into several routes, with "
                "add_route()"
            )
        wildcards = sum(value.count("*") + value.count("?") for value in given if not is_token(value))
        if wildcards > _MOST_WILDCARDS:
            raise ConfigurationError(
                f"{self} has {wildcards} wildcards, and a rule takes {_MOST_WILDCARDS}; divide it into several routes, "
                "with add_route()"
            )
        for value in given:
            if not is_token(value) and not 0 < len(value) <= _LONGEST:
                raise ConfigurationError(f"{self} has a value of {len(value)} characters; use 1 to {_LONGEST}")

    def _check_segments(self) -> None:
        """One rule has one place: all its values have to belong there."""
        if self.priority is not None or any(is_token(value) for value in (*self.paths, *self.hosts)):
            return
        if len({segments(path) for path in self.paths}) > 1:
            raise ConfigurationError(
                f"{self} has paths of different depth, which would take different places among the rules; make a route "
                "of each, with add_route()"
            )
        if len({labels(host) for host in self.hosts}) > 1:
            raise ConfigurationError(
                f"{self} has exact hosts and wildcards, or wildcards of different depth, which would take different "
                "places among the rules; make a route of each, with add_route()"
            )


def values(value: Values) -> tuple[str, ...]:
    """One value or several, as several."""
    return (value,) if isinstance(value, str) else tuple(value)


def segments(path: str) -> int:
    """How many segments a path names: 1 for ``/``, ``/api`` and ``/api/*``, 2 for ``/api/v2``, 0 for ``/*``.

    A path that is inside another one always names more.
    """
    return len(path.removesuffix("/*").split("/")) - 1


def labels(host: str) -> int | None:
    """How many labels a wildcard fixes; None for an exact name."""
    return host.count(".") if host.startswith("*.") else None


def _check(value: str, pattern: re.Pattern[str], name: str, allowed: str) -> None:
    if not is_token(value) and not pattern.fullmatch(value):
        raise ConfigurationError(f"{name} has {value!r}; use {allowed}")


def _check_header(name: str) -> None:
    _check(name, _HEADER, "Route.header", "header names of at most 40 characters")
    if not is_token(name) and name.lower() == "host":
        raise ConfigurationError(
            f"Route.header has {name!r}, which Elastic Load Balancing does not match as a header; use host="
        )


def _check_path(value: str) -> None:
    if is_token(value):
        return
    if not _PATH.fullmatch(value.removesuffix("*") if value.endswith("/*") else value):
        raise ConfigurationError(
            f"Route.path has {value!r}; use an exact path like '/health', or one that ends in '/*' like '/api/*'; "
            "other wildcards cannot be put in order (an elbv2.ApplicationListenerRule on .listener takes them)"
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
