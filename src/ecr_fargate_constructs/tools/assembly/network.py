"""The networks of an app: the routes of its subnets, its endpoints, and the rules of its security groups."""

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
    """The reach of a subnet, by its routes."""

    PUBLIC = "public"
    """It reaches the internet through an internet gateway, with public addresses."""

    PRIVATE = "private"
    """It reaches other networks through NAT or a transit gateway."""

    ISOLATED = "isolated"
    """It reaches its VPC and the endpoints of the VPC alone."""


@dataclass(frozen=True)
class Opening:
    """An ingress rule of a security group.

    Attributes:
        source: The allowed source: a CIDR range or a security group.
        first: First port; None for all ports.
        last: Last port.
    """

    source: str | Resource
    first: int | None
    last: int | None

    def admits(self, port: int) -> bool:
        """Return whether it allows a TCP port."""
        return self.first is None or self.last is None or self.first <= port <= self.last

    @property
    def to_the_world(self) -> bool:
        """Return whether it allows every address."""
        return self.source in _EVERYWHERE


def reach(app: App, subnet: Resource) -> Reach:
    """Return the reach of a subnet of the app, by its routes."""
    return app.once(("reach", subnet), lambda: _reach(app, subnet))


def _reach(app: App, subnet: Resource) -> Reach:
    # Tasks with IPv4 addresses do not reach a registry over a route for IPv6 alone.
    everywhere = _EVERYWHERE if app.text(subnet.get("Ipv6Native"), subnet.template).lower() == "true" else {_IPV4}
    default_routes = [
        route
        for table in _tables(app, subnet)
        for route in app.referring(table, "AWS::EC2::Route", "RouteTableId")
        if any(
            isinstance(cidr := route.get(name), str) and cidr in everywhere
            for name in ("DestinationCidrBlock", "DestinationIpv6CidrBlock")
        )
    ]
    for route in default_routes:
        gateway = app.target(route.get("GatewayId"), route.template)
        if gateway is not None and gateway.kind == "AWS::EC2::InternetGateway":
            return Reach.PUBLIC
    return Reach.PRIVATE if default_routes else Reach.ISOLATED


def vpc_of(app: App, resource: Resource) -> Resource | None:
    """Return the VPC of a subnet, an endpoint or a security group; None if the app does not create that VPC."""
    return app.target(resource.get("VpcId"), resource.template)


def endpoint_service(app: App, endpoint: Resource) -> str:
    """Return the service of an endpoint, such as ``ecr.api``."""
    return service_of(app.text(endpoint.get("ServiceName"), endpoint.template))[0]


def interface_endpoints(app: App, vpc: Resource | None) -> set[str]:
    """Return the services of the interface endpoints in a VPC."""
    return app.once(
        ("interfaces", vpc),
        lambda: {
            endpoint_service(app, endpoint)
            for endpoint in app.of(_ENDPOINT)
            if endpoint.get("VpcEndpointType") == "Interface" and vpc_of(app, endpoint) is vpc
        },
    )


def gateway_endpoints(app: App, subnet: Resource) -> set[str]:
    """Return the services of the gateway endpoints that a subnet has routes to."""
    return {
        endpoint_service(app, endpoint)
        for table in _tables(app, subnet)
        for endpoint in app.referring(table, _ENDPOINT, "RouteTableIds")
        if endpoint.get("VpcEndpointType") in (None, "Gateway")
    }


def openings(app: App, groups: Sequence[Resource]) -> list[Opening]:
    """Return the ingress rules of security groups: inline rules, then those that are resources of their own."""
    rules: list[Opening] = []
    for group in groups:
        for rule in group.get("SecurityGroupIngress") or []:
            rules.extend(_openings(app, rule, group))
    for group in groups:
        for rule_resource in app.referring(group, "AWS::EC2::SecurityGroupIngress", "GroupId"):
            rules.extend(_openings(app, rule_resource.properties, rule_resource))
    return rules


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
