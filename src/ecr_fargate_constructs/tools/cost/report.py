"""A bill as rows, as JSON and as Markdown, and two bills side by side."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ecr_fargate_constructs.tools.cost.bill import Bill
    from ecr_fargate_constructs.tools.cost.ways_out import WaysOut

_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Row:
    """A row of a table of costs.

    Attributes:
        what: What costs.
        count: How many, as text.
        price: Price of one, as text.
        monthly: What that is in a month.
    """

    what: str
    count: str
    price: str
    monthly: Decimal


@dataclass(frozen=True)
class Difference:
    """What something costs before and after."""

    what: str
    before: Decimal
    after: Decimal

    @property
    def change(self) -> Decimal:
        """What it costs more."""
        return self.after - self.before


def money(amount: Decimal) -> str:
    """An amount, to the cent."""
    return f"{amount.quantize(_CENT, ROUND_HALF_UP):,}"


def heading(bill: Bill) -> str:
    """What prices these are."""
    table = bill.table
    return (
        f"{table.currency} a month of {table.hours} hours, list prices of {table.region} as of {table.date}, without "
        "free tier and savings plans"
    )


def rows(bill: Bill) -> list[Row]:
    """What is always there, and the tasks at rest."""
    fixed = [Row(line.what, plain(line.count), plain(line.price), line.monthly) for line in bill.fixed]
    tasks = [
        Row(
            f"tasks of {each.path} ({each.size})", str(each.least), f"{money(each.per_task)} a task", each.least_monthly
        )
        for each in bill.services
    ]
    return fixed + tasks


def totals(bill: Bill) -> list[tuple[str, Decimal]]:
    """The sums: without tasks, at rest, and with all the tasks that scaling allows where it allows more."""
    found = [("fixed", bill.fixed_monthly), ("with tasks", bill.least_monthly)]
    if bill.most_monthly != bill.least_monthly:
        found.append(("with the most tasks that scaling allows", bill.most_monthly))
    return found


def ways_in_words(ways: Iterable[WaysOut]) -> list[str]:
    """NAT gateways against endpoints, a sentence for each VPC."""
    return [
        f"{way.path} has {way.has}. {_counted(way.gateways)} {money(way.nat)}, and {plain(way.nat_gb)} a GB; "
        f"endpoints in {way.zones} zones for {', '.join(way.endpoints)} {money(way.instead)}, and "
        f"{plain(way.endpoint_gb)} a GB, and lead to AWS only. Image layers take the gateway endpoint for S3, which is "
        "free."
        for way in ways
    ]


def _counted(gateways: int) -> str:
    one, several = "A NAT gateway with its address costs", f"{gateways} NAT gateways with their addresses cost"
    return one if gateways == 1 else several


def compare(before: Bill, after: Bill) -> list[Difference]:
    """What each thing costs in one bill and in the other; the greatest change first."""
    amounts: dict[str, list[Decimal]] = {}
    for place, bill in enumerate((before, after)):
        for line in bill.fixed:
            amounts.setdefault(line.what, [Decimal(0), Decimal(0)])[place] += line.monthly
        for each in bill.services:
            amounts.setdefault(f"tasks of {each.path}", [Decimal(0), Decimal(0)])[place] += each.least_monthly
    found = [Difference(what, first, second) for what, (first, second) in amounts.items()]
    return sorted(found, key=lambda each: (-abs(each.change), each.what))


def as_dict(bill: Bill, ways: Sequence[WaysOut]) -> dict[str, Any]:
    """A bill as JSON has it; amounts are text, so that no digit is lost."""
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
        "byUse": [{"what": each.what, "price": plain(each.price)} for each in bill.usage],
        "notPriced": list(bill.unpriced),
        "fixedMonthly": money(bill.fixed_monthly),
        "leastMonthly": money(bill.least_monthly),
        "mostMonthly": money(bill.most_monthly),
        "waysOut": [
            {
                "vpc": way.path,
                "has": way.has,
                "zones": way.zones,
                "natGateways": way.gateways,
                "nat": money(way.nat),
                "natGb": plain(way.nat_gb),
                "endpoints": list(way.endpoints),
                "endpointsMonthly": money(way.instead),
                "endpointGb": plain(way.endpoint_gb),
            }
            for way in ways
        ],
    }


def differences_as_dict(before: Bill, after: Bill) -> dict[str, Any]:
    """Two bills as JSON has them."""
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


def markdown(bill: Bill, ways: Sequence[WaysOut]) -> str:
    """A bill as Markdown."""
    lines = [f"{heading(bill)}.", "", "| what | count | price | a month |", "|---|--:|--:|--:|"]
    lines += [f"| {row.what} | {row.count} | {row.price} | {money(row.monthly)} |" for row in rows(bill)]
    lines += [f"| **{name}** | | | **{money(amount)}** |" for name, amount in totals(bill)]
    if bill.usage:
        lines += ["", "By use:", ""] + [f"- {each.what}: {plain(each.price)}" for each in bill.usage]
    if bill.unpriced:
        lines += ["", "Not priced:", ""] + [f"- {each}" for each in bill.unpriced]
    if ways:
        lines += ["", "NAT or endpoints:", ""] + [f"- {each}" for each in ways_in_words(ways)]
    return "\n".join(lines) + "\n"


def differences_as_markdown(before: Bill, after: Bill) -> str:
    """Two bills as Markdown."""
    lines = [f"{heading(after)}.", "", "| what | before | after | change |", "|---|--:|--:|--:|"]
    lines += [
        f"| {each.what} | {money(each.before)} | {money(each.after)} | {signed(each.change)} |"
        for each in compare(before, after)
    ]
    change = after.least_monthly - before.least_monthly
    sums = (money(before.least_monthly), money(after.least_monthly), signed(change))
    lines.append(f"| **with tasks** | {' | '.join(f'**{each}**' for each in sums)} |")
    unpriced = dict.fromkeys([*before.unpriced, *after.unpriced])
    if unpriced:
        lines += ["", "Not priced:", ""] + [f"- {each}" for each in unpriced]
    return "\n".join(lines) + "\n"


def signed(amount: Decimal) -> str:
    """A change, with its sign."""
    shown = money(amount)
    return f"+{shown}" if amount > 0 else shown


def plain(number: Decimal) -> str:
    """A number without an exponent; prices below a cent keep their digits, others have two."""
    digits = number.normalize()
    return f"{number.quantize(_CENT) if digits.as_tuple().exponent == -1 else digits:f}"
