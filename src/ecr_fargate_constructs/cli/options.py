"""The arguments and options that ``doctor``, ``cost`` and ``diagram`` share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from ecr_fargate_constructs._rules.plain_text import plain
from ecr_fargate_constructs.cli.printing import Console, escape
from ecr_fargate_constructs.tools.assembly.freshness import changed_since
from ecr_fargate_constructs.tools.assembly.loading import load

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.assembly.model import App

AppArgument: TypeAlias = Annotated[Path, typer.Argument(metavar="CDK_OUT", help="Folder that 'cdk synth' wrote.")]
Stacks: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--stack", help="Stack to read, as 'cdk list' names it; repeatable; all stacks by default."),
]
Output: TypeAlias = Annotated[
    Path | None, typer.Option("--output", "-o", dir_okay=False, help="File to write; standard output by default.")
]


def read_app(folder: Path, stacks: list[str] | None) -> App:
    """Read a cloud assembly; if the app has changed since, print a note on standard error."""
    app = load(folder, stacks or ())
    changed = changed_since(folder)
    if changed is not None:
        note = f"note: {changed.name} is newer than {folder}, which is therefore out of date; run 'cdk synth' again"
        Console(stderr=True, soft_wrap=True, highlight=False).print(escape(note))
    return app


def write(text: str, output: Path | None) -> None:
    """Write to a file, or to standard output."""
    if output is None:
        print(plain(text), end="")
    else:
        output.write_text(plain(text), encoding="utf-8")
