"""Priorities of the routes on a listener, and routes that cannot be on one listener.

The priority of a rule is a function of its route alone. The 50,000 priorities are divided among the ranks of
specificity, most specific first, with wide shares for common ranks; within its rank a route's place is the hash of its
conditions. So no rule moves when routes are added or removed. The price: two routes with the same priority are an
error.
"""

from __future__ import annotations

import hashlib
import ipaddress
import itertools
import json
from dataclasses import fields
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.routing.route import LAST_PRIORITY, Route, labels, segments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Rank = tuple[int, int, int]

MOST_RULES = 100
"""Rules of an Application Load Balancer, in addition to the default ones."""

RULE, FUNCTION_RULE = "Rule", "WakeRule"
"""Ids of the two rules of a service that sleeps, within the service."""

THREE = 3
"""Priorities of a service that sleeps."""

MOST_GROUPS = 100
"""Target groups of a load balancer: "Target Groups per Application Load Balancer", a quota that AWS does not raise."""

_HOST = (200, 3, 3, 3, 3, 3, 160)
"""Shares of: no host, wildcards that fix 1 to 5 or more labels, exact hosts."""
_PATH = (12, 20, 6, 2, 1, 1, 1)
"""Shares of paths with 0 to 6 or more segments."""
_OTHERS = (200, 16, 4, 2, 1)
"""Shares of routes with 0 to 4 or more additional conditions."""
_LEAST = 20
"""Priorities that each rank has at least."""
_EXACT = len(_HOST) - 1


class SleepingRoute(Route):
    """The route of a service that sleeps, which takes three priorities in a row."""

    @classmethod
    def of(cls, route: Route) -> SleepingRoute:
        """Return the same route, of a service that sleeps."""
        return cls(**{each.name: getattr(route, each.name) for each in fields(route)})


def rank(route: Route) -> Rank:
    """Return how specific a route is; greater wins. A route for a subset of another's requests is never lower."""
    fixed = labels(route.hosts[0]) if route.hosts else 0
    host = _EXACT if fixed is None else min(fixed, _EXACT - 1)
    path = min(segments(route.paths[0]), len(_PATH) - 1) if route.paths else 0
    others = len(route.header) + len(route.query) + bool(route.methods) + bool(route.sources)
    return host, path, min(others, len(_OTHERS) - 1)


def priority(route: Route) -> float:
    """Return the priority of the route's rule."""
    if route.priority is not None:
        return route.priority
    numbers = _numbers(rank(route))
    digest = int.from_bytes(hashlib.sha256(json.dumps(_conditions(route)).encode()).digest(), "big")
    if isinstance(route, SleepingRoute) and len(numbers) >= THREE:
        # Apps that do not know of each other, such as previews, then have either no number in common or all three, and
        # Elastic Load Balancing refuses the second deployment. With one in common, which the other app uses only while
        # its service is awake, it would refuse nothing, and that service would never wake.
        return numbers[digest % (len(numbers) // THREE) * THREE]
    return numbers[digest % len(numbers)]


def check_beside(route: Route, others: Mapping[str, Route], *, path: str) -> None:
    """Refuse a route that cannot be on one listener with the existing routes.

    Args:
        route: The route of the service at ``path``.
        others: The existing routes, by the path of their owner.
        path: Construct path of the service.
    """
    rules = sum(f"{name}/{RULE}" not in others for name in others)
    if rules >= MOST_RULES:
        raise ConfigurationError(
            f"{route} would be rule {rules + 1} of the load balancer, which has at most {MOST_RULES} (the last "
            f"one is that of {list(others)[-1]}); use a second SharedLoadBalancer",
            path=path,
        )
    if not _has_token(route):
        conditions = _conditions(route)  # once, for the comparison with all others
        for name, other in others.items():
            _check_pair(route, conditions, other, name, path)
    taken = {priority(other): name for name, other in others.items()}
    number = priority(route)
    if number in taken:
        free = "another number"
        if route.priority is None:
            numbers = _numbers(rank(route))
            free = f"{next((n for n in _from(numbers, int(number)) if n not in taken), 'another number')}"
        raise ConfigurationError(
            f"{route} has the priority {number:g}, which {taken[number]} already has; add priority={free} to the newer "
            "of the two routes, so that the other rule does not change",
            path=path,
        )


def overlap(one: Route, other: Route) -> bool:
    """Return whether a request could match both routes (with one value for each header and parameter)."""
    return (
        _meet(one.paths, other.paths, _paths_meet)
        and _meet(one.hosts, other.hosts, _hosts_meet)
        and _meet(one.methods, other.methods, str.__eq__)
        and _meet(one.sources, other.sources, _sources_meet)
        and all(
            _meet(one.headers[name], other.headers[name], _globs_meet) for name in one.headers if name in other.headers
        )
        and all(_globs_meet(one.query[name], other.query[name]) for name in one.query if name in other.query)
    )


def _check_pair(route: Route, conditions: list[object], other: Route, name: str, path: str) -> None:
    theirs = _conditions(other)
    if is_token(json.dumps(theirs)):
        return
    if conditions == theirs:
        if _owner(path) == _owner(name):
            return  # the two rules of a service that sleeps
        raise ConfigurationError(f"{route} is also the route of {name}; give each service its own routes", path=path)
    if not overlap(route, other):
        return
    one, two = rank(route), rank(other)
    if route.priority is None and other.priority is None:
        if one == two:
            raise ConfigurationError(
                f"{route} and {other} of {name} can both match a request, and neither is more specific, so one would "
                "shadow the other; add a condition to one of them, or set priority= on one (lower numbers first)",
                path=path,
            )
        return
    first, last = (route, other) if priority(route) < priority(other) else (other, route)
    if rank(first) < rank(last) or (one == two and _inside(last, first)):
        owners = {id(route): path, id(other): name}
        raise ConfigurationError(
            f"{first} of {owners[id(first)]} comes before {last} of {owners[id(last)]} and would shadow it; omit "
            "priority, or give the more specific route the lower number",
            path=path,
        )


def _owner(path: str) -> str:
    """Return the path of the service that has a rule."""
    return path.removesuffix(f"/{FUNCTION_RULE}").removesuffix(f"/{RULE}")


@cache
def _numbers(of: Rank) -> range:
    """Return the priorities of a rank. The very last is for the route ``/*``, which is alone in its rank.

    Cached, because each route's priority is needed again for each later route.
    """
    if of == (0, 0, 0):
        return range(LAST_PRIORITY, LAST_PRIORITY + 1)
    ranks = list(itertools.product(*(range(len(shares) - 1, -1, -1) for shares in (_HOST, _PATH, _OTHERS))))[:-1]
    shares = [_HOST[host] * _PATH[path] * _OTHERS[others] for host, path, others in ranks]
    spare = LAST_PRIORITY - 1 - _LEAST * len(ranks)
    position = ranks.index(of)
    before, until = sum(shares[:position]), sum(shares[: position + 1])
    return range(
        1 + _LEAST * position + spare * before // sum(shares),
        1 + _LEAST * (position + 1) + spare * until // sum(shares),
    )


def _from(numbers: range, start: int) -> Iterable[int]:
    """Return the numbers of a range, from ``start`` to the end, then those before ``start``."""
    return itertools.chain(range(start, numbers.stop), range(numbers.start, start))


def _conditions(route: Route) -> list[object]:
    """Return the rule's conditions in a normal form."""
    paths = () if set(route.paths) == {"/*"} else route.paths
    return [
        sorted(set(paths)),
        sorted(set(route.hosts)),
        sorted(set(route.methods)),
        sorted(set(route.sources)),
        sorted((name, sorted(set(values))) for name, values in route.headers.items()),
        sorted(route.query.items()),
    ]


def _has_token(route: Route) -> bool:
    return is_token(json.dumps(_conditions(route)))


def _meet(one: tuple[str, ...], other: tuple[str, ...], meets: Callable[[str, str], bool]) -> bool:
    return not one or not other or any(meets(a, b) for a in one for b in other)


def _paths_meet(one: str, other: str) -> bool:
    return _path_inside(one, other) or _path_inside(other, one)


def _path_inside(inner: str, outer: str) -> bool:
    return inner == outer or (outer.endswith("/*") and inner.startswith(outer.removesuffix("*")))


def _hosts_meet(one: str, other: str) -> bool:
    return _host_inside(one, other) or _host_inside(other, one)


def _host_inside(inner: str, outer: str) -> bool:
    return inner == outer or (outer.startswith("*.") and inner.endswith(outer.removeprefix("*")))


def _sources_meet(one: str, other: str) -> bool:
    a, b = ipaddress.ip_network(one), ipaddress.ip_network(other)
    return a.version == b.version and a.overlaps(b)


def _source_inside(inner: str, outer: str) -> bool:
    a, b = ipaddress.ip_network(inner), ipaddress.ip_network(outer)
    return (
        a.version == b.version
        and int(a.network_address) in range(int(b.network_address), int(b.broadcast_address) + 1)
        and a.prefixlen >= b.prefixlen
    )


def _globs_meet(one: str, other: str) -> bool:
    """Return whether a value could match both; two patterns always may."""
    one, other = one.lower(), other.lower()
    if _is_glob(one) and _is_glob(other):
        return True
    return _glob_inside(one, other) or _glob_inside(other, one)


def _glob_inside(inner: str, outer: str) -> bool:
    inner, outer = inner.lower(), outer.lower()
    return inner == outer or (not _is_glob(inner) and fnmatchcase(inner, outer.replace("[", "[[]")))


def _is_glob(value: str) -> bool:
    return "*" in value or "?" in value


def _inside(inner: Route, outer: Route) -> bool:
    """Return whether all requests that match ``inner`` also match ``outer``."""
    return (
        _covered(inner.paths, outer.paths, _path_inside)
        and _covered(inner.hosts, outer.hosts, _host_inside)
        and _covered(inner.methods, outer.methods, str.__eq__)
        and _covered(inner.sources, outer.sources, _source_inside)
        and all(_covered(inner.headers.get(name, ()), outer.headers[name], _glob_inside) for name in outer.headers)
        and all(name in inner.query and _glob_inside(inner.query[name], outer.query[name]) for name in outer.query)
    )


def _covered(inner: tuple[str, ...], outer: tuple[str, ...], inside: Callable[[str, str], bool]) -> bool:
    if not outer:
        return True
    return bool(inner) and all(any(inside(a, b) for b in outer) for a in inner)
