"""The names in certificates of listeners. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.local.addresses import DOMAIN

if TYPE_CHECKING:
    from collections.abc import Iterable


def certificate_names(domains: Iterable[str], balancer: str, port: int, *, main: bool) -> tuple[str, ...]:
    """Return the names in the certificate of a listener.

    They are the domains of the certificate in ACM, by themselves and in front of the load balancer's local name. As on
    AWS, the load balancer's own name is not among them, unless the certificate's domains are not known.

    Args:
        domains: Domains of the certificate in ACM; none if it was imported from elsewhere.
        balancer: Name of the load balancer.
        port: Port of the listener.
        main: Whether the listener answers without its port in the name.
    """
    local = f"{balancer.lower()}{DOMAIN}"
    local = local if main else f"{port}.{local}"
    given = [each.lower() for each in domains]
    return tuple(dict.fromkeys([*given, *(f"{each}.{local}" for each in given)])) or (local,)


def matches(domain: str, name: str) -> bool:
    """Return whether a domain of a certificate, perhaps with ``*`` for one label, is that of a host name."""
    domain, name = domain.lower(), name.lower()
    if not domain.startswith("*."):
        return domain == name
    label, dot, rest = name.partition(".")
    return bool(label and dot) and rest == domain.removeprefix("*.")
