"""Every bad input of the table: refused in the caller's terms, with nothing left behind, or warned of; never silent."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import pytest

from tests.bad_input import table
from tests.bad_input.case import Case, Passes, Refused, RefusedAtSynth, Warned
from tests.bad_input.running import CASES, OURS, Outcome, cell_of, run_ours

FAMILIES = {
    "Build contexts",
    "Build arguments",
    "Sizes",
    "Directory or image",
    "Ports",
    "Volumes",
    "Containers and their limits",
    "Several containers",
    "Machines",
    "Quotas",
    "Misspelt options",
    "Counts and percentages",
    "Deployments, times and redirects",
    "Release commands",
    "Scheduled jobs",
    "Workers and queues",
    "Names",
    "Lifecycle rules",
    "Domains, zones and certificates",
    "Networks",
    "Rules and listeners of load balancers",
    "Environment variables",
    "Scopes",
    "Tokens",
}


@cache
def _outcome(number: int) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        return run_ours(CASES[number], Path(folder))


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda n: f"{CASES[n].family}-{CASES[n].what}")
def test_an_input_is_refused_warned_of_or_right(number: int) -> None:
    case, outcome = CASES[number], _outcome(number)
    match case.expected:
        case Refused(wrong=wrong, fix=fix):
            assert outcome.error is not None, f"accepted, with {outcome.warnings}"
            assert wrong in outcome.text
            assert fix in outcome.text
            assert outcome.left == (), "half a tree was left"
            assert outcome.error.path is None or outcome.text.startswith(f"[{outcome.error.path}] ")
        case RefusedAtSynth(wrong=wrong, fix=fix):
            assert outcome.text.startswith("[Stack/Web] ")
            assert wrong in outcome.text
            assert fix in outcome.text
        case Warned(id=name):
            assert OURS + name in outcome.warnings
        case Passes(found=found):
            assert outcome.error is None, outcome.text
            assert found in outcome.template
            assert not [each for each in outcome.warnings if each.startswith(OURS)]


def test_no_family_is_missing_and_no_input_stands_twice() -> None:
    assert {case.family for case in CASES} == FAMILIES
    keys = [table.key_of(case) for case in CASES]
    assert len(keys) == len(set(keys)) >= 150


def test_the_page_says_what_this_library_does() -> None:
    text = table.PAGE.read_text(encoding="utf-8")
    bare = table.recorded(text)
    assert set(bare) == {table.key_of(case) for case in CASES}, "run python -m tests.bad_input.table"
    ours = {table.key_of(case): cell_of(case, _outcome(number)) for number, case in enumerate(CASES)}
    assert table.page(bare, ours) == text, "run python -m tests.bad_input.table"


def test_a_case_that_is_not_refused_would_be_seen(tmp_path: Path) -> None:
    case = Case("Ports", "80", lambda p: p.stack, None, Refused("", ""))
    assert run_ours(case, tmp_path).error is None
