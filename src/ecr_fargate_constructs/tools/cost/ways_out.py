"""NAT gateways against interface endpoints: what each way from the tasks to AWS costs."""

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
"""The image of ``Sidecar.adot()``, out of whichever registry."""


@dataclass(frozen=True, kw_only=True)
class WaysOut:
    """Two ways out of a VPC.

    Attributes:
        path: Path of the VPC.
        zones: Zones that its tasks run in.
        gateways: NAT gateways that the app makes there; one in each zone where it makes none.
        nat: What those cost in a month, their public addresses included.
        nat_gb: What it asks for each GB.
        endpoints: The interface endpoints that the tasks need instead.
        instead: What those cost in a month.
        endpoint_gb: What they ask for each GB.
        has: ``NAT``, ``endpoints`` or both, as the app has it.
    """

    path: str
    zones: int
    gateways: int
    nat: Decimal
    nat_gb: Decimal
    endpoints: tuple[str, ...]
    instead: Decimal
    endpoint_gb: Decimal
    has: str


@refuses_malformed
def ways_out(app: App, table: PriceTable) -> list[WaysOut]:
    """The two ways for each VPC of the app that tasks run in; none where the table lacks a price."""
    names = ("nat.hour", "ipv4.hour", "nat.gb", "endpoint.hour", "endpoint.gb")
    prices = [amount for name in names if (amount := table.get(name)) is not None]
    if len(prices) < len(names):
        return []
    nat, address, nat_gb, endpoint, endpoint_gb = prices
    found = []
    by_vpc: dict[Resource, list[Service]] = {}
    for service in services(app):
        for subnet in service.subnets[:1]:
            vpc = vpc_of(app, subnet)
            if vpc is not None:
                by_vpc.setdefault(vpc, []).append(service)
    for vpc, inside in by_vpc.items():
        zones = max(len(service.subnets) for service in inside)
        gateways = _gateways(app, vpc)
        needed = interface_endpoints({feature for service in inside for feature in _features(service)})
        found.append(
            WaysOut(
                path=vpc.path,
                zones=zones,
                gateways=gateways or zones,
                nat=(nat + address) * (gateways or zones) * table.hours,
                nat_gb=nat_gb,
                endpoints=needed,
                instead=endpoint * len(needed) * zones * table.hours,
                endpoint_gb=endpoint_gb,
                has=_has(app, vpc, gateways),
            )
        )
    return found


def _features(service: Service) -> Iterable[Feature]:
    """What the tasks of a service use, as far as their definition shows it."""
    if not service.fargate:
        yield Feature.MACHINES
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


def _has(app: App, vpc: Resource, gateways: int) -> str:
    endpoints = any(
        endpoint.get("VpcEndpointType") == "Interface" and vpc_of(app, endpoint) is vpc
        for endpoint in app.of("AWS::EC2::VPCEndpoint")
    )
    return " and ".join(name for name, there in (("NAT", gateways), ("endpoints", endpoints)) if there) or "neither"
