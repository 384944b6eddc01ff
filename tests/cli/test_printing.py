"""What the commands print of others' text: as it is."""

from __future__ import annotations

import ast
import io
from pathlib import Path

from rich.table import Table

import ecr_fargate_constructs
from ecr_fargate_constructs.cli.printing import Console, escape
from ecr_fargate_constructs.cli.report import ConsoleProgress, print_error
from ecr_fargate_constructs.tools.errors import ToolError

ARN = "arn:aws:secretsmanager:us-east-1:000000004639:secret:prod/key"
PACKAGE = Path(ecr_fargate_constructs.__file__).parent


def _console() -> tuple[Console, io.StringIO]:
    file = io.StringIO()
    return Console(file=file, width=200), file


def test_the_arn_of_a_secret_is_printed_as_it_is() -> None:
    console, file = _console()
    console.print(escape(ARN))
    print_error(console, ToolError(f"no {ARN}", fix=f"make {ARN}"))
    table = Table()
    table.add_column()
    table.add_row(ARN)
    console.print(table)
    ConsoleProgress(console).note(f"about {ARN}")
    assert file.getvalue().count(ARN) == 5, file.getvalue()


def test_a_note_and_a_warning_stay_on_lines_of_their_own() -> None:
    console, file = _console()
    progress = ConsoleProgress(console)
    progress.note("one [bold]thing[/]")
    progress.note("another", kind="warning")
    assert file.getvalue() == "note one [bold]thing[/]\nwarning another\n"


def test_there_is_one_console() -> None:
    """Whoever imports rich's own, other than for types, prints pictures for names between colons."""
    for file in sorted(PACKAGE.rglob("*.py")):
        if file.name != "printing.py":
            assert not {"rich.console.Console", "rich.console", "rich.print"} & _imported(file), file


def _imported(file: Path) -> set[str]:
    """What a file imports at run time."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for_types = {
        id(each)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING"
        for each in ast.walk(block)
    }
    return {
        f"{each.module}.{name.name}"
        for each in ast.walk(tree)
        if isinstance(each, ast.ImportFrom) and id(each) not in for_types
        for name in each.names
    }
