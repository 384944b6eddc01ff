"""``local deployments`` on answers of ECS: one line or object per service, and every change with ``--follow``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from typer.testing import CliRunner, Result

from ecr_fargate_constructs.cli import local_deployments
from ecr_fargate_constructs.cli.main import app
from ecr_fargate_constructs.local import deployment_page
from tests.local.recorded_cloud import RecordedCloud, play, write_app

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

CANARY: dict[str, Any] = {
    "serviceDeploymentArn": "arn:aws:ecs:us-east-1:1:service-deployment/c/web/1",
    "status": "IN_PROGRESS",
    "lifecycleStage": "PRODUCTION_TRAFFIC_SHIFT",
    "deploymentConfiguration": {"strategy": "CANARY"},
    "targetServiceRevision": {
        "requestedTaskCount": 2,
        "runningTaskCount": 1,
        "requestedProductionTrafficWeight": 12.5,
    },
    "lifecycleHookDetails": [{"hookId": "hook", "status": "AWAITING_ACTION"}],
    "alarms": {"alarmNames": ["errors"], "triggeredAlarmNames": []},
}
FAILED = {
    **CANARY,
    "status": "ROLLBACK_SUCCESSFUL",
    "lifecycleStage": None,
    "statusReason": "Service deployment rolled back because of alarm(s) detected: errors.",
    "lifecycleHookDetails": [],
    "alarms": {"alarmNames": ["errors"], "triggeredAlarmNames": ["errors"]},
}


class _Ecs:
    def __init__(self, described: list[dict[str, Any]]) -> None:
        self._described = described

    def list_service_deployments(self, cluster: str, service: str, **_: object) -> dict[str, Any]:
        assert cluster
        return {"serviceDeployments": [CANARY] if "Home" in service else []}

    def describe_service_deployments(self, **_: object) -> dict[str, Any]:
        answer = self._described[0]
        self._described = self._described[1:] or self._described
        return {"serviceDeployments": [answer]}


def _run(directory: Path, monkeypatch: pytest.MonkeyPatch, described: list[dict[str, Any]], *arguments: str) -> Result:
    write_app(directory)
    play(monkeypatch)
    ecs = _Ecs(described)

    class Played(RecordedCloud):
        def client(self, name: str) -> Any:  # noqa: ANN401 - as boto3's clients
            recorded = super().client(name)
            if name == "ecs":
                for operation in ("list_service_deployments", "describe_service_deployments"):
                    setattr(recorded, operation, getattr(ecs, operation))
            return recorded

    monkeypatch.setattr(local_deployments, "Cloud", Played)
    monkeypatch.setattr(local_deployments, "_POLL", 0)
    return CliRunner().invoke(app, ["local", "deployments", "--app-dir", str(directory), *arguments])


def test_a_line_says_stage_share_tasks_and_who_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = _run(tmp_path, monkeypatch, [CANARY])
    assert done.exit_code == 0, done.output
    assert done.output == (
        "Web/Home  IN_PROGRESS  PRODUCTION_TRAFFIC_SHIFT  12.5 % of the traffic  1 of 2 tasks healthy  "
        "waits for a person at hook\n"
    )


def test_scripts_get_objects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [only] = json.loads(_run(tmp_path, monkeypatch, [CANARY], "--format", "json").output)
    assert (only["service"], only["share"], only["paused_at"]) == ("Web/Home", 12.5, ["hook"])


def test_following_prints_each_change_once_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = _run(tmp_path, monkeypatch, [CANARY, CANARY, FAILED], "--follow")
    first, second = done.output.splitlines()
    assert "IN_PROGRESS" in first
    assert "ROLLBACK_SUCCESSFUL" in second
    assert "alarms: errors" in second


def test_a_rolling_deployment_has_no_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rolling = {**CANARY, "deploymentConfiguration": {}, "lifecycleStage": None, "lifecycleHookDetails": []}
    assert _run(tmp_path, monkeypatch, [rolling]).output == "Web/Home  IN_PROGRESS  1 of 2 tasks healthy\n"


def test_a_page_has_the_course_and_is_loaded_again_until_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, page = list[str](), tmp_path / "page.html"
    render = deployment_page.page

    def kept(*arguments: Any, **options: Any) -> str:  # noqa: ANN401 - passed on
        written.append(render(*arguments, **options))
        return written[-1]

    monkeypatch.setattr(deployment_page, "page", kept)
    done = _run(tmp_path, monkeypatch, [CANARY, CANARY, FAILED], "--follow", "--page", str(page))
    assert done.exit_code == 0, done.output
    assert ['http-equiv="refresh"' in each for each in written] == [True, True, False]
    assert page.read_text(encoding="utf-8") == written[-1]
    assert "<title>PRODUCTION_TRAFFIC_SHIFT</title>" in written[-1]
    assert "<title>ROLLBACK_SUCCESSFUL</title>" in written[-1]
    assert not list(tmp_path.glob("*.part"))


def test_a_page_of_the_next_deployment_begins_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.html"
    following = {**FAILED, "serviceDeploymentArn": "arn:aws:ecs:us-east-1:1:service-deployment/c/web/2"}
    _run(tmp_path, monkeypatch, [CANARY, following], "--follow", "--page", str(page))
    assert "<title>PRODUCTION_TRAFFIC_SHIFT</title>" not in page.read_text(encoding="utf-8")


def test_a_page_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "no" / "page.html"
    done = _run(tmp_path, monkeypatch, [CANARY], "--page", str(page))
    assert done.exit_code == 1
    assert "cannot be written: No such file or directory" in " ".join(str(done.exception).split())
