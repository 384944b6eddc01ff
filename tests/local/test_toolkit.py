"""Whose CDK command line runs: the project's, or one that is installed for the user; never that of somebody else."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from ecr_fargate_constructs.local import toolkit
from ecr_fargate_constructs.local.instance import Instance, Memory

if TYPE_CHECKING:
    from pathlib import Path

NOBODY = 65534


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the user's own installation."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("shutil.which", lambda name, **_: f"/bin/{name}")
    return _install(tmp_path / "cache" / "ecr-fargate-constructs" / f"aws-cdk-{toolkit.VERSION}")


def _install(directory: Path) -> Path:
    package = directory / "node_modules" / "aws-cdk"
    package.mkdir(parents=True)
    (package / "package.json").write_text(json.dumps({"version": toolkit.VERSION}), encoding="utf-8")
    program = directory / "node_modules" / ".bin" / "cdk"
    program.parent.mkdir()
    program.touch()
    return program


def test_the_program_of_the_project_and_of_the_folders_above_comes_first(tmp_path: Path, installed: Path) -> None:
    app = tmp_path / "work" / "project" / "app"
    app.mkdir(parents=True)
    assert toolkit.find_toolkit(app) == installed
    above = _install(tmp_path / "work")
    assert toolkit.find_toolkit(app) == above
    assert toolkit.find_toolkit(app) != _install(tmp_path / "other")
    assert toolkit.find_toolkit(app) == above
    own = _install(app)
    assert toolkit.find_toolkit(app) == own


@pytest.mark.parametrize("text", ["{", "[]", "{}", "\x00"])
def test_a_program_that_is_not_whole_does_not_run(tmp_path: Path, installed: Path, text: str) -> None:
    app = tmp_path / "app"
    package = _install(app).parents[1] / "aws-cdk" / "package.json"
    package.write_text(text, encoding="utf-8")
    assert toolkit.find_toolkit(app) == installed


@pytest.mark.skipif(os.geteuid() != 0, reason="takes root")
@pytest.mark.parametrize(
    "part", ["node_modules", "node_modules/aws-cdk", "node_modules/aws-cdk/package.json", "node_modules/.bin/cdk"]
)
def test_a_program_of_another_user_above_the_project_does_not_run(tmp_path: Path, installed: Path, part: str) -> None:
    app = tmp_path / "shared" / "app"
    app.mkdir(parents=True)
    above = _install(tmp_path / "shared")
    assert toolkit.find_toolkit(app) == above
    os.chown(tmp_path / "shared" / part, NOBODY, NOBODY)
    assert toolkit.find_toolkit(app) == installed
    os.chown(app, NOBODY, NOBODY)  # whose project it is may have installed it above
    assert toolkit.find_toolkit(app) == above


@pytest.mark.skipif(os.geteuid() != 0, reason="takes root")
def test_a_link_to_a_program_of_another_user_does_not_run(tmp_path: Path, installed: Path) -> None:
    app = tmp_path / "shared" / "app"
    app.mkdir(parents=True)
    theirs = _install(tmp_path / "theirs")
    os.chown(theirs, NOBODY, NOBODY)
    (tmp_path / "shared" / "node_modules").symlink_to(tmp_path / "theirs" / "node_modules")
    assert toolkit.find_toolkit(app) == installed


@pytest.mark.parametrize(
    ("runs_app", "given", "kept"),
    [
        (False, None, "cache/ecr-fargate-constructs/node"),
        (False, "elsewhere", "elsewhere"),
        (True, None, ""),
        (True, "elsewhere", "elsewhere"),
    ],
)
def test_the_command_line_is_compiled_once_and_an_app_keeps_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, runs_app: bool, given: str | None, kept: str
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("NODE_COMPILE_CACHE", raising=False)
    if given is not None:
        monkeypatch.setenv("NODE_COMPILE_CACHE", given)
    program = tmp_path / "cdk"
    program.write_text('#!/bin/sh\necho "[$NODE_COMPILE_CACHE]"\n', encoding="utf-8")
    program.chmod(0o755)
    instance = Instance(tmp_path, 4600, "000000004600", "us-east-1")
    instance.make_state()
    memory = Memory(instance.account, instance.region, "podman", "")
    lines: list[str] = []
    toolkit.run_toolkit(instance, memory, program, ["deploy"], on_line=lines.append, runs_app=runs_app)
    [line] = lines
    assert line[1:-1].removeprefix(f"{tmp_path}/") == kept
