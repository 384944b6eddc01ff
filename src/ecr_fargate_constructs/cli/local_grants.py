"""``ecr-fargate local grants``: list the grants of the app's roles, how often each was used, and the refusals."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from ecr_fargate_constructs.cli.formats import Format, FormatOption
from ecr_fargate_constructs.cli.local_options import AppDirectory, Port, aws_errors, running
from ecr_fargate_constructs.cli.printing import Console, escape
from ecr_fargate_constructs.local.app_status import app_status
from ecr_fargate_constructs.local.grants import compare, policies_of_roles, read_decisions, roles_of_stacks
from ecr_fargate_constructs.local.services import Cloud
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.grants import Grants


def grants(
    app_dir: AppDirectory = Path(),
    port: Port = None,
    unused: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--unused", help="Only what was never used.")
    ] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Show what each role of the app was granted, how often it used it, and what was refused to it.

    Counts since the embedded AWS was started. What was never used may still be needed: by another input, by a failure,
    or by a part of AWS that does not run here.
    """
    instance, memory = running(app_dir, port)
    cloud = Cloud(instance)
    with aws_errors(instance):
        stacks = app_status(cloud, instance.assembly, instance.port).stacks
        if not stacks:
            raise ToolError("no stack of this app is deployed", fix="deploy with 'ecr-fargate local up'")
        roles = roles_of_stacks(cloud.client("cloudformation"), stacks)
        found = compare(policies_of_roles(cloud.client("iam"), roles), read_decisions(instance, memory))
    if form is Format.JSON:
        rows = found.never_used if unused else found.grants
        refusals = [asdict(each) for each in found.refusals]
        print(json.dumps({"grants": [asdict(each) for each in rows], "refusals": refusals}, indent=2))
        return
    _show(Console(), found, unused=unused)


def _show(console: Console, found: Grants, *, unused: bool) -> None:
    rows = found.never_used if unused else found.grants
    table = Table(title=f"{len(found.grants)} grants, {len(found.never_used)} never used", title_justify="left")
    for column in ("role", "action", "resource", "used"):
        table.add_column(column, overflow="fold", justify="right" if column == "used" else "left")
    role = ""
    for each in rows:
        name, role = ("" if each.role == role else each.role), each.role
        resources = "\n".join(each.resources) + (" (with conditions)" if each.conditional else "")
        used = str(each.times) if each.times else "[yellow]never[/]"
        table.add_row(escape(name), escape(each.action), escape(resources), used)
    console.print(table)
    for refusal in found.refusals:
        console.print(f"[red]refused[/] {escape(refusal.refusal)} ({refusal.times} times)", soft_wrap=True)
