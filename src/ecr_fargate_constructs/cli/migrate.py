"""``ecr-fargate migrate``: Python that uses this library, from a Copilot manifest or a compose file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from ecr_fargate_constructs._rules.plain_text import plain
from ecr_fargate_constructs.cli.options import Json  # noqa: TC001 - typer reads annotations
from ecr_fargate_constructs.cli.printing import Console
from ecr_fargate_constructs.tools.errors import LocalError
from ecr_fargate_constructs.tools.migrate.ledger import Kind
from ecr_fargate_constructs.tools.migrate.program_of import Source, SourceError, migrate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs.tools.migrate.ledger import Finding
    from ecr_fargate_constructs.tools.migrate.program_of import Migration

_LARGEST = 1024 * 1024
_COLOURS = {Kind.LEFT_OUT: "red", Kind.CHECK: "yellow"}

_Files = Annotated[
    list[Path],
    typer.Argument(exists=True, dir_okay=False, help="A compose file, or Copilot manifests of one application."),
]
_Output = Annotated[Path | None, typer.Option("--output", "-o", help="Write the program here, to a new file.")]
_Environment = Annotated[str | None, typer.Option(help="Environment of Copilot whose overrides are taken.")]
_Variables = Annotated[
    list[str] | None, typer.Option("--variable", help="NAME=VALUE, for ${NAME} in the file; may be repeated.")
]
_Format = Annotated[str, typer.Option("--format", help="text, or json.")]


def migrate_command(
    files: _Files,
    output: _Output = None,
    environment: _Environment = None,
    variable: _Variables = None,
    form: _Format = "text",
    as_json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """Write Python that uses this library from a Copilot manifest or a compose file.

    The program goes to standard output, or to a new file with --output. What could not be carried over, and what has
    to be looked at, is listed on standard error with its line, the reason and what to do.

    Variables are filled in from --variable and from the defaults in the file: neither the shell's environment nor .env
    is read, so that no secret of this machine gets into the program.
    """
    form = "json" if as_json else form
    if form not in {"text", "json"}:
        raise LocalError(f"--format {form} is not known", fix="use text or json")
    sources = [_source(file) for file in files]
    try:
        migration = migrate(sources, variables=_pairs(variable or []), environment=environment)
    except SourceError as error:
        raise LocalError(str(error)) from error
    if output is not None:
        _write(output, migration.program)
    if form == "json":
        print(json.dumps(_as_dict(migration, output), indent=2))
        return
    if output is None:
        print(migration.program, end="")
    _show(Console(stderr=True, soft_wrap=True), migration, output)


def _source(file: Path) -> Source:
    if file.stat().st_size > _LARGEST:
        raise LocalError(f"{file}: it is larger than such files are (1 MiB)")
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise LocalError(f"{file}: it is not text in UTF-8") from error
    except OSError as error:
        raise LocalError(f"{file}: {error.strerror}") from error
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
        return file.read_text(encoding="utf-8-sig") if file.stat().st_size <= _LARGEST else None
    except (OSError, ValueError):
        return None


def _pairs(texts: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator or not name.isidentifier():
            raise LocalError(f"--variable {text!r} is not NAME=VALUE")
        found[name] = value
    return found


def _write(output: Path, program: str) -> None:
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(program)
    except FileExistsError as error:
        raise LocalError(f"{output} exists, and is left as it is", fix="name a new file") from error
    except OSError as error:
        raise LocalError(f"{output}: {error.strerror}") from error


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
        f"{left_out} left out, {_count(migration, Kind.CHECK)} to check; everything else is carried over",
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
