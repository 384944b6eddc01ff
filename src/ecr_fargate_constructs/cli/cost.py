"""``ecr-fargate cost``: estimate what a synthesized app costs per month."""

from __future__ import annotations

import json
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from ecr_fargate_constructs.cli.options import AppArgument, Output, Stacks, read_app, write
from ecr_fargate_constructs.cli.printing import Console, escape
from ecr_fargate_constructs.tools.assembly.stacks import stacks
from ecr_fargate_constructs.tools.cost import report
from ecr_fargate_constructs.tools.cost.bill import bill_of
from ecr_fargate_constructs.tools.cost.egress import egress_costs
from ecr_fargate_constructs.tools.cost.prices import price_table

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.cost.bill import Bill
    from ecr_fargate_constructs.tools.cost.egress import EgressCost


class Format(str, Enum):
    """The output formats of ``cost``."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


def cost_command(
    app: AppArgument = Path("cdk.out"),
    stack: Stacks = None,
    compare: Annotated[
        Path | None, typer.Option(metavar="CDK_OUT", help="Compare with this earlier synthesized app.", exists=True)
    ] = None,
    prices: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Your own price table, in JSON.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="Output format.")] = Format.TEXT,
    output: Output = None,
) -> None:
    """Estimate what an app costs per month: fixed costs and tasks. Reads the cdk.out of any CDK app.

    The prices are list prices; their date and region are printed with them. Resources without a price in the table are
    listed, and are in no sum.
    """
    table = price_table(prices)
    current = read_app(app, stack)
    after = bill_of(current, table)
    if compare is None:
        egress = egress_costs(current, table)
        match form:
            case Format.JSON:
                write(json.dumps(report.as_dict(after, egress), indent=2) + "\n", output)
            case Format.MARKDOWN:
                write(report.markdown(after, egress), output)
            case Format.TEXT:
                _print(output, _bill(after), _notes(after, egress))
        return
    before = bill_of(_earlier(compare, stack), table)
    match form:
        case Format.JSON:
            write(json.dumps(report.differences_as_dict(before, after), indent=2) + "\n", output)
        case Format.MARKDOWN:
            write(report.differences_as_markdown(before, after), output)
        case Format.TEXT:
            notes = [*report.spot_sentences(before), *report.spot_sentences(after)]
            notes += [f"not priced: {each}" for each in (*before.unpriced, *after.unpriced)]
            _print(output, _differences(before, after), list(dict.fromkeys(notes)))


def _earlier(folder: Path, names: list[str] | None) -> App:
    """Read the app to compare with, where stacks that the change creates do not exist and cost nothing."""
    existing = [name for name in names or () if stacks(folder, [name])]
    if existing or not names:
        return read_app(folder, existing)
    return replace(read_app(folder, None), stacks=(), resources=(), images=())


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
    table = _empty(bill, "item", "count", "price", "per month")
    for row in report.rows(bill):
        table.add_row(escape(row.what), row.count, row.price, row.monthly)
    table.add_section()
    for name, amount in report.totals(bill):
        table.add_row(f"[bold]{name}[/]", "", "", f"[bold]{report.money(amount)}[/]")
    return table


def _notes(bill: Bill, egress: list[EgressCost]) -> list[str]:
    notes = report.spot_sentences(bill)
    notes += [f"usage-based: {each.what}, {report.plain(each.price)}" for each in bill.usage]
    notes += [f"not priced: {each}" for each in bill.unpriced]
    return notes + [f"NAT or endpoints: {each}" for each in report.egress_sentences(egress)]


def _differences(before: Bill, after: Bill) -> Table:
    table = _empty(after, "item", "before", "after", "change")
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
