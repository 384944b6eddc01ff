"""The whole way of a connection: routes, endpoints, network ACLs and security groups. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecr_fargate_constructs.local.networks import network_acls, routes, security_groups
from ecr_fargate_constructs.local.networks.model import (
    ANYWHERE,
    BAD_STATE,
    NO_PUBLIC_ADDRESS,
    NO_ROUTE,
    Blocked,
    Interface,
)
from ecr_fargate_constructs.local.networks.network_acls import EPHEMERAL_ANY, EPHEMERAL_LINUX
from ecr_fargate_constructs.local.networks.security_groups import Peer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from ipaddress import IPv4Network

    from ecr_fargate_constructs.local.networks.model import Described, Networks

HTTPS = 443
_GATEWAY_SERVICES = frozenset({"s3", "dynamodb"})


@dataclass(frozen=True)
class Reachability:
    """Decides about connections in networks.

    Each method returns why a TCP connection cannot be made, or None if it can. An interface in a subnet that the
    networks do not have is not decided about: every connection of it can be made.

    Attributes:
        networks: The networks.
    """

    networks: Networks

    def between(
        self, source: Interface, destination: Interface, port: int, ephemeral: tuple[int, int] = EPHEMERAL_LINUX
    ) -> Blocked | None:
        """Decide about a connection between two interfaces.

        Args:
            source: Who connects.
            destination: To whom.
            port: TCP port of the destination.
            ephemeral: The client ports of the source.
        """
        networks = self.networks
        if not (networks.knows(source) and networks.knows(destination)):
            return None
        here, there = (networks.range_of(each.subnet) for each in (source, destination))
        own, other = (frozenset(networks.groups_of(each)) for each in (source, destination))
        return (
            security_groups.outgoing(
                networks, networks.groups_of(source), source.name, Peer(destination.name, there, other), port
            )
            or self._no_route(source, destination)
            or self._acls(source.subnet, destination.subnet, port, ephemeral)
            or security_groups.incoming(
                networks, networks.groups_of(destination), destination.name, Peer(source.name, here, own), port
            )
        )

    def to_service(self, source: Interface, service: str, port: int = HTTPS) -> Blocked | None:
        """Decide about a connection to a service of AWS.

        Args:
            source: Who connects.
            service: Name of the service in names of VPC endpoints, such as ``ecr.dkr``.
            port: TCP port.
        """
        networks = self.networks
        if not networks.knows(source):
            return None
        interface = self._endpoint(source.subnet, service, "Interface")
        if interface is not None:
            return self._to_endpoint(source, interface, service, port)
        gateway = self._endpoint(source.subnet, service, "Gateway")
        if gateway is not None:
            peer = Peer(f"the gateway endpoint for {service}", ANYWHERE, managed_lists=True)
            return security_groups.outgoing(
                networks, networks.groups_of(source), source.name, peer, port
            ) or self._outside(source.subnet, port, EPHEMERAL_LINUX)
        return self._to_outside(source, service, port, self._endpoint_to_add(service))

    def to_internet(self, source: Interface, name: str, port: int = HTTPS) -> Blocked | None:
        """Decide about a connection to a host on the internet; ``name`` is for the message."""
        return self._to_outside(source, name, port, None) if self.networks.knows(source) else None

    def from_clients(self, destination: Interface, port: int, *, internet: bool) -> Blocked | None:
        """Decide whether any client may connect: one on the internet, or else one in the VPC.

        The clients' addresses are not known, so a rule that allows somebody is enough.
        """
        networks = self.networks
        if not networks.knows(destination):
            return None
        if internet and not routes.leads_to_internet(networks, destination.subnet):
            return Blocked(
                NO_ROUTE,
                f"{destination.name} faces the internet, but the route table of its {self._subnet(destination.subnet)} "
                "has no route to an internet gateway",
                "put it into public subnets, or add a route for 0.0.0.0/0 to the VPC's internet gateway",
            )
        blocked = security_groups.open_to_anybody(networks, networks.groups_of(destination), destination.name, port)
        if blocked is not None or not internet:
            return blocked
        return network_acls.crossing(
            networks, destination.subnet, ANYWHERE, (port, port), outbound=False
        ) or network_acls.crossing(networks, destination.subnet, ANYWHERE, EPHEMERAL_ANY, outbound=True, answer=True)

    def _to_outside(self, source: Interface, name: str, port: int, endpoint: str | None) -> Blocked | None:
        networks = self.networks
        peer = Peer(name, ANYWHERE, managed_lists=endpoint is not None)
        blocked = security_groups.outgoing(networks, networks.groups_of(source), source.name, peer, port)
        return blocked or self._no_way_out(source, name, endpoint) or self._acls_outside(source, port)

    def _no_way_out(self, source: Interface, name: str, endpoint: str | None) -> Blocked | None:
        networks, vpc = self.networks, self.networks.vpc_of(source.subnet)
        way = routes.target(networks, source.subnet)
        further = f", or add {endpoint}" if endpoint else ""
        if way is None or way == "local":
            return Blocked(
                NO_ROUTE,
                f"{self._subnet(source.subnet)} of {source.name} has no route to {name}: no NAT gateway, no internet "
                "gateway, and no VPC endpoint",
                f"add a route for 0.0.0.0/0 to a NAT gateway{further}",
            )
        if way.startswith("igw-"):
            if not routes.attached(networks, way, vpc):
                return Blocked(
                    BAD_STATE, f"internet gateway {way} is not attached to {vpc}", "attach the internet gateway"
                )
            if not source.public:
                return Blocked(
                    NO_PUBLIC_ADDRESS,
                    f"{source.name} is in a public subnet without a public address, so that internet gateway {way} "
                    f"drops its traffic to {name}",
                    f"give it a public address (assignPublicIp ENABLED), or move it behind a NAT gateway{further}",
                )
        if way.startswith("nat-"):
            return self._bad_nat_gateway(way, name)
        return None

    def _bad_nat_gateway(self, name: str, destination: str) -> Blocked | None:
        gateway = self.networks.nat_gateways.get(name)
        if gateway is None or gateway.get("State") != "available":
            return Blocked(BAD_STATE, f"NAT gateway {name} is not available", "correct the route's target")
        subnet = str(gateway.get("SubnetId"))
        if gateway.get("ConnectivityType") == "private" or not routes.leads_to_internet(self.networks, subnet):
            return Blocked(
                NO_ROUTE,
                f"NAT gateway {name} in {self._subnet(subnet)} has no route to {destination}: it is not in a public "
                "subnet",
                "put the NAT gateway into a public subnet",
            )
        return None

    def _acls_outside(self, source: Interface, port: int) -> Blocked | None:
        networks, way = self.networks, routes.target(self.networks, source.subnet) or ""
        blocked = self._outside(source.subnet, port, EPHEMERAL_LINUX)
        if blocked is not None or not way.startswith("nat-"):
            return blocked
        subnet = str(networks.nat_gateways[way]["SubnetId"])
        if subnet == source.subnet:
            return None
        here = networks.range_of(source.subnet)
        return (
            network_acls.crossing(networks, subnet, here, (port, port), outbound=False)
            or self._outside(subnet, port, EPHEMERAL_ANY)
            or network_acls.crossing(networks, subnet, here, EPHEMERAL_LINUX, outbound=True, answer=True)
        )

    def _outside(self, subnet: str, port: int, ephemeral: tuple[int, int]) -> Blocked | None:
        """Decide about a subnet's network ACL and addresses outside the VPC."""
        return network_acls.crossing(
            self.networks, subnet, ANYWHERE, (port, port), outbound=True
        ) or network_acls.crossing(self.networks, subnet, ANYWHERE, ephemeral, outbound=False, answer=True)

    def _acls(self, source: str, destination: str, port: int, ephemeral: tuple[int, int]) -> Blocked | None:
        if source == destination:
            return None  # a network ACL stands at the border of the subnet
        here, there = self.networks.range_of(source), self.networks.range_of(destination)
        crossings: tuple[tuple[str, IPv4Network, tuple[int, int], bool, bool], ...] = (
            (source, there, (port, port), True, False),
            (destination, here, (port, port), False, False),
            (destination, here, ephemeral, True, True),
            (source, there, ephemeral, False, True),
        )
        for subnet, peer, ports, outbound, answer in crossings:
            blocked = network_acls.crossing(self.networks, subnet, peer, ports, outbound=outbound, answer=answer)
            if blocked is not None:
                return blocked
        return None

    def _no_route(self, source: Interface, destination: Interface) -> Blocked | None:
        """Decide about the routes between two VPCs: both need one to an active peering connection."""
        networks = self.networks
        if networks.vpc_of(source.subnet) == networks.vpc_of(destination.subnet):
            return None  # every route table has the local route
        for one, other in ((source, destination), (destination, source)):
            way = routes.target(networks, one.subnet, networks.range_of(other.subnet)) or ""
            if not way.startswith(("pcx-", "tgw-")):
                return Blocked(
                    NO_ROUTE,
                    f"{self._subnet(one.subnet)} of {one.name} has no route to {networks.range_of(other.subnet)}, the "
                    f"network of {other.name}",
                    "connect the VPCs (peering or transit gateway), with routes in both directions",
                )
            status = networks.peerings.get(way, {}).get("Status") or {}
            if way.startswith("pcx-") and status.get("Code") != "active":
                return Blocked(BAD_STATE, f"VPC peering connection {way} is not active", "accept the connection")
        return None

    def _to_endpoint(self, source: Interface, endpoint: Described, service: str, port: int) -> Blocked | None:
        name, groups = f"the endpoint for {service}", tuple(endpoint.get("SecurityGroupIds") or ())
        for subnet in endpoint.get("SubnetIds") or ():
            blocked = self.between(source, Interface(name, subnet, groups), port)
            if blocked is not None:
                return blocked
        return None

    def _endpoint(self, subnet: str, service: str, kind: str) -> Described | None:
        """Return the endpoint that traffic of a subnet to a service takes; None if there is none of that kind."""
        vpc, table = self.networks.vpc_of(subnet), routes.table_of(self.networks, subnet) or {}
        return next(
            (
                each
                for each in self._endpoints(vpc, service)
                if each.get("VpcEndpointType") == kind
                and (
                    _boolean(each.get("PrivateDnsEnabled"))
                    if kind == "Interface"
                    else table.get("RouteTableId") in (each.get("RouteTableIds") or ())
                )
            ),
            None,
        )

    def _endpoints(self, vpc: str, service: str) -> Iterator[Described]:
        ending = f".{self.networks.region}.{service}"
        return (
            each
            for each in self.networks.endpoints.values()
            if each.get("VpcId") == vpc and str(each.get("ServiceName", "")).endswith(ending)
        )

    def _endpoint_to_add(self, service: str) -> str:
        name = f"com.amazonaws.{self.networks.region}.{service}"
        if service in _GATEWAY_SERVICES:
            return f"the gateway endpoint {name} to the subnet's route table"
        return f"the interface endpoint {name} with private DNS"

    def _subnet(self, subnet: str) -> str:
        tags = self.networks.subnets[subnet].get("Tags") or ()
        name = next((each["Value"] for each in tags if each.get("Key") == "Name"), "")
        return f"subnet {subnet} ({name})" if name else f"subnet {subnet}"


def _boolean(value: object) -> bool:
    return str(value).lower() == "true"
