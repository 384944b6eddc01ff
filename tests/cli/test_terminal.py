"""What others have written does not command the terminal: no title, no clipboard, no cursor, wherever it is printed."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from ecr_fargate_constructs.cli import local as local_cli
from ecr_fargate_constructs.cli import report
from ecr_fargate_constructs.cli import retention as retention_cli
from ecr_fargate_constructs.cli.printing import Console
from ecr_fargate_constructs.local import toolkit
from ecr_fargate_constructs.local.addresses import Address
from ecr_fargate_constructs.local.app_status import AppStatus, ContainerStatus, ServiceStatus, TaskStatus
from ecr_fargate_constructs.local.instance import Instance, Memory, instance_at
from ecr_fargate_constructs.local.services import Balancer
from ecr_fargate_constructs.local.waiting import Answer
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable

HOSTILE = "\x1b]52;c;aGVsbG8=\x07\x1b]0;owned\x1b\\\x1b[2J\x9b31m\u202eshown"
CONTAINER = ContainerStatus(HOSTILE, HOSTILE, f"{HOSTILE}/{HOSTILE}:{HOSTILE}", HOSTILE, HOSTILE)
TASK = TaskStatus(HOSTILE, "RUNNING", (CONTAINER,))
ADDRESS = Address(HOSTILE, HOSTILE)
SERVICE = ServiceStatus(HOSTILE, HOSTILE, frozenset(), HOSTILE, HOSTILE, HOSTILE, 1, (TASK,), ADDRESS)
STATUS = AppStatus({HOSTILE: HOSTILE}, (SERVICE,), (HOSTILE,))
BALANCER = Balancer(HOSTILE, HOSTILE, HOSTILE, 1)


def _is_harmless(shown: str) -> None:
    assert "shown" in shown
    assert not {"\x07", "\x9b", "\u202e"} & set(shown)
    for sequence in ("\x1b]", "\x1b[2J"):
        assert sequence not in shown


def _detail(console: Console) -> None:
    with report.ConsoleProgress(console) as progress:
        progress.step("work")
        progress.detail(HOSTILE)
        console.print(progress._status.renderable)


@pytest.mark.parametrize(
    "show",
    [
        lambda console: report.print_error(console, ToolError(HOSTILE, fix=HOSTILE, log=Path(HOSTILE))),
        lambda console: report.print_answer(console, Answer(BALANCER, 200, HOSTILE)),
        lambda console: report.print_status(console, STATUS),
        _detail,
    ],
    ids=["error", "answer", "services", "detail"],
)
def test_a_report_is_harmless(show: Callable[[Console], None]) -> None:
    console = Console(file=io.StringIO(), width=400, color_system=None)
    show(console)
    _is_harmless(console.file.getvalue())  # type: ignore[attr-defined]


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Instance:
    """An instance that seems to run."""
    instance, _ = instance_at(tmp_path, 4610, None, None)
    instance.assembly.mkdir(parents=True)
    (instance.assembly / "manifest.json").write_text('{"artifacts": {}}', encoding="utf-8")
    Memory(instance.account, instance.region, "podman", "unix:///x").save(instance)
    monkeypatch.setattr("ecr_fargate_constructs.local.lifecycle.runs", lambda *_: True)
    return instance


def _run(instance: Instance, verb: str, *arguments: str) -> str:
    options = ["--app-dir", str(instance.app_directory), "--port", str(instance.port)]
    done = CliRunner().invoke(local_cli.local, [verb, *options, *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_what_the_cdk_prints_is_harmless(running: Instance, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "cdk"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{HOSTILE}\nEND\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(toolkit, "find_toolkit", lambda *_: program)
    _is_harmless(_run(running, "cdk", "diff"))


def test_images_are_harmless(tmp_path: Path) -> None:
    policy = {"rules": [{"rulePriority": 1, "description": HOSTILE, "action": {"type": "expire"}}]}
    policy["rules"][0]["selection"] = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1}
    image = {"imageDigest": "sha256:" + "a" * 64, "imageTags": [HOSTILE], "imagePushedAt": "2026-01-01T00:00:00+00:00"}
    for name, content in (("policy", policy), ("images", {"imageDetails": [image]})):
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    options = ["--policy", str(tmp_path / "policy"), "--images", str(tmp_path / "images")]
    done = CliRunner().invoke(retention_cli.retention, ["simulate", *options], env={"COLUMNS": "300"})
    assert done.exit_code == 0, done.output
    _is_harmless(done.stdout)
