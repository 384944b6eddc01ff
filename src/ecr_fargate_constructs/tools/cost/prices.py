"""Read a table of list prices: the user's file, or the library's for us-east-1, which has no Spot prices."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.data import text_of
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_FORM = '{"region": "eu-west-1", "date": "2026-06", "currency": "USD", "hours": 730, "prices": {"alb.hour": "0.0252"}}'


@dataclass(frozen=True, kw_only=True)
class PriceTable:
    """List prices of a region.

    Attributes:
        region: The region.
        date: Date of the prices.
        currency: The currency.
        hours: Hours per month.
        prices: The prices by name.
    """

    region: str
    date: str
    currency: str
    hours: Decimal
    prices: Mapping[str, Decimal]

    def get(self, name: str) -> Decimal | None:
        """Return the price with this name, or None."""
        return self.prices.get(name)


def price_table(file: Path | None = None) -> PriceTable:
    """Read the price table in a file; without one, the built-in table of us-east-1.

    Raises:
        ToolError: The file holds no price table.
    """
    text = text_of("prices-us-east-1") if file is None else file.read_text(encoding="utf-8")
    try:
        content = json.loads(text)
        prices = {str(name): Decimal(str(price)) for name, price in content["prices"].items()}
        hours = Decimal(str(content.get("hours", 730)))
        return PriceTable(
            region=str(content["region"]),
            date=str(content["date"]),
            currency=str(content.get("currency", "USD")),
            hours=hours,
            prices=prices,
        )
    except (ValueError, KeyError, TypeError, AttributeError, InvalidOperation) as error:
        raise ToolError(
            f"{file} holds no price table ({type(error).__name__}: {error})", fix=f"give a file of the form {_FORM}"
        ) from error
