"""Under which address a service behind a load balancer answers on this machine. Pure.

All load balancers share the port of the embedded AWS, so the name in the address says what is meant:

- ``NAME.alb.localhost``: the main listener of the load balancer ``NAME``
- ``8443.NAME.alb.localhost``: its listener on port 8443
- ``shop.example.com.NAME.alb.localhost``: its main listener, asked as ``shop.example.com``
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    Described: TypeAlias = Mapping[str, Any]  # as Elastic Load Balancing describes it

DOMAIN = ".alb.localhost"
_ASKED = re.compile(
    r"(?:(?P<host>.+?)\.)??(?:(?P<port>\d{1,5})\.)?(?P<balancer>[a-z0-9-]+)\.alb\.localhost(?::\d*)?", re.IGNORECASE
)
_PREFERRED_PORTS = {443: 0, 80: 1}
_LAST = 2
_TYPED = {
    "path-pattern": "PathPatternConfig",
    "host-header": "HostHeaderConfig",
    "http-request-method": "HttpRequestMethodConfig",
}


@dataclass(frozen=True)
class Asked:
    """What the ``Host`` header of a request asks for.

    Attributes:
        balancer: Name of the load balancer.
        host: Host to ask it as; None for the load balancer's own name.
        port: Port of the listener; None for the main one.
    """

    balancer: str
    host: str | None
    port: int | None


@dataclass(frozen=True)
class Address:
    """Where a service answers.

    Attributes:
        balancer: Name of the load balancer.
        url: URL for browsers and curl, which take every ``*.localhost`` for this machine.
        headers: Headers that the load balancer's rule wants besides.
        method: HTTP method that the rule wants.
    """

    balancer: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "GET"

    def __str__(self) -> str:
        """Return the URL, and what the rule wants besides."""
        more = [*([self.method] if self.method != "GET" else []), *(f"{k}: {v}" for k, v in self.headers.items())]
        return f"{self.url} with {', '.join(more)}" if more else self.url


def asked(host_header: str) -> Asked | None:
    """What a ``Host`` header asks for; None where it names no load balancer of this machine."""
    match = _ASKED.fullmatch(host_header)
    if match is None:
        return None
    return Asked(match["balancer"].lower(), match["host"], int(match["port"]) if match["port"] else None)


def main_listener(listeners: Iterable[Described]) -> Described:
    """The listener that the application is behind: one that does not redirect, of port 443, else 80, else the first."""

    def rank(listener: Described) -> tuple[bool, int]:
        redirects = any(str(each.get("Type")).lower() == "redirect" for each in listener.get("DefaultActions") or ())
        return redirects, _PREFERRED_PORTS.get(int(listener.get("Port") or 0), _LAST)

    return min(listeners, key=rank)


def address_of(
    groups: Collection[str], balancer: str, rules: Sequence[tuple[Described, Sequence[Described]]], port: int
) -> Address | None:
    """Where the service of some target groups answers.

    Args:
        groups: ARNs of its target groups.
        balancer: Name of a load balancer.
        rules: The load balancer's listeners, each with its rules.
        port: Port of the embedded AWS.

    Returns:
        The simplest address of those that lead to it; None when no rule does.
    """
    if not rules:
        return None
    main = main_listener(listener for listener, _ in rules)
    found = [
        (listener is not main, _address(rule, listener, balancer, port, main=listener is main))
        for listener, theirs in rules
        for rule in theirs
        if any(group in groups for group in _forwards_to(rule))
    ]
    order = [(beside, each.method != "GET", len(each.headers), len(each.url), each) for beside, each in found]
    return min(order, key=lambda each: each[:-1])[-1] if order else None


def _forwards_to(rule: Described) -> Iterator[str]:
    for action in rule.get("Actions") or ():
        yield str(action.get("TargetGroupArn", ""))
        for group in (action.get("ForwardConfig") or {}).get("TargetGroups") or ():
            yield str(group.get("TargetGroupArn", ""))


def _address(rule: Described, listener: Described, balancer: str, port: int, *, main: bool) -> Address:
    host, path, query, method, headers = "", "/", "", "GET", {}
    for condition in rule.get("Conditions") or ():
        kind = condition.get("Field")
        values = condition.get("Values") or (condition.get(_TYPED.get(kind, "")) or {}).get("Values") or ()
        if kind == "http-header":
            wanted = condition["HttpHeaderConfig"]
            headers[wanted["HttpHeaderName"]] = _met(next(iter(wanted["Values"]), ""))
        elif not values:
            continue
        elif kind == "path-pattern":
            path = quote(_met(values[0]), safe="/:@!$&'()*+,;=~-._")
        elif kind == "host-header":
            host = re.sub(r"^\*\.", "www.", values[0])
            host = f"{_met(host).strip('.')}."
        elif kind == "query-string":
            query = f"?{quote(_met(values[0]).lstrip('='), safe='=')}"
        elif kind == "http-request-method":
            method = "GET" if "GET" in values else values[0]
    beside = "" if main else f"{listener.get('Port')}."
    url = f"http://{host}{beside}{balancer.lower()}{DOMAIN}:{port}{path}{query}"
    return Address(balancer, url, headers, method)


def _met(pattern: str) -> str:
    """A text that a pattern of Elastic Load Balancing takes: ``*`` is any number of characters, ``?`` is one."""
    return pattern.replace("*", "").replace("?", "x")
