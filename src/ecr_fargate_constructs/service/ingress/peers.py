"""The peers that may connect to a load balancer, checked against its addresses and its security group."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ecr_fargate_constructs._cdk.warning import warn
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_ec2 as ec2
    from constructs import Construct

_PREFIX_LIST = re.compile(r"pl-[0-9a-f]+")
RULES_OF_A_GROUP = 60
"""Inbound rules of a security group, for IPv4 and for IPv6 each, and as many outbound rules: the default of the quota
"Inbound or outbound rules per security group" of Amazon VPC."""


def check_peers(option: str, peers: Sequence[ec2.IPeer] | None, *, ipv4_only: bool) -> None:
    """Refuse a list of peers with which no client could connect."""
    if peers is None:
        return
    if not peers:
        raise ConfigurationError(f"{option} is empty, so no client could connect; name peers, or omit it")
    for peer in peers:
        prefix = getattr(peer.to_ingress_rule_config(), "source_prefix_list_id", None)
        if isinstance(prefix, str) and not is_token(prefix) and not _PREFIX_LIST.fullmatch(prefix):
            raise ConfigurationError(f"{option} has the prefix list {prefix!r}; use one like 'pl-0123456789abcdef0'")
    if ipv4_only and all(map(_is_ipv6, peers)):
        raise ConfigurationError(
            f"{option} has only IPv6 ranges ({peers[0].unique_id}), but the load balancer has only IPv4 addresses, so "
            "no client could connect; use ec2.Peer.ipv4(…), or "
            "LoadBalancerSettings(ip_address_type=elbv2.IpAddressType.DUAL_STACK) in a VPC with IPv6"
        )


def warn_of_rules(scope: Construct, peers: Sequence[ec2.IPeer], listeners: int) -> None:
    """Warn of more inbound rules, one for each peer and listener, than AWS's default quota allows."""
    if len(peers) * listeners <= RULES_OF_A_GROUP:
        return
    ranges = {peer.unique_id: _is_ipv6(peer) for peer in peers}
    most = max(sum(kind is each for kind in ranges.values()) for each in (False, True)) * listeners
    if most > RULES_OF_A_GROUP:
        warn(
            scope,
            "securityGroupRules",
            f"allow_from gives the load balancer's security group {most} inbound rules, but AWS allows "
            f"{RULES_OF_A_GROUP} unless the account's quota (inbound or outbound rules per security group) is raised, "
            "and the deployment fails; raise it, merge ranges, or use ec2.Peer.prefix_list(…)",
        )


def _is_ipv6(peer: ec2.IPeer) -> bool:
    name = peer.unique_id
    return not is_token(name) and ":" in name
