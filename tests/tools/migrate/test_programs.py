"""Every file becomes the program that is expected, which synthesizes, and the list of what is lost is complete.

``make snapshots`` accepts the programs and lists as they are now.
"""

from __future__ import annotations

import re
from importlib import util
from typing import TYPE_CHECKING

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs.tools.migrate.model import Build
from tests.support.inputs import make_app
from tests.tools.migrate.cases import CASES, FIXTURES, GOLDEN, Case

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
    monkeypatch.chdir(tmp_path)
    for service in case.migrate().project.services:
        for container in (service.container, *(each.container for each in service.sidecars)):
            make_files(container.image, container.environment_files, tmp_path)
    # The Node process keeps the directory that it was started in; a program of its own has its own.
    from_asset = ecs.EnvironmentFile.from_asset
    monkeypatch.setattr(ecs.EnvironmentFile, "from_asset", lambda path: from_asset(str(tmp_path / path)))
    spec = util.spec_from_file_location(case.name, case.program)
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    app = cdk.App(outdir=str(tmp_path / "cdk.out"))
    module.build(app)
    assert app.synth().stacks[0].template["Resources"]


def make_files(image: object, environment_files: tuple[str, ...], folder: Path) -> None:
    """What the program reads when it is synthesized."""
    for file in environment_files:
        (folder / file).write_text("A=1\n", encoding="utf-8")
    if isinstance(image, Build):
        context = make_app(folder / image.directory)
        dockerfile = context / image.dockerfile
        dockerfile.parent.mkdir(parents=True, exist_ok=True)
        dockerfile.write_text("FROM scratch AS release\nFROM scratch AS runtime\n", encoding="utf-8")


def test_every_fixture_is_used_and_every_expectation_too() -> None:
    used = {FIXTURES / file for case in CASES for file in case.files}
    assert used == set(FIXTURES.rglob("*.yml"))
    assert {file for case in CASES for file in (case.program, case.findings)} == {
        file for file in GOLDEN.iterdir() if file.suffix in {".py", ".txt"}
    }


def test_there_are_a_dozen_files_of_both_kinds() -> None:
    names = {case.files[0] for case in CASES}
    assert len(names) >= 12
    assert len([name for name in names if name.startswith("compose")]) >= 6


@every_case
def test_no_program_holds_a_secret(case: Case) -> None:
    program = case.program.read_text(encoding="utf-8")
    assert not re.search(r"not-for-the-image|: \"example\"", program)
