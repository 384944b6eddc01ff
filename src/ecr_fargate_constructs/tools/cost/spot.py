"""Spot prices, which change: a price from the table, or the range down to AWS's largest discount."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal

    from ecr_fargate_constructs.tools.cost.prices import PriceTable


@dataclass(frozen=True, kw_only=True)
class SpotCost:
    """The monthly cost of Spot tasks or Spot instances.

    Attributes:
        what: The tasks or instances.
        unit: The unit of the prices.
        lowest: Lowest price of one per month.
        highest: Highest price of one per month.
        least: Smallest number.
        most: Largest number.
    """

    what: str
    unit: str
    lowest: Decimal
    highest: Decimal
    least: int
    most: int

    @property
    def least_monthly(self) -> Decimal:
        """Monthly cost of the least number at the lowest price."""
        return self.lowest * self.least

    @property
    def most_monthly(self) -> Decimal:
        """Monthly cost of the largest number at the highest price."""
        return self.highest * self.most


def spot_range(table: PriceTable, name: str, on_demand: Decimal, kind: str) -> tuple[Decimal, Decimal] | None:
    """Return the lowest and the highest price for one hour; None if the table has neither a price nor a share.

    Args:
        table: The prices.
        name: Name of the Spot price in the table.
        on_demand: The price without Spot, which is the highest price.
        kind: ``fargate`` or ``ec2``, which have different largest discounts.
    """
    price, share = table.get(name), table.get(f"{kind}.spot.lowest-share")
    if price is not None:
        return price, price
    return None if share is None else (on_demand * share, on_demand)
