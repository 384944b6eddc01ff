"""The places of routes among the rules of a listener: arithmetic over routes, and what cannot stand side by side.

The number of a rule is a function of its route alone. The 50,000 numbers are divided among the ranks of specificity,
most specific first, wide for the ranks that people use; inside its rank a route stands where the hash of its conditions
puts it. So nothing moves when routes come and go. What has to be an error in exchange: two routes with the same number.
"""

from __future__ import annotations

import hashlib
import ipaddress
import itertools
import json
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.routing.route import LAST_PRIORITY, labels, segments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ecr_fargate_constructs.service.routing.route import Route

    Rank = tuple[int, int, int]

MOST_RULES = 100
"""Rules of an Application Load Balancer, beside the default ones."""

MOST_GROUPS = 100
"""Target groups of one: "Target Groups per Application Load Balancer", a quota that AWS does not raise."""

_HOST = (200, 3, 3, 3, 3, 3, 160)
"""Shares of: no host, wildcards that fix 1 to 5 labels or more, exact hosts."""
_PATH = (12, 20, 6, 2, 1, 1, 1)
"""Shares of paths with 0 to 6 segments or more."""
_OTHERS = (200, 16, 4, 2, 1)
"""Shares of routes with 0 to 4 further conditions or more."""
_LEAST = 20
"""Numbers that each rank has."""
_EXACT = len(_HOST) - 1


def rank(route: Route) -> Rank:
    """How specific a route is; greater wins. A route whose requests are a part of another's never has less."""
    fixed = labels(route.hosts[0]) if route.hosts else 0
    host = _EXACT if fixed is None else min(fixed, _EXACT - 1)
    path = min(segments(route.paths[0]), len(_PATH) - 1) if route.paths else 0
    others = len(route.header) + len(route.query) + bool(route.methods) + bool(route.sources)
    return host, path, min(others, len(_OTHERS) - 1)


def priority(route: Route) -> float:
    """The number of the route's rule."""
    if route.priority is not None:
        return route.priority
    numbers = _numbers(rank(route))
    digest = hashlib.sha256(json.dumps(_conditions(route)).encode()).digest()
    return numbers[int.from_bytes(digest, "big") % len(numbers)]


def check_beside(route: Route, others: Mapping[str, Route], *, path: str) -> None:
    """Refuse a route that cannot stand beside those that are there.

    Args:
        route: The route of the service at ``path``.
        others: The routes that are there, by a name for whose each is.
        path: Construct path of the service.
    """
    if len(others) >= MOST_RULES:
        raise ConfigurationError(
            f"{route} would be rule {len(others) + 1} of the load balancer, and it takes {MOST_RULES} (the last one is "
            f"of {list(others)[-1]}); use a second SharedLoadBalancer",
            path=path,
        )
    if not _has_token(route):
        asked = _conditions(route)  # once: it is compared with all the others
        for name, other in others.items():
            _check_pair(route, asked, other, name, path)
    taken = {priority(other): name for name, other in others.items()}
    number = priority(route)
    if number in taken:
        free = "another number"
        if route.priority is None:
            numbers = _numbers(rank(route))
            free = f"{next((n for n in _from(numbers, int(number)) if n not in taken), 'another number')}"
        raise ConfigurationError(
            f"{route} has the rule number {number:g}, which {taken[number]} has; add priority={free} to the route that "
            "is newer, so that the other rule stays as it is",
            path=path,
        )


def overlap(one: Route, other: Route) -> bool:
    """Whether a request could meet both routes (with one value for each header and parameter)."""
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


def _check_pair(route: Route, asked: list[object], other: Route, name: str, path: str) -> None:
    theirs = _conditions(other)
    if is_token(json.dumps(theirs)):
        return
    if asked == theirs:
        raise ConfigurationError(f"{route} is the route of {name} too; give each service routes of its own", path=path)
    if not overlap(route, other):
        return
    one, two = rank(route), rank(other)
    if route.priority is None and other.priority is None:
        if one == two:
            raise ConfigurationError(
                f"{route} and {other} of {name} can both meet a request, and neither is more specific, so one would "
                "shadow the other; add a condition to one of them, or say priority= for one (lower numbers first)",
                path=path,
            )
        return
    first, last = (route, other) if priority(route) < priority(other) else (other, route)
    if rank(first) < rank(last) or (one == two and _inside(last, first)):
        whose = {id(route): path, id(other): name}
        raise ConfigurationError(
            f"{first} of {whose[id(first)]} comes before {last} of {whose[id(last)]} and would shadow it; leave "
            "priority out, or make the number of the more specific route lower",
            path=path,
        )


@cache
def _numbers(of: Rank) -> range:
    """The numbers of a rank. The last number of all is for the route ``/*``, which is alone in its rank.

    Kept, since each route is asked for its number again for each that comes after it.
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
    """The numbers of a range, from ``start`` and round."""
    return itertools.chain(range(start, numbers.stop), range(numbers.start, start))


def _conditions(route: Route) -> list[object]:
    """What the rule asks, however it was written."""
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
    """Whether a value could match both; two patterns are taken to."""
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
    """Whether all requests that meet ``inner`` meet ``outer`` too."""
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
