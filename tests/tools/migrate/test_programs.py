"""Every file becomes the program that is expected, which synthesizes, and the list of what is lost is complete.

``make snapshots`` accepts the programs and lists as they are now.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.tools.migrate.cases import CASES, FIXTURES, GOLDEN, Case
from tests.tools.migrate.synthesis import synthesized

if TYPE_CHECKING:
    from pathlib import Path

    from ecr_fargate_constructs.tools.migrate.program_of import Migration

pytestmark = pytest.mark.integration

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def listed(migration: Migration) -> str:
    """The findings, one a line."""
    return "".join(
        f"{file}:{each.line}: {each.place} ({each.kind.value}): {each.reason}; {each.fix}\n"
        for file, findings in migration.findings.items()
        for each in findings
    )


@every_case
def test_the_program_and_the_list_are_the_expected_ones(case: Case, pytestconfig: pytest.Config) -> None:
    migration = case.migrate()
    if pytestconfig.getoption("update_snapshots"):
        case.program.write_text(migration.program, encoding="utf-8")
        case.findings.write_text(listed(migration), encoding="utf-8")
    assert migration.program == case.program.read_text(encoding="utf-8")
    assert listed(migration) == case.findings.read_text(encoding="utf-8")


@every_case
def test_the_program_synthesizes(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert synthesized(case, tmp_path, monkeypatch)["Resources"]


def test_every_fixture_is_used_and_every_expectation_too() -> None:
    used = {FIXTURES / file for case in CASES for file in case.files}
    assert used == set(FIXTURES.rglob("*.yml"))
    assert {file for case in CASES for file in (case.program, case.findings)} == {
        file for file in GOLDEN.iterdir() if file.suffix in {".py", ".txt"}
    }


def test_there_are_two_dozen_files_of_both_kinds() -> None:
    names = {file for case in CASES for file in case.files}
    assert len([name for name in names if name.startswith("compose")]) >= 24
    assert len([name for name in names if name.startswith("copilot")]) >= 24


@every_case
def test_no_program_holds_a_secret(case: Case) -> None:
    program = case.program.read_text(encoding="utf-8")
    assert not re.search(r"not-for-the-image|: \"example\"|hunter2|mysalt", program)
