"""Ports of a compose file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate.fields import Fields, text_of

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.migrate.document import Node

_SHORT = re.compile(
    r"(?:(?:\d+\.[\d.]+|\[[0-9a-fA-F:]+\]):)?(?:(?P<published>\d*(?:-\d+)?):)?(?P<target>\d+)(?:/(?P<protocol>\w+))?"
)
_MOST = 65_535


def published(fields: Fields) -> int | None:
    """The container's port that the load balancer sends to: the first TCP port that is published."""
    node = fields.node("ports")
    if node is None:
        return None
    fields.ledger.enter(node)
    chosen: int | None = None
    for item in node.items:
        port = _port(item, fields)
        if port is None:
            continue
        if chosen is not None:
            fields.ledger.leave_out(
                item,
                f"the load balancer sends to one port, {chosen}",
                "add a listener to .load_balancer, or .container.add_port_mappings(…) for calls from inside",
            )
        else:
            chosen = port
    if not node.items:
        fields.drop("ports", "it is not a list", "correct it, and run the command again")
    return chosen


def _port(item: Node, fields: Fields) -> int | None:
    if isinstance(item.value, dict):
        return _long(Fields(item, fields.ledger))
    match = _SHORT.fullmatch(text_of(item) or "")
    if match is None or not 0 < int(match["target"]) <= _MOST:
        fields.ledger.leave_out(item, "it is not one port (a range is not carried over)", "give each port of its own")
        return None
    return _tcp(item, int(match["target"]), match["published"] or "", match["protocol"] or "tcp", fields)


def _long(inner: Fields) -> int | None:
    target = inner.number("target", minimum=1, maximum=_MOST)
    protocol, public = inner.text("protocol") or "tcp", inner.text("published") or ""
    inner.carry("name", "app_protocol", "mode")
    inner.leave_out({"host_ip": ("the load balancer is reached by its own name", "say who may: allow_from=[…]")})
    return None if target is None else _tcp(inner.here, target, public, protocol, inner)


def _tcp(item: Node, target: int, public: str, protocol: str, fields: Fields) -> int | None:
    if protocol.lower() != "tcp":
        fields.ledger.leave_out(
            item,
            f"an Application Load Balancer does not carry {protocol}",
            "add an elbv2.NetworkLoadBalancer that has .service among its targets",
        )
        return None
    if public in {"", "80"}:
        fields.ledger.carry(item)
    else:
        fields.ledger.check(
            item, f"the load balancer listens on port 80, not on {public}", "give PublicHttps(…) for a name and HTTPS"
        )
    return target


def exposed(fields: Fields) -> int | None:
    """The first TCP port that other services may call."""
    node = fields.node("expose")
    if node is None:
        return None
    fields.ledger.enter(node)
    chosen: int | None = None
    for item in node.items:
        number, _, protocol = (text_of(item) or "").partition("/")
        if not number.isdigit() or not 0 < int(number) <= _MOST or protocol not in {"", "tcp"}:
            fields.ledger.leave_out(item, "it is not a TCP port", "add it with add_port_mappings(…)")
        elif chosen is not None:
            fields.ledger.leave_out(item, f"a service is called on one port here, {chosen}", "add_port_mappings(…)")
        else:
            fields.ledger.carry(item)
            chosen = int(number)
    if not node.items:
        fields.drop("expose", "it is not a list", "correct it, and run the command again")
    return chosen
