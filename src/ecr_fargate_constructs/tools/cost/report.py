"""Show a bill as rows, JSON or Markdown, and compare two bills."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ecr_fargate_constructs.tools.cost.bill import Bill
    from ecr_fargate_constructs.tools.cost.egress import EgressCost

_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Row:
    """A row of a table of costs.

    Attributes:
        what: The kind of resource, or the service.
        count: Quantity, as text.
        price: Price of one, as text.
        monthly: Cost per month, as text.
    """

    what: str
    count: str
    price: str
    monthly: str


@dataclass(frozen=True)
class Difference:
    """The cost of one kind of resource, or of one service's tasks, before and after a change."""

    what: str
    before: Decimal
    after: Decimal

    @property
    def change(self) -> Decimal:
        """The increase, negative for a decrease."""
        return self.after - self.before


def money(amount: Decimal) -> str:
    """Return an amount as text, to the cent."""
    return f"{amount.quantize(_CENT, ROUND_HALF_UP):,}"


def heading(bill: Bill) -> str:
    """Return the heading of a bill: currency, region and date of the prices."""
    table = bill.table
    return (
        f"{table.currency} per month of {table.hours} hours, list prices for {table.region} as of {table.date}, "
        "without the free tier or savings plans"
    )


def rows(bill: Bill) -> list[Row]:
    """Return the rows of a bill: fixed resources, then tasks at their least number, then Spot at its prices."""
    fixed = [Row(line.what, plain(line.count), plain(line.price), money(line.monthly)) for line in bill.fixed]
    tasks = [
        Row(
            f"tasks of {each.path} ({each.size})",
            str(each.least),
            f"{money(each.per_task)} per task",
            money(each.least_monthly),
        )
        for each in bill.services
    ]
    spot = [
        Row(
            each.what,
            str(each.least),
            f"{_range(each.lowest, each.highest)} per {each.unit}",
            _range(each.least_monthly, each.highest * each.least),
        )
        for each in bill.spot
    ]
    return fixed + tasks + spot


def totals(bill: Bill) -> list[tuple[str, Decimal]]:
    """Return the sums: without tasks, with the least number of tasks, and with the most if scaling allows more."""
    sums = [("fixed", bill.fixed_monthly), ("with tasks", bill.least_monthly)]
    if bill.highest_monthly != bill.least_monthly:
        lowest, highest = "with tasks, Spot at its lowest price", "with tasks, Spot at its highest price"
        sums[1:] = [(lowest, bill.least_monthly), (highest, bill.highest_monthly)]
    if bill.most_monthly != bill.highest_monthly:
        sums.append(("with the most tasks that scaling allows", bill.most_monthly))
    return sums


def spot_sentences(bill: Bill) -> list[str]:
    """Return the sentence that explains ranges of Spot prices; none if there is no range."""
    if all(each.lowest == each.highest for each in bill.spot):
        return []
    words = f"The highest one is the on-demand price as of {bill.table.date}; the lowest one is that price less"
    return [f"AWS changes Spot prices. {words} AWS's largest discount."]


def _range(lowest: Decimal, highest: Decimal) -> str:
    return money(lowest) if lowest == highest else f"{money(lowest)} to {money(highest)}"


def egress_sentences(egress: Iterable[EgressCost]) -> list[str]:
    """Compare NAT gateways with endpoints in words, one text per VPC."""
    return [
        f"{each.path} uses {each.uses}. {_gateways(each.gateways)} {money(each.nat)}, plus {plain(each.nat_gb)} per "
        f"GB. Endpoints in {each.zones} zones for {', '.join(each.endpoints)} cost {money(each.endpoints_monthly)}, "
        f"plus {plain(each.endpoint_gb)} per GB, and reach only AWS. Image layers go through the gateway endpoint for "
        "S3, which is free."
        for each in egress
    ]


def _gateways(gateways: int) -> str:
    one, several = "A NAT gateway with its address costs", f"{gateways} NAT gateways with their addresses cost"
    return one if gateways == 1 else several


def compare(before: Bill, after: Bill) -> list[Difference]:
    """Compare two bills line by line, the largest change first."""
    amounts: dict[str, list[Decimal]] = {}
    for index, bill in enumerate((before, after)):
        for line in bill.fixed:
            amounts.setdefault(line.what, [Decimal(0), Decimal(0)])[index] += line.monthly
        for each in bill.services:
            amounts.setdefault(f"tasks of {each.path}", [Decimal(0), Decimal(0)])[index] += each.least_monthly
        for spot in bill.spot:
            what = f"{spot.what.partition(' (')[0]}, at the lowest price"
            amounts.setdefault(what, [Decimal(0), Decimal(0)])[index] += spot.least_monthly
    differences = [Difference(what, first, second) for what, (first, second) in amounts.items()]
    return sorted(differences, key=lambda each: (-abs(each.change), each.what))


def as_dict(bill: Bill, egress: Sequence[EgressCost]) -> dict[str, Any]:
    """Return a bill for JSON; amounts are text, so that no digit is lost."""
    table = bill.table
    return {
        "currency": table.currency,
        "region": table.region,
        "pricesAsOf": table.date,
        "hours": plain(table.hours),
        "fixed": [
            {
                "what": line.what,
                "count": plain(line.count),
                "price": plain(line.price),
                "monthly": money(line.monthly),
            }
            for line in bill.fixed
        ],
        "services": [
            {
                "path": each.path,
                "size": each.size,
                "perTask": money(each.per_task),
                "leastTasks": each.least,
                "mostTasks": each.most,
                "leastMonthly": money(each.least_monthly),
                "mostMonthly": money(each.most_monthly),
            }
            for each in bill.services
        ],
        "spot": [
            {
                "what": each.what,
                "lowestPrice": money(each.lowest),
                "highestPrice": money(each.highest),
                "least": each.least,
                "most": each.most,
                "leastMonthly": money(each.least_monthly),
                "mostMonthly": money(each.most_monthly),
            }
            for each in bill.spot
        ],
        "byUse": [{"what": each.what, "price": plain(each.price)} for each in bill.usage],
        "notPriced": list(bill.unpriced),
        "fixedMonthly": money(bill.fixed_monthly),
        "leastMonthly": money(bill.least_monthly),
        "mostMonthly": money(bill.most_monthly),
        "waysOut": [
            {
                "vpc": each.path,
                "has": each.uses,
                "zones": each.zones,
                "natGateways": each.gateways,
                "nat": money(each.nat),
                "natGb": plain(each.nat_gb),
                "endpoints": list(each.endpoints),
                "endpointsMonthly": money(each.endpoints_monthly),
                "endpointGb": plain(each.endpoint_gb),
            }
            for each in egress
        ],
    }


def differences_as_dict(before: Bill, after: Bill) -> dict[str, Any]:
    """Return the comparison of two bills for JSON."""
    return {
        "currency": after.table.currency,
        "region": after.table.region,
        "pricesAsOf": after.table.date,
        "differences": [
            {
                "what": each.what,
                "before": money(each.before),
                "after": money(each.after),
                "change": money(each.change),
            }
            for each in compare(before, after)
        ],
        "before": money(before.least_monthly),
        "after": money(after.least_monthly),
        "change": money(after.least_monthly - before.least_monthly),
        "notPriced": {"before": list(before.unpriced), "after": list(after.unpriced)},
    }


def markdown(bill: Bill, egress: Sequence[EgressCost]) -> str:
    """Return a bill as Markdown."""
    lines = [f"{heading(bill)}.", "", "| item | count | price | per month |", "|---|--:|--:|--:|"]
    lines += [f"| {row.what} | {row.count} | {row.price} | {row.monthly} |" for row in rows(bill)]
    lines += [f"| **{name}** | | | **{money(amount)}** |" for name, amount in totals(bill)]
    lines += [line for each in spot_sentences(bill) for line in ("", each)]
    if bill.usage:
        lines += ["", "Usage-based:", ""] + [f"- {each.what}: {plain(each.price)}" for each in bill.usage]
    if bill.unpriced:
        lines += ["", "Not priced:", ""] + [f"- {each}" for each in bill.unpriced]
    if egress:
        lines += ["", "NAT or endpoints:", ""] + [f"- {each}" for each in egress_sentences(egress)]
    return "\n".join(lines) + "\n"


def differences_as_markdown(before: Bill, after: Bill) -> str:
    """Return the comparison of two bills as Markdown."""
    lines = [f"{heading(after)}.", "", "| item | before | after | change |", "|---|--:|--:|--:|"]
    lines += [
        f"| {each.what} | {money(each.before)} | {money(each.after)} | {signed(each.change)} |"
        for each in compare(before, after)
    ]
    change = after.least_monthly - before.least_monthly
    sums = (money(before.least_monthly), money(after.least_monthly), signed(change))
    lines.append(f"| **with tasks** | {' | '.join(f'**{each}**' for each in sums)} |")
    notes = dict.fromkeys([*spot_sentences(before), *spot_sentences(after)])
    lines += [line for each in notes for line in ("", each)]
    unpriced = dict.fromkeys([*before.unpriced, *after.unpriced])
    if unpriced:
        lines += ["", "Not priced:", ""] + [f"- {each}" for each in unpriced]
    return "\n".join(lines) + "\n"


def signed(amount: Decimal) -> str:
    """Return a change as text with its sign."""
    text = money(amount)
    return f"+{text}" if amount > 0 else text


def plain(number: Decimal) -> str:
    """Return a number without an exponent; one with a single decimal gets a second one."""
    digits = number.normalize()
    return f"{number.quantize(_CENT) if digits.as_tuple().exponent == -1 else digits:f}"
