"""``ecr-fargate preview``: the command that it runs, what it prints, and what it refuses."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from ecr_fargate_constructs._rules import previews
from ecr_fargate_constructs.cli import preview as preview_cli
from ecr_fargate_constructs.tools.errors import ToolError
from tests.tools.preview.test_stacks import CloudFormation

if TYPE_CHECKING:
    from pathlib import Path


def _run(*arguments: str) -> Any:  # noqa: ANN401 - typer's result
    return CliRunner(env={"COLUMNS": "200"}).invoke(preview_cli.preview, list(arguments))


@pytest.fixture
def now() -> datetime:
    """The time when the test begins, which may be an hour after its module was imported."""
    return datetime.now(timezone.utc)


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Path, list[list[str]]]:
    """A folder with a CDK command line, and what it is called with."""
    cdk = tmp_path / "node_modules" / ".bin" / "cdk"
    cdk.parent.mkdir(parents=True)
    cdk.touch()
    calls: list[list[str]] = []

    def run(command: list[str], *, cwd: Path, check: bool) -> subprocess.CompletedProcess[str]:
        assert cwd == tmp_path
        assert not check
        calls.append(command)
        return subprocess.CompletedProcess(command, 3 if "--fail" in command else 0)

    monkeypatch.setattr(subprocess, "run", run)
    return tmp_path, calls


def test_up_deploys_the_stacks_of_the_preview_alone(deployed: tuple[Path, list[list[str]]], now: datetime) -> None:
    folder, calls = deployed
    result = _run("up", "pr-12", "--expires-in", "2d", "--app-dir", str(folder), "--profile", "dev")
    assert result.exit_code == 0, result.output
    [command] = calls
    assert command[:2] == [str(folder / "node_modules" / ".bin" / "cdk"), "deploy"]
    assert command[-3:] == ["--profile", "dev", "*-preview-pr-12"]
    assert "--exclusively" in command
    context = dict(word.split("=") for word in command if "=" in word)
    assert context["preview"] == "pr-12"
    expires = previews.read(context["preview-expires"])
    assert expires is not None
    assert abs(expires - now - timedelta(days=2)) < timedelta(minutes=5)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (("up", "feature/Log-In"), "cannot be a part of a host name"),
        (("up", "a", "--expires-in", "soon"), "--expires-in soon is not a time"),
        (("up", "a", "--fail"), "failed with the status 3"),
        (("down",), "not clear which"),
        (("down", "a", "--expired"), "not clear which"),
    ],
)
def test_refusals(deployed: tuple[Path, list[list[str]]], arguments: tuple[str, ...], match: str) -> None:
    folder, _ = deployed
    words = [*arguments, "--app-dir", str(folder)] if arguments[0] == "up" else arguments
    result = _run(*words)
    assert isinstance(result.exception, ToolError), result.output
    assert match in result.exception.cause


def test_without_a_command_line_of_cdk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(os.environ, "PATH", str(tmp_path))
    result = _run("up", "a", "--app-dir", str(tmp_path))
    assert isinstance(result.exception, ToolError)
    assert result.exception.fix == "npm install aws-cdk"


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, now: datetime) -> CloudFormation:
    made = CloudFormation()
    made.add("Shop-preview-old", preview="old", expires=now - timedelta(hours=1))
    made.add("Shop-preview-new", preview="new", expires=now + timedelta(hours=1))
    made.add("Shop", preview=None)
    monkeypatch.setattr(preview_cli, "clients_at", lambda _: lambda _name: made)
    monkeypatch.setattr("ecr_fargate_constructs.tools.preview.stacks._POLL", 0.0)
    return made


def _left(cloud: CloudFormation) -> set[str]:
    return {name for name, each in cloud.stacks.items() if each["StackStatus"] != "DELETE_COMPLETE"}


def test_what_has_expired_goes(cloud: CloudFormation) -> None:
    result = _run("down", "--expired")
    assert (result.exit_code, result.output) == (0, "deleted Shop-preview-old\n")
    assert _left(cloud) == {"Shop-preview-new", "Shop"}
    assert _run("down", "--expired").output == "no preview has expired\n"


def test_one_goes_by_its_name(cloud: CloudFormation) -> None:
    assert _run("down", "new").exit_code == 0
    assert _left(cloud) == {"Shop-preview-old", "Shop"}


def test_the_list(cloud: CloudFormation, now: datetime) -> None:
    output = _run("list").output
    assert "https://new.example.com/" in output
    assert "(over)" in next(line for line in output.splitlines() if "Shop-preview-old" in line)
    new, old = sorted(json.loads(_run("list", "--format", "json").output), key=lambda each: str(each["preview"]))
    assert (new["stack"], new["url"]) == ("Shop-preview-new", "https://new.example.com/")
    assert previews.read(old["expires"]) == (now - timedelta(hours=1)).replace(microsecond=0)
    cloud.stacks.clear()
    assert json.loads(_run("list", "--format", "json").output) == []
    assert _run("list").output == "there is no preview\n"
