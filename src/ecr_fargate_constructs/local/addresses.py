"""The local URLs of services behind load balancers. Pure.

All load balancers share two ports, one for HTTP and one for HTTPS, so the host name selects the load balancer and its
listener:

- ``NAME.alb.localhost``: the main listener of the load balancer ``NAME``
- ``8443.NAME.alb.localhost``: its listener on port 8443
- ``shop.example.com.NAME.alb.localhost``: its main listener, with the ``Host`` header ``shop.example.com``
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    Described: TypeAlias = Mapping[str, Any]  # a description of Elastic Load Balancing

DOMAIN = ".alb.localhost"
_HOST_HEADER = re.compile(
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
class RequestedHost:
    """The meaning of a request's ``Host`` header.

    Attributes:
        balancer: Name of the load balancer.
        host: Host that the load balancer sees; None for its own name.
        port: Port of the listener; None for the main one.
    """

    balancer: str
    host: str | None
    port: int | None


@dataclass(frozen=True)
class Address:
    """The address of a service.

    Attributes:
        balancer: Name of the load balancer.
        url: URL for browsers and curl, which resolve every ``*.localhost`` to this machine.
        headers: Headers that the load balancer's rule requires.
        method: HTTP method that the rule requires.
    """

    balancer: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "GET"

    def __str__(self) -> str:
        extras = [*([self.method] if self.method != "GET" else []), *(f"{k}: {v}" for k, v in self.headers.items())]
        return f"{self.url} with {', '.join(extras)}" if extras else self.url


def requested_host(host_header: str) -> RequestedHost | None:
    """Return the meaning of a ``Host`` header; None if it names no load balancer of this machine."""
    match = _HOST_HEADER.fullmatch(host_header)
    if match is None:
        return None
    return RequestedHost(match["balancer"].lower(), match["host"], int(match["port"]) if match["port"] else None)


def main_listener(listeners: Iterable[Described]) -> Described:
    """Return the main listener: one that does not redirect, preferably on port 443, then 80, then the first."""

    def rank(listener: Described) -> tuple[bool, int]:
        redirects = any(str(each.get("Type")).lower() == "redirect" for each in listener.get("DefaultActions") or ())
        return redirects, _PREFERRED_PORTS.get(int(listener.get("Port") or 0), _LAST)

    return min(listeners, key=rank)


def of_scheme(listeners: Iterable[Described], scheme: str) -> list[Described]:
    """Return the listeners for ``http`` or ``https``."""
    return [each for each in listeners if str(each.get("Protocol", "HTTP")).lower() == scheme]


def first_listener(listeners: Iterable[Described]) -> Described:
    """Return the listener of one scheme that answers without its port in the name, whether it redirects or not."""
    return min(listeners, key=lambda each: _PREFERRED_PORTS.get(int(each.get("Port") or 0), _LAST))


def local_redirect(location: str, host: str, listeners: Sequence[Described], ports: Mapping[str, int]) -> str:
    """Return where a redirect of a load balancer to itself leads on this machine; others stay as they are.

    Args:
        location: The ``Location`` header.
        host: The ``Host`` header of the request.
        listeners: The load balancer's listeners.
        ports: The ports on this machine, of ``http`` and ``https``.
    """
    target, requested = urlsplit(location), requested_host(host)
    if requested is None or target.scheme not in ports:
        return location
    local = f"{requested.balancer}{DOMAIN}"
    own = {requested.host, local, host.partition(":")[0].lower()}
    candidates = of_scheme(listeners, target.scheme)
    port = target.port or (443 if target.scheme == "https" else 80)
    chosen = next((each for each in candidates if each.get("Port") == port), None)
    if target.hostname not in own or chosen is None:
        return location
    label = "" if chosen is first_listener(candidates) else f"{port}."
    name = f"{requested.host + '.' if requested.host else ''}{label}{local}:{ports[target.scheme]}"
    return target._replace(netloc=name).geturl()


def address_of(
    groups: Collection[str],
    balancer: str,
    rules: Sequence[tuple[Described, Sequence[Described]]],
    port: int,
    https_port: int = 0,
) -> Address | None:
    """Return the address of the service with these target groups.

    Args:
        groups: ARNs of its target groups.
        balancer: Name of a load balancer.
        rules: The load balancer's listeners, each with its rules.
        port: Port of the embedded AWS.
        https_port: Port of its HTTPS listeners; 0 if it has none, and their rules answer over HTTP.

    Returns:
        The simplest of its addresses; None if no rule forwards to it.
    """
    if not rules:
        return None
    main = main_listener(listener for listener, _ in rules)
    addresses = [
        (listener is not main, _address(rule, listener, balancer, where, main=listener is where.main))
        for listener, of_listener in rules
        for where in [_where([each for each, _ in rules], listener, main, port, https_port)]
        for rule in of_listener
        if any(group in groups for group in _forwards_to(rule))
    ]
    order = [(other, each.method != "GET", len(each.headers), len(each.url), each) for other, each in addresses]
    return min(order, key=lambda each: each[:-1])[-1] if order else None


def _forwards_to(rule: Described) -> Iterator[str]:
    for action in rule.get("Actions") or ():
        yield str(action.get("TargetGroupArn", ""))
        for group in (action.get("ForwardConfig") or {}).get("TargetGroups") or ():
            yield str(group.get("TargetGroupArn", ""))


@dataclass(frozen=True)
class _Where:
    """Scheme and port of a listener on this machine, and the listener that needs no port in the name there."""

    scheme: str
    port: int
    main: Described


def _where(listeners: Sequence[Described], listener: Described, main: Described, port: int, https_port: int) -> _Where:
    if not https_port:
        return _Where("http", port, main)
    scheme = str(listener.get("Protocol", "HTTP")).lower()
    first = first_listener(of_scheme(listeners, scheme))
    return _Where(scheme, https_port if scheme == "https" else port, first)


def domain_label(listener: Described) -> str:
    """Return the domain of a listener's certificate, in front of a local name; empty if it is not known."""
    domain = re.sub(r"^\*\.", "www.", str(listener.get("Domain") or ""))
    return f"{domain}." if domain else ""


def _address(rule: Described, listener: Described, balancer: str, where: _Where, *, main: bool) -> Address:
    host, path, query, method, headers = "", "/", "", "GET", {}
    for condition in rule.get("Conditions") or ():
        kind = condition.get("Field")
        values = condition.get("Values") or (condition.get(_TYPED.get(kind, "")) or {}).get("Values") or ()
        if kind == "http-header":
            config = condition["HttpHeaderConfig"]
            headers[config["HttpHeaderName"]] = _matching(next(iter(config["Values"]), ""))
        elif not values:
            continue
        elif kind == "path-pattern":
            path = quote(_matching(values[0]), safe="/:@!$&'()*+,;=~-._")
        elif kind == "host-header":
            host = re.sub(r"^\*\.", "www.", values[0])
            host = f"{_matching(host).strip('.')}."
        elif kind == "query-string":
            query = f"?{quote(_matching(values[0]).lstrip('='), safe='=')}"
        elif kind == "http-request-method":
            method = "GET" if "GET" in values else values[0]
    port_label = "" if main else f"{listener.get('Port')}."
    if where.scheme == "https":
        host = host or domain_label(listener)
    url = f"{where.scheme}://{host}{port_label}{balancer.lower()}{DOMAIN}:{where.port}{path}{query}"
    return Address(balancer, url, headers, method)


def _matching(pattern: str) -> str:
    """Return a text that matches a pattern: ``*`` matches any number of characters, ``?`` exactly one."""
    return pattern.replace("*", "").replace("?", "x")
