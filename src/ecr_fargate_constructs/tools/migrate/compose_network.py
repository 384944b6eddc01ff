"""The ports of a compose file, and from where each can be reached."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate import compose_stores
from ecr_fargate_constructs.tools.migrate.fields import Fields, text_of

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.migrate.document import Node
    from ecr_fargate_constructs.tools.migrate.interpolation import Interpolation

_ADDRESS = re.compile(r"(?P<address>\[[^\]]*\]|[^:]*):(?P<ports>[^:]*:[^:]*)")
_PORT = re.compile(r"\d{1,5}")
_MOST = 65_535
_CORRECT = "correct it, and run the command again"


class _Reach(Enum):
    """From where a published port can be reached, which depends on the host address."""

    WORLD = "world"
    NETWORK = "network"
    MACHINE = "machine"


@dataclass(frozen=True, kw_only=True)
class _Published:
    """A published TCP port.

    Attributes:
        node: The item.
        target: The container's port.
        published: The host's port, as written; empty if Docker chooses one.
        address: The host's address, as written; empty for all addresses.
    """

    node: Node
    target: int
    published: str
    address: str

    @property
    def reach(self) -> _Reach:
        """From where it can be reached."""
        return _reach(self.address)

    @property
    def store(self) -> str | None:
        """The store whose well-known port it is."""
        published = int(self.published) if _PORT.fullmatch(self.published) else 0
        return compose_stores.PORTS.get(self.target) or compose_stores.PORTS.get(published)


@dataclass(frozen=True)
class Ports:
    """The ports of a service.

    Attributes:
        balanced: The container's port behind the load balancer; None without a load balancer.
        public: Whether the load balancer is internet-facing.
        private: The container's other ports, for the other services.
    """

    balanced: int | None
    public: bool
    private: tuple[int, ...]

    @property
    def all(self) -> tuple[int, ...]:
        """All of them, the one behind the load balancer first."""
        return tuple(dict.fromkeys([*([] if self.balanced is None else [self.balanced]), *self.private]))


def ports(fields: Fields, interpolation: Interpolation) -> Ports:
    """Read ``ports`` and ``expose``, and list each port that is reached differently in the program."""
    published = [each for item in _items(fields, "ports") if (each := _port(item, fields, interpolation)) is not None]
    chosen = _chosen(published)
    for each in published:
        _mark(each, chosen, fields, interpolation)
    exposed = [port for item in _items(fields, "expose") if (port := _exposed(item, fields)) is not None]
    private = [each.target for each in published if chosen is None or each.target != chosen.target] + exposed
    return Ports(
        balanced=None if chosen is None else chosen.target,
        public=chosen is not None and chosen.reach is _Reach.WORLD,
        private=tuple(dict.fromkeys(port for port in private if chosen is None or port != chosen.target)),
    )


def _items(fields: Fields, name: str) -> list[Node]:
    node = fields.node(name)
    if node is None:
        return []
    fields.ledger.enter(node)
    if not node.items:
        fields.drop(name, "it is not a list", _CORRECT)
    return node.items


def _chosen(published: list[_Published]) -> _Published | None:
    """Return the port for the load balancer: preferably a public one, and among those the one on port 80."""
    for reach in (_Reach.WORLD, _Reach.NETWORK):
        candidates = [each for each in published if each.reach is reach and each.store is None]
        for wanted in ("80", "443"):
            for each in candidates:
                if each.published == wanted:
                    return each
        if candidates:
            return candidates[0]
    return None


def _port(item: Node, fields: Fields, interpolation: Interpolation) -> _Published | None:
    if isinstance(item.value, dict):
        return _long(Fields(item, fields.ledger))
    text, _, protocol = (text_of(item) or "").partition("/")
    split = _ADDRESS.fullmatch(text)
    address, rest = (split["address"].strip("[]"), split["ports"]) if split is not None else ("", text)
    published, _, target = rest.rpartition(":")
    if not _PORT.fullmatch(target) or not 0 < int(target) <= _MOST:
        missing = interpolation.missing(item)
        fix = f"run the command again with --variable {missing[0]}=…" if missing else "write each port on its own line"
        fields.ledger.leave_out(item, f"{target or text!r} is not one port of the container", fix)
        return None
    return _tcp(_Published(node=item, target=int(target), published=published, address=address), protocol, fields)


def _long(inner: Fields) -> _Published | None:
    protocol, published = inner.text("protocol") or "tcp", inner.text("published") or ""
    address = inner.text("host_ip") or ""
    inner.leave_out(
        {
            "app_protocol": (
                "the load balancer speaks HTTP to the tasks",
                "use TargetGroupSettings(protocol_version=…)",
            ),
            "mode": ("Fargate has no host whose port a task could take", "nothing to do"),
            "name": ("a port of the program has the name of its service", "nothing to do"),
        }
    )
    target = inner.number("target", minimum=1, maximum=_MOST)
    if target is None:
        return None
    return _tcp(_Published(node=inner.mapping, target=target, published=published, address=address), protocol, inner)


def _tcp(port: _Published, protocol: str, fields: Fields) -> _Published | None:
    """Return a TCP port; list one of another protocol."""
    if protocol.lower() in {"", "tcp"}:
        return port
    fields.ledger.leave_out(
        port.node,
        f"an Application Load Balancer does not carry {protocol}",
        "add an elbv2.NetworkLoadBalancer with the ECS service among its targets",
    )
    return None


def _reach(address: str) -> _Reach:
    """Return from where a port on an address can be reached; the network for an unknown address."""
    if address in {"", "0.0.0.0", "::", "*"}:  # noqa: S104 - an address in a file; nothing listens on it
        return _Reach.WORLD
    try:
        loopback = ipaddress.ip_address(address).is_loopback
    except ValueError:
        return _Reach.MACHINE if address == "localhost" or "$" in address else _Reach.NETWORK
    return _Reach.MACHINE if loopback else _Reach.NETWORK


def _mark(each: _Published, chosen: _Published | None, fields: Fields, interpolation: Interpolation) -> None:
    ledger, node = fields.ledger, each.node
    store, missing = each.store, interpolation.missing(each.node)
    if each is chosen and each.reach is _Reach.NETWORK:
        ledger.check(
            node,
            f"it is published on {each.address}, so the load balancer is internal: only the VPC reaches it",
            "set ingress=PublicHttp(…) if the internet may reach it",
        )
    elif each is chosen and missing:
        ledger.check(
            node,
            f"{missing[0]} has no value here; the load balancer listens on port 80",
            "nothing to do, or run the command again with --variable to choose another port",
        )
    elif each is chosen and each.target == 443:  # noqa: PLR2004 - HTTPS
        ledger.check(
            node, "the load balancer speaks HTTP to the tasks, also on port 443", "let the container speak HTTP there"
        )
    elif each is chosen and each.published not in {"", "80"}:
        ledger.check(
            node,
            f"the load balancer listens on port 80, not on {each.published}",
            "use PublicHttps(…) for a domain and HTTPS",
        )
    elif each is chosen:
        ledger.carry(node)
    elif chosen is not None and each.target == chosen.target:
        ledger.check(
            node,
            f"the load balancer has one listener for the container's port {each.target}",
            "add a listener to .load_balancer if clients need this one",
        )
    elif store is not None:
        ledger.check(
            node,
            f"it is the port of {store}, which the program never makes public; only the other services reach it",
            "allow further clients with .connections.allow_from(…)",
        )
    elif each.reach is _Reach.MACHINE:
        ledger.check(
            node,
            f"it is published on {each.address} and not on all addresses, so only the other services reach it",
            "nothing to do; or allow further clients with .connections.allow_from(…)",
        )
    else:
        ledger.check(
            node,
            f"the load balancer forwards to one port, {chosen.target if chosen is not None else 0}; "
            f"only the other services reach {each.target}",
            "add a listener to .load_balancer if clients need it",
        )


def _exposed(item: Node, fields: Fields) -> int | None:
    number, _, protocol = (text_of(item) or "").partition("/")
    if not _PORT.fullmatch(number) or not 0 < int(number) <= _MOST or protocol not in {"", "tcp"}:
        fields.ledger.leave_out(item, "it is not a TCP port", "add it with .add_port_mappings(…)")
        return None
    fields.ledger.carry(item)
    return int(number)
