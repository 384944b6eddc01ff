"""Calculate the cost of EC2 instances and their volumes."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.machines import GROUP, Machines
from ecr_fargate_constructs.tools.cost.spot import SpotCost, spot_range

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.cost.prices import PriceTable

_HOUR = "ec2.{}.hour"


@dataclass
class MachineCosts:
    """The cost of all instances.

    Attributes:
        quantities: Name of the price, line of the bill, and quantity.
        spot: The Spot instances of each group.
        unpriced: Instances that are in no sum, with the reason.
    """

    quantities: list[tuple[str, str, Decimal]] = field(default_factory=list)
    spot: list[SpotCost] = field(default_factory=list)
    unpriced: list[str] = field(default_factory=list)


def machine_costs(app: App, table: PriceTable) -> MachineCosts:
    """Return the cost of an app's instances; a group counts with its minimum size."""
    costs = MachineCosts()
    for resource in app.of(GROUP, "AWS::EC2::Instance"):
        _add(costs, Machines(app, resource), table)
    return costs


def _add(costs: MachineCosts, machines: Machines, table: PriceTable) -> None:
    path, least, most = machines.resource.path, machines.least, machines.most
    if least is None or most is None or not machines.types:
        reason = "their number" if machines.types else "their type"
        costs.unpriced.append(f"instances of {path}: only the deployment knows {reason}")
        return
    for kind, size in machines.volumes:
        costs.quantities.append((f"ebs.{kind}.gb-month", f"GB of {kind} volumes", Decimal(least * size)))
    firm, spot = machines.on_demand(least), least - machines.on_demand(least)
    most_spot = most - machines.on_demand(most)
    types = machines.types
    if len(types) > 1:
        costs.unpriced.append(f"instances of {path}: EC2 chooses among {_priced(types, table)}")
        return
    if firm or not most_spot:
        costs.quantities.append((_HOUR.format(types[0]), f"{types[0]} instances", Decimal(firm)))
    on_demand = table.get(_HOUR.format(types[0]))
    if not most_spot or on_demand is None:
        if most_spot:
            costs.unpriced.append(f"Spot instances of {path}: no price named {_HOUR.format(types[0])}")
        return
    prices = spot_range(table, f"ec2.spot.{types[0]}.hour", on_demand, "ec2")
    if prices is None:
        costs.unpriced.append(f"Spot instances of {path}: the table has neither a price nor a share for Spot")
        return
    lowest, highest = (price * table.hours for price in prices)
    what = f"{types[0]} Spot instances of {path}"
    costs.spot.append(SpotCost(what=what, unit="instance", lowest=lowest, highest=highest, least=spot, most=most_spot))


def _priced(types: tuple[str, ...], table: PriceTable) -> str:
    """Return instance types as text, each with its monthly price if the table has one."""
    prices = ((each, table.get(_HOUR.format(each))) for each in types)
    return ", ".join(each if price is None else f"{each} ({price * table.hours:.2f})" for each, price in prices)
