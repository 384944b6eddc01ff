"""``ecr-fargate doctor``: find what in a synthesized app will not start or will cause trouble."""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ecr_fargate_constructs.cli.options import (
    AppArgument,
    Output,
    Stacks,
    read_app,
    write,
)
from ecr_fargate_constructs.cli.printing import Console, escape
from ecr_fargate_constructs.tools.assembly.earlier import read_earlier
from ecr_fargate_constructs.tools.doctor.places import relative
from ecr_fargate_constructs.tools.doctor.rule import Severity
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.doctor.diagnosis import Diagnosis
    from ecr_fargate_constructs.tools.doctor.rule import Finding, Rule

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow"}


class Format(str, Enum):
    """The output formats of ``doctor``."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


def doctor_command(
    app: AppArgument = Path("cdk.out"),
    stack: Stacks = None,
    form: Annotated[Format, typer.Option("--format", help="Output format.")] = Format.TEXT,
    output: Output = None,
    fail_on: Annotated[
        Severity, typer.Option(help="Exit with 1 for a finding of this severity or worse.")
    ] = Severity.ERROR,
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="OLD",
            help="Check the update from what is deployed, too: an earlier cdk.out, or a stack's template.",
        ),
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option(help="Rule to ignore; repeatable.")] = None,
    rules: Annotated[bool, typer.Option("--rules", help="List the rules and exit.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Find what in an app will not start or will cause trouble, and say what to do. Reads the cdk.out of any CDK app.

    Exits with 1 if there is an error; with --fail-on warning also if there is a warning.
    """
    # The rules are many modules, which the help of this and of other commands does not need.
    from ecr_fargate_constructs.tools.doctor.diagnosis import diagnose  # noqa: PLC0415
    from ecr_fargate_constructs.tools.doctor.registry import RULES  # noqa: PLC0415

    if rules:
        if form is not Format.TEXT:
            write(json.dumps([_rule(rule) for rule in RULES], indent=2) + "\n", output)
            return
        Console().print("\n".join(f"{rule.id} ({rule.severity.value}): {rule.title}" for rule in RULES), markup=False)
        return
    unknown = sorted({*(ignore or [])} - {rule.id for rule in RULES})
    if unknown:
        raise ToolError(f"there is no rule {', '.join(unknown)}", fix="see 'ecr-fargate doctor --rules'")
    current = read_app(app, stack)
    earlier = None if against is None else read_earlier(against, current)
    diagnosis = diagnose(current, ignore or (), against=earlier)
    if form is Format.SARIF:
        from ecr_fargate_constructs.tools.doctor.sarif import sarif  # noqa: PLC0415 - as above

        write(json.dumps(sarif(diagnosis, Path.cwd()), indent=2) + "\n", output)
    elif form is Format.JSON:
        write(json.dumps(_as_dict(diagnosis), indent=2) + "\n", output)
    else:
        _show(diagnosis, output)
    if diagnosis.count(Severity.ERROR) or (fail_on is Severity.WARNING and diagnosis.findings):
        raise typer.Exit(1)


def _show(diagnosis: Diagnosis, output: Path | None) -> None:
    if output is None:
        _print(Console(soft_wrap=True, highlight=False), diagnosis)
        return
    with output.open("w", encoding="utf-8", errors="replace") as file:
        _print(Console(file=file, soft_wrap=True, highlight=False), diagnosis)


def _print(console: Console, diagnosis: Diagnosis) -> None:
    for finding in diagnosis.findings:
        colour = _COLOURS[finding.rule.severity]
        console.print(
            f"[bold {colour}]{finding.rule.severity.value}[/] [bold]{finding.rule.id}[/] {escape(finding.path)}"
        )
        console.print(f"  {escape(finding.detail)}{escape(_location(finding))}")
        console.print(f"  {escape(finding.rule.why)}")
        console.print(f"  [bold]do:[/]  {escape(finding.rule.fix)}")
        console.print(f"  [bold]see:[/] {escape(finding.rule.source)}\n")
    errors, warnings = diagnosis.count(Severity.ERROR), diagnosis.count(Severity.WARNING)
    acknowledged = f", {len(diagnosis.acknowledged)} acknowledged in the code" if diagnosis.acknowledged else ""
    console.print(f"{_plural(errors, 'error')}, {_plural(warnings, 'warning')}{acknowledged}")


def _location(finding: Finding) -> str:
    if finding.file is None:
        return ""
    line = "" if finding.line is None else f":{finding.line}"
    return f" ({relative(finding.file, Path.cwd())}{line})"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _as_dict(diagnosis: Diagnosis) -> dict[str, object]:
    return {
        "findings": [_finding(finding) for finding in diagnosis.findings],
        "acknowledged": [
            {**_finding(finding), "acknowledgement": reason} for finding, reason in diagnosis.acknowledged
        ],
    }


def _rule(rule: Rule) -> dict[str, object]:
    return {
        "rule": rule.id,
        "severity": rule.severity.value,
        "title": rule.title,
        "reason": rule.why,
        "fix": rule.fix,
        "source": rule.source,
    }


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "rule": finding.rule.id,
        "severity": finding.rule.severity.value,
        "path": finding.path,
        "logicalId": finding.logical_id,
        "detail": finding.detail,
        "reason": finding.rule.why,
        "fix": finding.rule.fix,
        "source": finding.rule.source,
        "file": relative(finding.file or finding.template, Path.cwd()),
        "line": finding.line,
    }
