"""Security groups: stateful, and only rules that allow. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from ecr_fargate_constructs.local.networks.model import GROUP_MISMATCH, Blocked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ecr_fargate_constructs.local.networks.model import Described, Networks

_TCP = frozenset({"-1", "tcp", "6"})


@dataclass(frozen=True)
class Peer:
    """The other side of a connection, as the rules of a security group see it.

    Attributes:
        name: The peer, for messages.
        addresses: Its addresses; a rule has to contain all of them, since the address in a subnet is not known.
        groups: Its security groups.
        managed_lists: Whether it has the addresses of a prefix list of AWS, such as that of S3.
    """

    name: str
    addresses: IPv4Network
    groups: frozenset[str] = field(default_factory=frozenset)
    managed_lists: bool = False


def outgoing(networks: Networks, groups: Iterable[str], owner: str, peer: Peer, port: int) -> Blocked | None:
    """Return why security groups do not let a connection out; None if they do.

    Args:
        networks: The networks.
        groups: Ids of the groups.
        owner: Whose groups they are.
        peer: Whereto.
        port: TCP port of the peer.
    """
    names = tuple(groups)
    if any(_allows(networks, rule, peer, port) for rule in _rules(networks, names, "IpPermissionsEgress")):
        return None
    return Blocked(
        GROUP_MISMATCH,
        f"no outbound rule of {_listed(networks, names)} of {owner} allows TCP port {port} to {peer.name}",
        f"add an outbound rule for TCP port {port} to {_peer_of_rule(peer)}",
    )


def incoming(networks: Networks, groups: Iterable[str], owner: str, peer: Peer, port: int) -> Blocked | None:
    """Return why security groups do not let a connection in; None if they do.

    Args:
        networks: The networks.
        groups: Ids of the groups.
        owner: Whose groups they are.
        peer: Where it comes from.
        port: TCP port of the owner.
    """
    names = tuple(groups)
    if any(_allows(networks, rule, peer, port) for rule in _rules(networks, names, "IpPermissions")):
        return None
    return Blocked(
        GROUP_MISMATCH,
        f"no inbound rule of {_listed(networks, names)} of {owner} allows TCP port {port} from {peer.name}",
        f"add an inbound rule for TCP port {port} from {_peer_of_rule(peer)}",
    )


def open_to_anybody(networks: Networks, groups: Iterable[str], owner: str, port: int) -> Blocked | None:
    """Return why nobody at all may connect to a port; None if a rule allows it to somebody."""
    names = tuple(groups)
    if any(_concerns(rule, port) and _has_peer(rule) for rule in _rules(networks, names, "IpPermissions")):
        return None
    return Blocked(
        GROUP_MISMATCH,
        f"no inbound rule of {_listed(networks, names)} of {owner} allows TCP port {port}",
        f"add an inbound rule for TCP port {port} from the clients' addresses",
    )


def _rules(networks: Networks, groups: Iterable[str], direction: str) -> Iterator[Described]:
    for group in groups:
        yield from networks.groups.get(group, {}).get(direction) or ()


def _concerns(rule: Described, port: int) -> bool:
    protocol = str(rule.get("IpProtocol", "-1")).lower()
    if protocol not in _TCP:
        return False
    low, high = int(rule.get("FromPort", -1)), int(rule.get("ToPort", -1))
    return protocol == "-1" or low == -1 or low <= port <= high


def _has_peer(rule: Described) -> bool:
    return any(rule.get(kind) for kind in ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs"))


def _allows(networks: Networks, rule: Described, peer: Peer, port: int) -> bool:
    if not _concerns(rule, port):
        return False
    ranges = [each["CidrIp"] for each in rule.get("IpRanges") or () if each.get("CidrIp")]
    for each in rule.get("PrefixListIds") or ():
        entries = networks.prefix_lists.get(each.get("PrefixListId", ""))
        if entries is None and peer.managed_lists:
            return True
        ranges += [entry["Cidr"] for entry in (entries or {}).get("Entries") or () if ":" not in entry["Cidr"]]
    if any(peer.addresses.subnet_of(IPv4Network(each, strict=False)) for each in ranges):
        return True
    return any(each.get("GroupId") in peer.groups for each in rule.get("UserIdGroupPairs") or ())


def _listed(networks: Networks, groups: tuple[str, ...]) -> str:
    if not groups:
        return "the security group"
    names = [
        f"{each} ({name})" if (name := networks.groups.get(each, {}).get("GroupName")) else each for each in groups
    ]
    return ("security group " if len(groups) == 1 else "security groups ") + ", ".join(names)


def _peer_of_rule(peer: Peer) -> str:
    return min(peer.groups) if peer.groups else str(peer.addresses)
