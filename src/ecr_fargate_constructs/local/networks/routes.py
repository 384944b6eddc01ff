"""Route tables: the most specific active route decides. Pure."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from ecr_fargate_constructs.local.networks.model import ANYWHERE

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.networks.model import Described, Networks

_TARGETS = (
    "NatGatewayId",
    "GatewayId",
    "VpcPeeringConnectionId",
    "TransitGatewayId",
    "NetworkInterfaceId",
    "InstanceId",
    "VpcEndpointId",
    "LocalGatewayId",
    "CarrierGatewayId",
    "CoreNetworkArn",
)


def table_of(networks: Networks, subnet: str) -> Described | None:
    """Return a subnet's route table: the associated one, or the main one of the VPC."""
    main, vpc = None, networks.vpc_of(subnet)
    for table in networks.tables.values():
        for each in table.get("Associations") or ():
            if each.get("SubnetId") == subnet:
                return table
            if each.get("Main") and table.get("VpcId") == vpc:
                main = table
    return main


def target(networks: Networks, subnet: str, destination: IPv4Network = ANYWHERE) -> str | None:
    """Return the id of the target of the route to a destination, such as ``nat-0123``; None without a route.

    Args:
        networks: The networks.
        subnet: Id of the subnet that the traffic leaves.
        destination: Its destination; by default the internet.
    """
    table = table_of(networks, subnet)
    best, length = None, -1
    for route in (table or {}).get("Routes") or ():
        cidr = route.get("DestinationCidrBlock")
        if not cidr or route.get("State", "active") != "active":
            continue
        network = IPv4Network(cidr, strict=False)
        if destination.subnet_of(network) and network.prefixlen > length:
            best, length = next((str(route[name]) for name in _TARGETS if route.get(name)), None), network.prefixlen
    return best


def leads_to_internet(networks: Networks, subnet: str) -> bool:
    """Return whether a subnet is public: its route to the internet leads to an attached internet gateway."""
    return attached(networks, target(networks, subnet) or "", networks.vpc_of(subnet))


def attached(networks: Networks, gateway: str, vpc: str) -> bool:
    """Return whether an internet gateway exists and is attached to a VPC."""
    attachments = networks.internet_gateways.get(gateway, {}).get("Attachments") or ()
    return any(each.get("VpcId") == vpc for each in attachments)
