"""The networks of an app: ways out of subnets, endpoints, and what security groups let in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs._rules.endpoints import service_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ecr_fargate_constructs.tools.assembly.model import App, Resource

_IPV4 = "0.0.0.0/0"
_EVERYWHERE = {_IPV4, "::/0"}
_ENDPOINT = "AWS::EC2::VPCEndpoint"


class Reach(Enum):
    """How far a subnet reaches."""

    PUBLIC = "public"
    """To the internet, with a public address."""

    PRIVATE = "private"
    """Out, through NAT or a transit gateway."""

    ISOLATED = "isolated"
    """Nowhere but to the VPC and its endpoints."""


@dataclass(frozen=True)
class Opening:
    """What a security group lets in.

    Attributes:
        source: Where from: a range of addresses, or the security group.
        first: First port; None for every port.
        last: Last port.
    """

    source: str | Resource
    first: int | None
    last: int | None

    def admits(self, port: int) -> bool:
        """Whether a TCP port is in it."""
        return self.first is None or self.last is None or self.first <= port <= self.last

    @property
    def to_the_world(self) -> bool:
        """Whether anybody may come."""
        return self.source in _EVERYWHERE


def reach(app: App, subnet: Resource) -> Reach:
    """How far a subnet of the app reaches, by its routes."""
    return app.once(("reach", subnet), lambda: _reach(app, subnet))


def _reach(app: App, subnet: Resource) -> Reach:
    # Tasks with IPv4 addresses reach no registry by a route for IPv6 alone.
    everywhere = _EVERYWHERE if app.text(subnet.get("Ipv6Native"), subnet.template).lower() == "true" else {_IPV4}
    ways = [
        route
        for table in _tables(app, subnet)
        for route in app.referring(table, "AWS::EC2::Route", "RouteTableId")
        if any(
            isinstance(cidr := route.get(name), str) and cidr in everywhere
            for name in ("DestinationCidrBlock", "DestinationIpv6CidrBlock")
        )
    ]
    for route in ways:
        gateway = app.target(route.get("GatewayId"), route.template)
        if gateway is not None and gateway.kind == "AWS::EC2::InternetGateway":
            return Reach.PUBLIC
    return Reach.PRIVATE if ways else Reach.ISOLATED


def vpc_of(app: App, resource: Resource) -> Resource | None:
    """The VPC that a subnet, an endpoint or a security group is in; None when it is not the app's."""
    return app.target(resource.get("VpcId"), resource.template)


def endpoint_service(app: App, endpoint: Resource) -> str:
    """What an endpoint leads to, such as ``ecr.api``."""
    return service_of(app.text(endpoint.get("ServiceName"), endpoint.template))[0]


def interface_endpoints(app: App, vpc: Resource | None) -> set[str]:
    """What the interface endpoints of a VPC lead to."""
    return app.once(
        ("interfaces", vpc),
        lambda: {
            endpoint_service(app, endpoint)
            for endpoint in app.of(_ENDPOINT)
            if endpoint.get("VpcEndpointType") == "Interface" and vpc_of(app, endpoint) is vpc
        },
    )


def gateway_endpoints(app: App, subnet: Resource) -> set[str]:
    """What the gateway endpoints lead to whose routes a subnet has."""
    return {
        endpoint_service(app, endpoint)
        for table in _tables(app, subnet)
        for endpoint in app.referring(table, _ENDPOINT, "RouteTableIds")
        if endpoint.get("VpcEndpointType") in (None, "Gateway")
    }


def openings(app: App, groups: Sequence[Resource]) -> list[Opening]:
    """What security groups of the app let in, their own rules and those written apart."""
    found: list[Opening] = []
    for group in groups:
        for rule in group.get("SecurityGroupIngress") or []:
            found.extend(_openings(app, rule, group))
    for group in groups:
        for rule_resource in app.referring(group, "AWS::EC2::SecurityGroupIngress", "GroupId"):
            found.extend(_openings(app, rule_resource.properties, rule_resource))
    return found


def _openings(app: App, rule: Any, home: Resource) -> Iterator[Opening]:  # noqa: ANN401 - a rule as it is written
    first, last = (app.number(rule.get(end), home.template) for end in ("FromPort", "ToPort"))
    if rule.get("IpProtocol") in ("-1", -1):
        first, last = None, None
    for key in ("CidrIp", "CidrIpv6"):
        if key in rule:
            yield Opening(app.text(rule[key], home.template), first, last)
    source = app.target(rule.get("SourceSecurityGroupId"), home.template)
    if source is not None:
        yield Opening(source, first, last)


def _tables(app: App, subnet: Resource) -> set[Resource]:
    return {
        table
        for association in app.referring(subnet, "AWS::EC2::SubnetRouteTableAssociation", "SubnetId")
        for table in app.targets(association.get("RouteTableId"), association.template)
    }
