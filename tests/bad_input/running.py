"""Runs the cases, and writes what came out in a line each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import assertions

from ecr_fargate_constructs import ConfigurationError
from ecr_fargate_constructs.testing.engine import diagnostics
from tests.bad_input import (
    bare,
    cases_addresses,
    cases_balancers,
    cases_build,
    cases_containers,
    cases_contexts,
    cases_counts,
    cases_deployments,
    cases_jobs,
    cases_machines,
    cases_names,
    cases_releases,
    cases_scopes,
    cases_sizes,
    cases_sources,
    cases_tokens,
    cases_workers,
)
from tests.bad_input.case import Case, Passes, Place, Refused, RefusedAtSynth, Warned

if TYPE_CHECKING:
    from constructs import IConstruct

CASES: list[Case] = [
    *cases_contexts.CASES,
    *cases_build.CASES,
    *cases_sizes.CASES,
    *cases_sources.CASES,
    *cases_counts.CASES,
    *cases_containers.CASES,
    *cases_machines.CASES,
    *cases_jobs.CASES,
    *cases_deployments.CASES,
    *cases_workers.CASES,
    *cases_releases.CASES,
    *cases_names.CASES,
    *cases_addresses.CASES,
    *cases_balancers.CASES,
    *cases_scopes.CASES,
    *cases_tokens.CASES,
]
OURS = "ecr-fargate-constructs:"
RAISES, WARNS, SILENT, NOTHING = "raises", "warns at synth", "**accepts it silently**", "has nothing like it"
CRASHED = "raises `JSONDecodeError`"  # jsii hands on what is no JSON, and the Node process ends
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
    before = _constructs(place)
    try:
        made = case.ours(place)
    except ConfigurationError as error:
        left = tuple(sorted(each.node.path for name, each in _constructs(place).items() if name not in before))
        return Outcome(_plain(str(error), folder), left, error=error)
    if isinstance(case.expected, RefusedAtSynth):
        return Outcome(_plain(_refusal_of(place.app), folder), ())
    warnings = tuple(sorted(set(_warnings(place.stack))))
    return Outcome("", (), warnings=warnings, template=made if isinstance(made, str) else "")


def run_bare(case: Case, folder: Path) -> str:
    """Give the input to CDK's own construct, and say what came of it."""
    if case.bare is None:
        return NOTHING
    place = place_for(case, folder)
    try:
        case.bare(place)
        template = assertions.Template.from_stack(place.stack).to_json()
    except Exception as error:  # noqa: BLE001 - whatever a user would see
        return f"{RAISES} `{type(error).__name__}`: {_code(_plain(_first(error), folder, longest=180))}"
    findings = {finding.rule_id for finding in diagnostics(template)}
    said = sorted({*_warnings(place.stack), *findings} - _usual())
    if said:
        return f"{WARNS}: {', '.join(f'`{each}`' for each in said)}"
    return "accepts it" if isinstance(case.expected, Passes) else SILENT


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


def _constructs(place: Place) -> dict[str, IConstruct]:
    """The whole tree by jsii's names: to ask each construct for its path is two messages, and few are new."""
    return {getattr(each, "__jsii_ref__").ref: each for each in place.stack.node.root.node.find_all()}  # noqa: B009


def _warnings(stack: cdk.Stack) -> list[str]:
    """Ids of the warnings in the app; their first words where they have none."""
    found = []
    for each in stack.node.root.node.find_all():
        for entry in each.node.metadata:
            if entry.type == "aws:cdk:warning":
                match = re.search(r"\[ack: (\S+)\]$", str(entry.data))
                found.append(match[1] if match else str(entry.data)[:60])
    return found


def _refusal_of(app: cdk.App) -> str:
    try:
        app.synth()
    except RuntimeError as error:
        return str(error).splitlines()[1].strip()
    return "nothing"


@lru_cache
def _usual() -> frozenset[str]:
    """What is said of the pattern without any fault, and of a stack that holds nothing but an asset."""
    place = Place(Path())
    bare.pattern(place)
    template = assertions.Template.from_stack(place.stack).to_json()
    return frozenset({"F0001", *_warnings(place.stack), *(finding.rule_id for finding in diagnostics(template))})


def _first(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if not line.endswith("following errors:")]
    return lines[0] if lines else ""


def _plain(text: str, folder: Path, *, longest: int = _LONGEST) -> str:
    """A message without what differs from run to run."""
    text = text.replace(str(folder), "/project").replace(str(Path.cwd()), "/project")
    text = re.sub(r"\$\{Token\[[^\]]+\]\}", "${Token}", text)
    text = re.sub(r"(.)\1{39,}", r"\1…", text)
    text = re.sub(r"0x[0-9a-f]{6,}", "0x…", text)
    return text if len(text) <= longest else f"{text[:longest]}…"


def _code(text: str) -> str:
    """Text as code, in a cell of a table."""
    fence = "``" if "`" in text else "`"
    return f"{fence}{text.replace('|', chr(92) + '|')}{fence}"
