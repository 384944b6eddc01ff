"""``ecr-fargate preview``: deploy an app once more under a name, list such previews, and delete them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from ecr_fargate_constructs._rules import previews
from ecr_fargate_constructs.cli.aws_options import EndpointUrl, clients_at
from ecr_fargate_constructs.cli.formats import Format, FormatOption
from ecr_fargate_constructs.cli.printing import Console, escape
from ecr_fargate_constructs.tools.errors import ToolError
from ecr_fargate_constructs.tools.preview.stacks import PreviewStack, chosen, delete, preview_stacks

if TYPE_CHECKING:
    from collections.abc import Sequence

preview = typer.Typer(
    help="Deploy an app once more under a name, for a while.", no_args_is_help=True, rich_markup_mode=None
)

_Name = Annotated[str, typer.Argument(help="Name of the preview, such as pr-12.")]


@preview.command("up", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def up_command(
    context: typer.Context,
    name: _Name,
    expires_in: Annotated[str, typer.Option("--expires-in", help="Time until it is deleted: 12h, 7d.")] = "7d",
    app_dir: Annotated[
        Path, typer.Option("--app-dir", exists=True, file_okay=False, help="Folder of cdk.json.")
    ] = Path(),
) -> None:
    """Deploy a preview, or deploy it again; its time begins anew.

    Runs 'cdk deploy' with the context preview=NAME, for which the app makes a PreviewStack. Further options go to the
    CDK command line. Stacks that the preview uses, such as that of the load balancer, are not deployed.

    For example: ecr-fargate preview up pr-12 --expires-in 2d
    """
    if not previews.is_name(name):
        raise ToolError(
            f"{name!r} cannot be a part of a host name",
            fix=f"use {previews.NAMES}, for example {previews.suggestion(name)}",
        )
    period = previews.period(expires_in)
    if period is None:
        raise ToolError(f"--expires-in {expires_in} is not a time", fix="use hours or days, 365 days at most: 12h, 7d")
    command = deploy_command(_cdk(app_dir), name, datetime.now(timezone.utc) + period, context.args)
    status = subprocess.run(command, cwd=app_dir, check=False).returncode  # noqa: S603 - the CDK command line
    if status:
        raise ToolError(
            f"cdk deploy failed with the status {status}",
            fix="read its message above; if no stack matches, the app makes no PreviewStack: Preview.of(app) says for "
            "which preview it is synthesized",
        )


def deploy_command(cdk: str, name: str, expires: datetime, options: Sequence[str]) -> list[str]:
    """Return the command that deploys a preview's stacks alone."""
    values = ((previews.CONTEXT, name), (previews.CONTEXT_EXPIRES, previews.written(expires)))
    context = [word for key, value in values for word in ("--context", f"{key}={value}")]
    return [cdk, "deploy", *context, "--exclusively", "--require-approval", "never", *options, f"*-preview-{name}"]


@preview.command("down")
def down_command(
    names: Annotated[list[str] | None, typer.Argument(help="Names of previews.")] = None,
    expired: Annotated[bool, typer.Option("--expired", help="Those whose time is over.")] = False,  # noqa: FBT002 - a flag
    endpoint_url: EndpointUrl = None,
) -> None:
    """Delete previews, and wait until they are gone. Needs no app: it finds their stacks by a tag."""
    if bool(names) == expired:
        raise ToolError("it is not clear which previews to delete", fix="name previews, or use --expired")
    cloudformation = clients_at(endpoint_url)("cloudformation")
    stacks, console = preview_stacks(cloudformation), Console()
    now = datetime.now(timezone.utc)
    doomed = [each for each in stacks if each.expired(now)] if expired else chosen(stacks, names or ())
    delete(cloudformation, doomed, lambda each: console.print(f"deleted {escape(each.name)}"))
    if not doomed:
        console.print("no preview has expired")


@preview.command("list")
def list_command(form: FormatOption = Format.TEXT, endpoint_url: EndpointUrl = None) -> None:
    """List the previews of the account and region.

    With --format json it prints a list of objects.
    """
    stacks = preview_stacks(clients_at(endpoint_url)("cloudformation"))
    if form is Format.JSON:
        print(json.dumps([each.as_json() for each in stacks], indent=2))
        return
    table = Table("preview", "stack", "status", "deleted at (UTC)", "URL")
    for each in stacks:
        table.add_row(*(escape(text) for text in _row(each, datetime.now(timezone.utc))))
    Console().print(table if stacks else "there is no preview")


def _row(stack: PreviewStack, now: datetime) -> tuple[str, ...]:
    expires = "" if stack.expires is None else f"{stack.expires:%Y-%m-%d %H:%M}"
    return (
        stack.preview,
        stack.name,
        stack.status,
        f"{expires} (over)" if stack.expired(now) else expires or "never",
        stack.url or "",
    )


def _cdk(app_dir: Path) -> str:
    """Return the CDK command line of the app, or else the first one of the search path."""
    own = app_dir.resolve() / "node_modules" / ".bin" / ("cdk.cmd" if sys.platform == "win32" else "cdk")
    found = str(own) if own.exists() else shutil.which("cdk")
    if found is None:
        raise ToolError("the CDK command line was not found", fix="npm install aws-cdk")
    return found
