"""The resources of networks, in the shapes that EC2's ``Describe…`` calls return. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Any, TypeAlias

Described: TypeAlias = Mapping[str, Any]
ById: TypeAlias = Mapping[str, Described]

NO_ROUTE = "NO_ROUTE_TO_DESTINATION"
GROUP_MISMATCH = "ENI_SG_RULES_MISMATCH"
ACL_RESTRICTION = "SUBNET_ACL_RESTRICTION"
NO_PUBLIC_ADDRESS = "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"
BAD_STATE = "BAD_STATE"

ANYWHERE = IPv4Network("0.0.0.0/0")


@dataclass(frozen=True)
class Blocked:
    """Why traffic does not arrive.

    Attributes:
        code: Reachability Analyzer's explanation code.
        why: The component that stops the traffic, and why.
        fix: What to add or change.
    """

    code: str
    why: str
    fix: str


@dataclass(frozen=True)
class Interface:
    """A network interface.

    Attributes:
        name: Whose interface it is, for messages, such as ``task 0123``.
        subnet: Id of its subnet.
        groups: Ids of its security groups; the VPC's default group if there are none.
        public: Whether it has a public address.
    """

    name: str
    subnet: str
    groups: tuple[str, ...] = ()
    public: bool = False


@dataclass(frozen=True)
class Networks:
    """The resources of all VPCs of an account and region, each by its id.

    Attributes:
        region: The region.
        vpcs: VPCs.
        subnets: Subnets.
        groups: Security groups.
        acls: Network ACLs.
        tables: Route tables.
        internet_gateways: Internet gateways.
        nat_gateways: NAT gateways.
        endpoints: VPC endpoints.
        peerings: VPC peering connections.
        prefix_lists: The prefix lists of the customer, with their entries.
    """

    region: str
    vpcs: ById
    subnets: ById
    groups: ById = field(default_factory=dict)
    acls: ById = field(default_factory=dict)
    tables: ById = field(default_factory=dict)
    internet_gateways: ById = field(default_factory=dict)
    nat_gateways: ById = field(default_factory=dict)
    endpoints: ById = field(default_factory=dict)
    peerings: ById = field(default_factory=dict)
    prefix_lists: ById = field(default_factory=dict)

    def knows(self, interface: Interface) -> bool:
        """Return whether the subnet of an interface and its VPC exist."""
        return self.subnets.get(interface.subnet, {}).get("VpcId") in self.vpcs

    def vpc_of(self, subnet: str) -> str:
        """Return the id of a subnet's VPC."""
        return str(self.subnets[subnet]["VpcId"])

    def range_of(self, subnet: str) -> IPv4Network:
        """Return the addresses of a subnet."""
        return IPv4Network(self.subnets[subnet]["CidrBlock"], strict=False)

    def groups_of(self, interface: Interface) -> tuple[str, ...]:
        """Return the ids of an interface's security groups."""
        if interface.groups:
            return interface.groups
        default = self.vpcs[self.vpc_of(interface.subnet)].get("DefaultSecurityGroupId")
        return (str(default),) if default else ()
