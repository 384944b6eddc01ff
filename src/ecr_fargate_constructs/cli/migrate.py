"""``ecr-fargate migrate``: write a Python program with this library from a Copilot manifest or a compose file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from ecr_fargate_constructs._rules.plain_text import plain
from ecr_fargate_constructs.cli.formats import Format, FormatOption
from ecr_fargate_constructs.cli.printing import Console
from ecr_fargate_constructs.tools.errors import ToolError
from ecr_fargate_constructs.tools.migrate.ledger import Kind
from ecr_fargate_constructs.tools.migrate.program_of import Source, migrate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs.tools.migrate.ledger import Finding
    from ecr_fargate_constructs.tools.migrate.program_of import Migration

_MAX_BYTES = 1024 * 1024
_COLOURS = {Kind.LEFT_OUT: "red", Kind.CHECK: "yellow"}

_Files = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE", exists=True, dir_okay=False, help="A compose file, or the Copilot manifests of one application."
    ),
]
_Output = Annotated[Path | None, typer.Option("--output", "-o", help="New file for the program.")]
_Environment = Annotated[str | None, typer.Option(help="Copilot environment whose overrides apply.")]
_Variables = Annotated[
    list[str] | None, typer.Option("--variable", help="NAME=VALUE, for ${NAME} in the file; repeatable.")
]


def migrate_command(
    files: _Files,
    output: _Output = None,
    environment: _Environment = None,
    variable: _Variables = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Write a Python program with this library from a Copilot manifest or a compose file.

    The program goes to standard output, or to a new file with --output. Settings that could not be carried over, and
    settings to check, are listed on standard error with the line, the reason and what to do.

    Variables get their values from --variable and from the defaults in the file. The shell's environment and .env are
    not read, so that no secret of this machine gets into the program.
    """
    sources = [_source(file) for file in files]
    migration = migrate(sources, variables=_pairs(variable or []), environment=environment)
    if output is not None:
        _write(output, migration.program)
    if form is Format.JSON:
        print(json.dumps(_as_dict(migration, output), indent=2))
        return
    if output is None:
        print(migration.program, end="")
    _show(Console(stderr=True, soft_wrap=True), migration, output)


def _source(file: Path) -> Source:
    if file.stat().st_size > _MAX_BYTES:
        raise ToolError(f"{file} is larger than 1 MiB", fix="give a Copilot manifest or a compose file")
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ToolError(f"{file} is not UTF-8 text") from error
    except OSError as error:
        raise ToolError(f"{file}: {error.strerror}") from error
    folder = file.resolve().parent
    prefix = Path(os.path.relpath(folder)).as_posix()
    return Source(
        name=str(file),
        text=text,
        directory=folder.name,
        prefix="" if prefix == "." else prefix,
        read=lambda path: _beside(folder / path),
    )


def _beside(file: Path) -> str | None:
    """Read a file that a compose file names; None for one that is not there, is no text or is too large."""
    try:
        return file.read_text(encoding="utf-8-sig") if file.stat().st_size <= _MAX_BYTES else None
    except (OSError, ValueError):
        return None


def _pairs(texts: Sequence[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator or not name.isidentifier():
            raise ToolError(f"--variable {text!r} is not NAME=VALUE")
        pairs[name] = value
    return pairs


def _write(output: Path, program: str) -> None:
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(program)
    except FileExistsError as error:
        raise ToolError(f"{output} already exists, and is not overwritten", fix="name a new file") from error
    except OSError as error:
        raise ToolError(f"{output}: {error.strerror}") from error


def _show(console: Console, migration: Migration, output: Path | None) -> None:
    if output is not None:
        console.print(f"wrote {output}", highlight=False, markup=False)
    for name, findings in migration.findings.items():
        for each in findings:
            text = Text()
            text.append(f"{plain(name)}:{each.line}: ", style="dim")
            text.append(plain(each.place), style="bold")
            text.append(f" ({each.kind.value}): ", style=_COLOURS[each.kind])
            text.append(f"{plain(each.reason)}\n")
            text.append(f"    {plain(each.fix)}")
            console.print(text)
    left_out = _count(migration, Kind.LEFT_OUT)
    console.print(
        f"{left_out} left out, {_count(migration, Kind.CHECK)} to check; everything else was carried over",
        highlight=False,
    )


def _count(migration: Migration, kind: Kind) -> int:
    return sum(each.kind is kind for findings in migration.findings.values() for each in findings)


def _as_dict(migration: Migration, output: Path | None) -> dict[str, object]:
    return {
        "program": migration.program if output is None else None,
        "output": None if output is None else str(output),
        "findings": [_finding(name, each) for name, findings in migration.findings.items() for each in findings],
    }


def _finding(name: str, each: Finding) -> dict[str, object]:
    return {
        "file": name,
        "line": each.line,
        "key": each.place,
        "kind": each.kind.value,
        "reason": each.reason,
        "fix": each.fix,
    }
