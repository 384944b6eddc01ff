"""The certificate for a server name, as the listener of a load balancer chooses it. Written for MiniStack 1.5.33."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.addresses import first_listener, of_scheme, requested_host
from ecr_fargate_constructs.local.https import certificate_names, matches
from ecr_fargate_constructs.local.ministack_patches.internals import Properties, find

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.addresses import Described
    from ecr_fargate_constructs.local.https import Authority

_PROTOCOLS = ["h2", "http/1.1"]


@dataclass(frozen=True)
class Listener:
    """An HTTPS listener.

    Attributes:
        balancer: Name of its load balancer.
        port: Its port.
        main: Whether it answers without its port in the name.
        domains: The domains of each of its certificates, those of the default one first.
    """

    balancer: str
    port: int
    main: bool
    domains: tuple[tuple[str, ...], ...]

    def local_name(self, host: str) -> str:
        """Return the local name of the listener for a host of the application."""
        return f"{host}.{'' if self.main else f'{self.port}.'}{self.balancer.lower()}.alb.localhost"


class Certificates:
    """Finds listeners by name, and their certificates."""

    def __init__(self, alb: Any, acm: Any, authority: Authority) -> None:  # noqa: ANN401 - untyped modules
        """Look up MiniStack's internals."""
        self._balancers, self._listeners = find(alb, "_lbs"), find(alb, "_listeners")
        self._certificates, self._authority = find(acm, "_certificates"), authority
        self._contexts: dict[tuple[str, ...], ssl.SSLContext] = {}

    def listener_of(self, name: str) -> Listener | None:
        """Return the HTTPS listener that a server name leads to: a local name, or the domain of a certificate."""
        requested = requested_host(name)
        for balancer in list(self._balancers.values()):
            own = [each for each in list(self._listeners.values()) if _of(each, balancer)]
            encrypted = of_scheme(own, "https")
            if not encrypted:
                continue
            main = first_listener(encrypted)
            if requested is None:
                for each in encrypted:
                    found = self._listener(balancer, each, main)
                    if any(matches(domain, name) for domains in found.domains for domain in domains):
                        return found
            elif requested.balancer == str(balancer["LoadBalancerName"]).lower():
                chosen = [each for each in encrypted if each.get("Port") == requested.port]
                if requested.port is None or chosen:
                    return self._listener(balancer, chosen[0] if chosen else main, main)
        return None

    def context_for(self, name: str) -> ssl.SSLContext | None:
        """Return the TLS settings for a server name; None if no listener has it.

        A listener presents the certificate that matches, or else its default one: Application Load Balancers user
        guide, "SSL certificates".
        """
        listener = self.listener_of(name)
        if listener is None:
            return None
        each_names = [
            certificate_names(domains, listener.balancer, listener.port, main=listener.main)
            for domains in listener.domains or ((),)
        ]
        names = next((names for names in each_names if any(matches(each, name) for each in names)), each_names[0])
        if names not in self._contexts:
            context = self._contexts[names] = new_context()
            context.load_cert_chain(*self._authority.certificate(names))
        return self._contexts[names]

    def _listener(self, balancer: Properties, listener: Described, main: object) -> Listener:
        arns = [
            each.get("CertificateArn") if isinstance(each, dict) else each
            for each in listener.get("Certificates") or ()
        ]
        records = [self._certificates.get(arn) or {} for arn in arns]
        domains = tuple(
            tuple(dict.fromkeys([each["DomainName"], *(each.get("SubjectAlternativeNames") or ())]))
            if each.get("DomainName")
            else ()
            for each in records
        )
        return Listener(str(balancer["LoadBalancerName"]), int(listener.get("Port") or 443), listener is main, domains)


def new_context() -> ssl.SSLContext:
    """Return TLS settings without a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # as in the default policies of listeners
    context.set_alpn_protocols(_PROTOCOLS)
    return context


def _of(listener: Properties, balancer: Properties) -> bool:
    return bool(listener["LoadBalancerArn"] == balancer["LoadBalancerArn"])
