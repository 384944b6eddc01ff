"""Compare the cost of NAT gateways and interface endpoints for the tasks' traffic to AWS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.endpoints import Feature, interface_endpoints
from ecr_fargate_constructs.tools.assembly.malformed import refuses_malformed
from ecr_fargate_constructs.tools.assembly.network import vpc_of
from ecr_fargate_constructs.tools.assembly.workload import services

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from ecr_fargate_constructs.tools.assembly.model import App, Resource
    from ecr_fargate_constructs.tools.assembly.workload import Service
    from ecr_fargate_constructs.tools.cost.prices import PriceTable


_COLLECTOR = "/aws-otel-collector"
"""End of the image name of ``Sidecar.adot()``, in any registry."""


@dataclass(frozen=True, kw_only=True)
class EgressCost:
    """The cost of a VPC's egress through NAT gateways, and through interface endpoints instead.

    Attributes:
        path: Path of the VPC.
        zones: Number of zones that its tasks run in.
        gateways: NAT gateways that the app creates in it; one per zone if it creates none.
        nat: Monthly cost of those gateways, including their public addresses.
        nat_gb: Price of the gateways per GB.
        endpoints: The interface endpoints that the tasks need without NAT.
        endpoints_monthly: Monthly cost of those endpoints.
        endpoint_gb: Price of the endpoints per GB.
        uses: What the VPC has now: ``NAT``, ``endpoints``, both or neither.
    """

    path: str
    zones: int
    gateways: int
    nat: Decimal
    nat_gb: Decimal
    endpoints: tuple[str, ...]
    endpoints_monthly: Decimal
    endpoint_gb: Decimal
    uses: str


@refuses_malformed
def egress_costs(app: App, table: PriceTable) -> list[EgressCost]:
    """Return the comparison for each VPC of the app that tasks run in; none if the table lacks a price."""
    names = ("nat.hour", "ipv4.hour", "nat.gb", "endpoint.hour", "endpoint.gb")
    prices = [amount for name in names if (amount := table.get(name)) is not None]
    if len(prices) < len(names):
        return []
    nat, address, nat_gb, endpoint, endpoint_gb = prices
    costs = []
    by_vpc: dict[Resource, list[Service]] = {}
    for service in services(app):
        for subnet in service.subnets[:1]:
            vpc = vpc_of(app, subnet)
            if vpc is not None:
                by_vpc.setdefault(vpc, []).append(service)
    for vpc, in_vpc in by_vpc.items():
        zones = max(len(service.subnets) for service in in_vpc)
        gateways = _gateways(app, vpc)
        needed = interface_endpoints({feature for service in in_vpc for feature in _features(service)})
        costs.append(
            EgressCost(
                path=vpc.path,
                zones=zones,
                gateways=gateways or zones,
                nat=(nat + address) * (gateways or zones) * table.hours,
                nat_gb=nat_gb,
                endpoints=needed,
                endpoints_monthly=endpoint * len(needed) * zones * table.hours,
                endpoint_gb=endpoint_gb,
                uses=_uses(app, vpc, gateways),
            )
        )
    return costs


def _features(service: Service) -> Iterable[Feature]:
    """Yield the AWS features that a service's tasks use, as far as the task definition shows them."""
    if not service.fargate:
        yield Feature.CONTAINER_INSTANCES
    if service.resource.get("EnableExecuteCommand") is True:
        yield Feature.EXEC
    for container in service.task.containers if service.task is not None else ():
        logging = container.definition.get("LogConfiguration") or {}
        if logging.get("LogDriver") == "awslogs":
            yield Feature.LOGS
        if _COLLECTOR in container.image:
            yield Feature.TELEMETRY
        for secret in container.definition.get("Secrets") or []:
            yield Feature.SECRETS if container.managed(secret) else Feature.PARAMETERS


def _gateways(app: App, vpc: Resource) -> int:
    subnets = (app.target(gateway.get("SubnetId"), gateway.template) for gateway in app.of("AWS::EC2::NatGateway"))
    return sum(subnet is not None and vpc_of(app, subnet) is vpc for subnet in subnets)


def _uses(app: App, vpc: Resource, gateways: int) -> str:
    endpoints = any(
        endpoint.get("VpcEndpointType") == "Interface" and vpc_of(app, endpoint) is vpc
        for endpoint in app.of("AWS::EC2::VPCEndpoint")
    )
    return " and ".join(name for name, present in (("NAT", gateways), ("endpoints", endpoints)) if present) or "neither"
