"""Runs the cases, and writes what came out in a line each."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import assertions

from bad_input import cases_addresses, cases_contexts, cases_names, cases_scopes, cases_tokens, cases_values
from bad_input.case import Case, Expected, Passes, Place, Refused, RefusedAtSynth, Warned
from ecr_fargate_constructs import ConfigurationError
from ecr_fargate_constructs.testing.engine import diagnostics

if TYPE_CHECKING:
    from pathlib import Path

CASES: list[Case] = [
    *cases_contexts.CASES,
    *cases_values.CASES,
    *cases_names.CASES,
    *cases_addresses.CASES,
    *cases_scopes.CASES,
    *cases_tokens.CASES,
]
OURS = "ecr-fargate-constructs:"
_LONGEST = 700


@dataclass(frozen=True)
class Outcome:
    """What this library did."""

    text: str
    left: tuple[str, ...]
    """Constructs that were left behind."""
    error: ConfigurationError | None = None
    warnings: tuple[str, ...] = ()
    template: str = ""


def place_for(case: Case, folder: Path) -> Place:
    """A place of its own for a case."""
    place = Place(folder, region=case.region)
    if case.given is not None:
        place.given = case.given(place)
    return place


def run_ours(case: Case, folder: Path) -> Outcome:
    """Give the input to this library."""
    place = place_for(case, folder)
    before = _paths(place)
    try:
        made = case.ours(place)
    except ConfigurationError as error:
        left = tuple(sorted(_paths(place) - before))
        return Outcome(_plain(str(error), folder), left, error=error)
    if isinstance(case.expected, RefusedAtSynth):
        return Outcome(_plain(_refusal_of(place.app), folder), ())
    stack = made if isinstance(made, cdk.Stack) else place.stack
    template = "" if isinstance(case.expected, Warned) else json.dumps(_resources(stack, case.expected))
    return Outcome("", (), warnings=tuple(sorted(set(_warnings(stack)))), template=template)


def run_bare(case: Case, folder: Path) -> str:
    """Give the input to CDK's own construct, and say what came of it."""
    if case.bare is None:
        return "has nothing like it"
    place = place_for(case, folder)
    known = set(_warnings(place.stack))
    try:
        case.bare(place)
        template = assertions.Template.from_stack(place.stack).to_json()
    except Exception as error:  # noqa: BLE001 - whatever a user would see
        return f"raises `{type(error).__name__}`: {_code(_plain(_first(error), folder))}"
    said = sorted(set(_warnings(place.stack)) - known)
    findings = sorted({finding.rule_id for finding in diagnostics(template)} - _usual())
    if findings or said:
        return f"warns at synth: {', '.join(f'`{each}`' for each in [*said, *findings])}"
    return "**accepts it silently**"


def cell_of(case: Case, outcome: Outcome) -> str:
    """What the table says of this library."""
    match case.expected:
        case Refused() | RefusedAtSynth():
            kind = "`ConfigurationError`" if isinstance(case.expected, Refused) else "refuses it at synth"
            return f"{kind}: {_code(outcome.text)}"
        case Warned():
            return f"warning `{OURS}{case.expected.id}`"
        case Passes():
            return f"accepts it: {case.expected.because}"


def _paths(place: Place) -> set[str]:
    return {each.node.path for each in place.app.node.find_all()} | {
        each.node.path for each in place.stack.node.find_all()
    }


def _warnings(stack: cdk.Stack) -> list[str]:
    """Ids of the warnings in the app; their first words where they have none."""
    found = []
    for each in stack.node.root.node.find_all():
        for entry in each.node.metadata:
            if entry.type == "aws:cdk:warning":
                match = re.search(r"\[ack: (\S+)\]$", str(entry.data))
                found.append(match[1] if match else str(entry.data)[:60])
    return found


def _resources(stack: cdk.Stack, expected: Expected) -> Any:  # noqa: ANN401 - JSON
    """The resources; synthesized where the case looks for something in them."""
    if isinstance(expected, Passes) and not expected.found:
        return {}
    return assertions.Template.from_stack(stack).to_json()["Resources"]


def _refusal_of(app: cdk.App) -> str:
    try:
        app.synth()
    except RuntimeError as error:
        return str(error).splitlines()[1].strip()
    return "nothing"


_USUAL: set[str] = set()


def _usual() -> set[str]:
    """What the engine says of the pattern without any fault."""
    if not _USUAL:
        from pathlib import Path  # noqa: PLC0415

        from bad_input import bare  # noqa: PLC0415 - the table alone needs it

        place = Place(Path())
        bare.pattern(place)
        template = assertions.Template.from_stack(place.stack).to_json()
        _USUAL.update(finding.rule_id for finding in diagnostics(template))
        _USUAL.add("nothing")
    return _USUAL


def _first(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else ""


def _plain(text: str, folder: Path) -> str:
    """A message without what differs from run to run."""
    text = text.replace(str(folder), "/project")
    text = re.sub(r"\$\{Token\[[^\]]+\]\}", "${Token}", text)
    text = re.sub(r"(.)\1{39,}", r"\1…", text)
    text = re.sub(r"0x[0-9a-f]{6,}", "0x…", text)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _code(text: str) -> str:
    """Text as code, in a cell of a table."""
    fence = "``" if "`" in text else "`"
    return f"{fence}{text.replace('|', chr(92) + '|')}{fence}"
