"""A cloud assembly that is older than its app is read with a note."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

import ecr_fargate_constructs
from ecr_fargate_constructs.cli.main import app
from ecr_fargate_constructs.tools.assembly.freshness import changed_since
from tests.tools.planting import copy_of

if TYPE_CHECKING:
    from pathlib import Path

LATER = 60


@pytest.fixture
def assembly(assemblies: Path, tmp_path: Path) -> Path:
    """The assembly of an app that was synthesized after its last change."""
    for name in ("cdk.json", "app.py", "web/Dockerfile"):
        _write(tmp_path / name, -LATER)
    assembly = copy_of(assemblies / "three_lines", tmp_path / "cdk.out").save()
    (assembly / "manifest.json").touch()  # the copy is as old as what it was copied from
    return assembly


def _write(file: Path, seconds: float) -> None:
    """Write a file so many seconds after now."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("{}", encoding="utf-8")
    moment = file.stat().st_mtime + seconds
    os.utime(file, (moment, moment))


def test_nothing_is_newer_than_a_synthesis_that_was_just_made(assembly: Path) -> None:
    assert changed_since(assembly) is None


@pytest.mark.parametrize("name", ["app.py", "web/Dockerfile", "lib/stack.ts", "cdk.json"])
def test_a_file_that_was_changed_afterwards_is_named(assembly: Path, name: str) -> None:
    _write(assembly.parent / name, LATER)
    found = changed_since(assembly)
    assert found == assembly.parent.resolve() / name


@pytest.mark.parametrize(
    "name", ["tests/test_app.py", ".venv/lib/a.py", "env/pyvenv.cfg", "node_modules/a/index.js", "README.md", "a.log"]
)
def test_what_is_not_the_app_does_not_count(assembly: Path, name: str) -> None:
    _write(assembly.parent / name, LATER)
    if name.startswith("env/"):
        _write(assembly.parent / "env" / "module.py", LATER)
    assert changed_since(assembly) is None


def test_an_assembly_that_is_not_in_an_app_is_read_as_it_is(assembly: Path) -> None:
    _write(assembly.parent / "app.py", LATER)
    (assembly.parent / "cdk.json").unlink()
    assert changed_since(assembly) is None


@pytest.mark.parametrize(("folder", "belongs"), [("build", True), ("infra/build", True), ("infra/build/aws", False)])
def test_an_app_is_searched_in_three_folders_above_its_assembly(assembly: Path, folder: str, *, belongs: bool) -> None:
    changed = assembly.parent / "app.py"
    _write(changed, LATER)
    (assembly.parent / folder).mkdir(parents=True)
    deep = assembly.rename(assembly.parent / folder / "cdk.out")
    assert changed_since(deep) == (changed.resolve() if belongs else None)


@pytest.mark.parametrize("command", ["doctor", "cost"])
def test_the_commands_note_it_and_go_on(assembly: Path, command: str) -> None:
    fresh = CliRunner().invoke(app, [command, str(assembly), "--format", "json"])
    assert fresh.stderr == ""
    _write(assembly.parent / "app.py", LATER)
    stale = CliRunner().invoke(app, [command, str(assembly), "--format", "json"])
    assert stale.stderr.startswith("note: app.py is newer than")
    assert "run 'cdk synth' again" in stale.stderr
    assert (stale.exit_code, stale.stdout) == (fresh.exit_code, fresh.stdout)
    assert json.loads(stale.stdout)


def test_the_version_is_that_of_the_package() -> None:
    assert CliRunner().invoke(app, ["--version"]).stdout == f"ecr-fargate {ecr_fargate_constructs.__version__}\n"


def test_each_public_name_is_listed_once() -> None:
    listed = dir(ecr_fargate_constructs)
    assert len(listed) == len(set(listed))
    assert {"EcrFargateService", "__version__"} <= set(listed)
