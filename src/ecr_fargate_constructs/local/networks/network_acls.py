"""Network ACLs: stateless, the first rule that matches decides, and answers need a rule as well. Pure."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.networks.model import ACL_RESTRICTION, Blocked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs.local.networks.model import Described, Networks

EPHEMERAL_LINUX = (32768, 60999)
"""Ports of clients on Linux, such as tasks: ``net.ipv4.ip_local_port_range``."""
EPHEMERAL_ANY = (1024, 65535)
"""Ports of load balancers, NAT gateways and clients of any kind: VPC user guide, "Ephemeral ports"."""
_TCP = frozenset({"-1", "6", "tcp"})


def crossing(
    networks: Networks, subnet: str, peer: IPv4Network, ports: tuple[int, int], *, outbound: bool, answer: bool = False
) -> Blocked | None:
    """Return why a subnet's network ACL stops packets; None if it lets them pass.

    Args:
        networks: The networks.
        subnet: Id of the subnet.
        peer: The addresses outside the subnet.
        ports: The lowest and the highest destination port of the packets.
        outbound: Whether the packets leave the subnet.
        answer: Whether the packets are answers, for the message.
    """
    acl = _acl_of(networks, subnet)
    if acl is None:
        return None
    entries = sorted(
        (each for each in acl.get("Entries") or () if _boolean(each.get("Egress")) is outbound),
        key=lambda each: int(each["RuleNumber"]),
    )
    for port in _representatives(entries, ports):
        entry = _deciding(entries, peer, port)
        if entry is None or str(entry.get("RuleAction", "")).lower() != "allow":
            rule = "no rule" if entry is None or int(entry["RuleNumber"]) == 32767 else f"rule {entry['RuleNumber']}"  # noqa: PLR2004 - the last rule, "*"
            direction, to = ("outbound", "to") if outbound else ("inbound", "from")
            span = str(ports[0]) if ports[0] == ports[1] else f"{ports[0]}-{ports[1]}"
            what = f"answers on TCP ports {span}" if answer else f"TCP port {span}"
            verdict = "allows" if rule == "no rule" else "denies"
            return Blocked(
                ACL_RESTRICTION,
                f"{rule} of network ACL {acl['NetworkAclId']} of {subnet} {verdict} {direction} {what} {to} {peer}",
                f"allow {direction} TCP {span} {to} {peer} in network ACL {acl['NetworkAclId']}",
            )
    return None


def _acl_of(networks: Networks, subnet: str) -> Described | None:
    for acl in networks.acls.values():
        if any(each.get("SubnetId") == subnet for each in acl.get("Associations") or ()):
            return acl
    default = networks.vpcs[networks.vpc_of(subnet)].get("DefaultNetworkAclId")
    return networks.acls.get(str(default))


def _deciding(entries: Sequence[Described], peer: IPv4Network, port: int) -> Described | None:
    """Return the first entry that decides: one that allows has to hold all addresses, one that denies any of them."""
    for entry in entries:
        cidr = IPv4Network(entry.get("CidrBlock") or "255.255.255.255/32", strict=False)
        allows = str(entry.get("RuleAction", "")).lower() == "allow"
        within = peer.subnet_of(cidr) if allows else peer.overlaps(cidr)
        low, high = _ports(entry)
        if within and str(entry.get("Protocol", "-1")).lower() in _TCP and low <= port <= high:
            return entry
    return None


def _representatives(entries: Sequence[Described], ports: tuple[int, int]) -> list[int]:
    """Return a port of each stretch of a range in which the entries do not change."""
    starts = {ports[0]}
    for entry in entries:
        low, high = _ports(entry)
        starts |= {low, high + 1}
    return sorted(port for port in starts if ports[0] <= port <= ports[1])


def _ports(entry: Described) -> tuple[int, int]:
    span: Any = entry.get("PortRange") or {}
    if str(entry.get("Protocol", "-1")) == "-1" or not span:
        return 0, 65535
    return int(span.get("From", 0)), int(span.get("To", 65535))


def _boolean(value: object) -> bool:
    return str(value).lower() == "true"
