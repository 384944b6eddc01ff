"""``ecr-fargate cost``: what a synthesized app costs a month."""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from ecr_fargate_constructs.cli.options import AppArgument, Json, Output, Stacks, read_app, write
from ecr_fargate_constructs.cli.printing import Console, escape
from ecr_fargate_constructs.tools.cost import report
from ecr_fargate_constructs.tools.cost.bill import bill_of
from ecr_fargate_constructs.tools.cost.prices import price_table
from ecr_fargate_constructs.tools.cost.ways_out import ways_out

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.cost.bill import Bill
    from ecr_fargate_constructs.tools.cost.ways_out import WaysOut


class Format(str, Enum):
    """How costs are printed."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


def cost_command(
    app: AppArgument = Path("cdk.out"),
    stack: Stacks = None,
    compare: Annotated[
        Path | None, typer.Option(metavar="CDK_OUT", help="Another synthesized app: the one before.", exists=True)
    ] = None,
    prices: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A price table of your own, as JSON.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How costs are printed.")] = Format.TEXT,
    as_json: Json = False,  # noqa: FBT002 - a flag
    output: Output = None,
) -> None:
    """Say what an app costs a month, fixed and for each task. Reads cdk.out; any CDK app will do.

    The prices are list prices; their date and region are printed with them. What has no price in the table is named,
    and is in no sum.
    """
    form = Format.JSON if as_json else form
    table = price_table(prices)
    found = read_app(app, stack)
    after = bill_of(found, table)
    ways = ways_out(found, table) if compare is None else []
    if compare is None:
        match form:
            case Format.JSON:
                write(json.dumps(report.as_dict(after, ways), indent=2) + "\n", output)
            case Format.MARKDOWN:
                write(report.markdown(after, ways), output)
            case Format.TEXT:
                _print(output, _bill(after), _notes(after, ways))
        return
    earlier = read_app(compare, stack)
    before = bill_of(earlier, table)
    match form:
        case Format.JSON:
            write(json.dumps(report.differences_as_dict(before, after), indent=2) + "\n", output)
        case Format.MARKDOWN:
            write(report.differences_as_markdown(before, after), output)
        case Format.TEXT:
            unpriced = [f"not priced: {each}" for each in dict.fromkeys([*before.unpriced, *after.unpriced])]
            _print(output, _differences(before, after), unpriced)


def _print(output: Path | None, table: Table, notes: list[str]) -> None:
    def show(console: Console) -> None:
        console.print(table)
        for note in notes:
            console.print(escape(note), soft_wrap=True)

    if output is None:
        show(Console(highlight=False))
        return
    with output.open("w", encoding="utf-8") as file:
        show(Console(file=file, highlight=False, width=120))


def _bill(bill: Bill) -> Table:
    table = _empty(bill, "what", "count", "price", "a month")
    for row in report.rows(bill):
        table.add_row(escape(row.what), row.count, row.price, report.money(row.monthly))
    table.add_section()
    for name, amount in report.totals(bill):
        table.add_row(f"[bold]{name}[/]", "", "", f"[bold]{report.money(amount)}[/]")
    return table


def _notes(bill: Bill, ways: list[WaysOut]) -> list[str]:
    notes = [f"by use: {each.what}, {report.plain(each.price)}" for each in bill.usage]
    notes += [f"not priced: {each}" for each in bill.unpriced]
    return notes + [f"NAT or endpoints: {each}" for each in report.ways_in_words(ways)]


def _differences(before: Bill, after: Bill) -> Table:
    table = _empty(after, "what", "before", "after", "change")
    for each in report.compare(before, after):
        table.add_row(
            escape(each.what), report.money(each.before), report.money(each.after), report.signed(each.change)
        )
    table.add_section()
    change = after.least_monthly - before.least_monthly
    table.add_row(
        "[bold]with tasks[/]",
        report.money(before.least_monthly),
        report.money(after.least_monthly),
        f"[bold]{report.signed(change)}[/]",
    )
    return table


def _empty(bill: Bill, first: str, *others: str) -> Table:
    table = Table(title=report.heading(bill), title_justify="left")
    table.add_column(first, overflow="fold")
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    return table
