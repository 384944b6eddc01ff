"""Why a deployment failed: recorded answers of AWS, in the shape that it documents."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from ecr_fargate_constructs.cli.main import app
from ecr_fargate_constructs.tools.explain.explain import explain, failed, health_checks
from ecr_fargate_constructs.tools.explain.rules import RULES
from tests.local.recorded_cloud import PORT, play, write_app

RECORDED = Path(__file__).parent / "recorded"
CAUSES = {
    "alarm": "alarm",
    "breaker_only": "circuit breaker",
    "command_not_found": "command not found",
    "container_health_check": "failed health check of the container",
    "exec_format": "wrong architecture",
    "exited": "container exited",
    "file_system": "file system not mounted",
    "health_check_codes": "failed health check of the load balancer",
    "health_check_timeout": "failed health check of the load balancer",
    "hook": "hook refused",
    "log_group_missing": "log group missing",
    "missing_parameter": "missing secret",
    "missing_secret": "missing secret",
    "not_allowed": "not allowed",
    "no_address": "no address left",
    "no_capacity": "no capacity",
    "no_route": "no route to the registry",
    "no_such_image": "cannot pull: no such image",
    "no_such_image_manifest": "cannot pull: no such image",
    "out_of_memory": "out of memory",
    "pull_denied": "cannot pull: not allowed",
    "pull_limit": "pull limit",
    "quota": "quota reached",
    "registry_auth_denied": "cannot pull: not allowed",
    "release_command": "release command failed",
    "role": "role not assumed",
    "secret_denied": "secret not allowed",
    "spot": "spot interruption",
    "wrong_platform": "wrong architecture",
}


def _record(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    return found


def test_every_record_is_tried() -> None:
    assert {file.stem for file in RECORDED.glob("*.json")} == {*CAUSES, "nothing_failed", "unknown"}


@pytest.mark.parametrize(("name", "cause"), CAUSES.items())
def test_the_cause_is_named(name: str, cause: str) -> None:
    record = _record(name)
    first = explain(record)[0]
    assert first.rule.cause == cause
    assert failed(record) or name in {"role", "no_address"}
    assert first.sentence.endswith(".")
    assert first.rule.fix
    assert first.rule.source.startswith(("https://docs.aws.amazon.com/AmazonECS/", "https://docs.aws.amazon.com/IAM/"))


@pytest.mark.parametrize("name", [name for name in CAUSES if name not in {"exec_format", "out_of_memory"}])
def test_consequences_are_not_told_beside_their_cause(name: str) -> None:
    """The breaker tripped in most of them, and capacity was short two weeks before: that is not why."""
    assert [each.rule.cause for each in explain(_record(name))] == [CAUSES[name]]


def test_what_is_said_three_times_is_told_once() -> None:
    [cause] = explain(_record("exited"))
    assert cause.times == 3
    assert (
        cause.sentence == "task 8d1a0c6b: the application exited, and a task stops when an essential container exits."
    )


def test_a_service_that_is_well_has_no_cause() -> None:
    record = _record("nothing_failed")
    assert explain(record) == []
    assert not failed(record)


def test_what_is_not_known_is_a_failure_all_the_same() -> None:
    record = _record("unknown")
    assert explain(record) == []
    assert failed(record)


def test_tasks_of_an_earlier_version_tell_another_story() -> None:
    record, earlier = _record("out_of_memory"), _record("missing_secret")["tasks"][0]
    earlier |= {
        "taskDefinitionArn": "arn:aws:ecs:eu-central-1:1:task-definition/web:5",
        "stoppedAt": "2026-11-02T09:30:00Z",
    }
    record["tasks"].insert(0, earlier)
    assert [each.rule.cause for each in explain(record)] == ["out of memory", "container exited"]


VERSION = "arn:aws:ecs:eu-central-1:1:task-definition/web:"


def _after_a_later_deployment(revision: int, **deployment: str) -> dict[str, Any]:
    """Tasks and a deployment of version 6 that failed, in a service that runs another version."""
    record = _record("exited")
    for task in record["tasks"]:
        task["taskDefinitionArn"] = f"{VERSION}6"
    record["services"][0] |= {
        "taskDefinition": f"{VERSION}{revision}",
        "events": [
            {"createdAt": "2026-11-02T09:10:00Z", "message": "(service web) deployment failed: circuit breaker."},
            {"createdAt": "2026-11-02T09:10:01Z", "message": "(service web) rolling back to deployment ecs-svc/5."},
        ],
        "deployments": [
            {"status": "PRIMARY", "taskDefinition": f"{VERSION}{revision}", "rolloutState": "COMPLETED", **deployment},
            {"status": "ACTIVE", "taskDefinition": f"{VERSION}6", "rolloutState": "FAILED"},
        ],
    }
    return {key: record[key] for key in ("services", "tasks")}


def test_a_version_that_a_later_one_has_replaced_is_no_failure_any_more() -> None:
    record = _after_a_later_deployment(7, id="ecs-svc/7", createdAt="2026-11-02T09:20:00Z")
    assert explain(record) == []
    assert not failed(record)


@pytest.mark.parametrize("created", ["2026-11-02T08:00:00Z", "2026-11-02T09:20:00Z"])
def test_a_version_that_was_rolled_back_is_still_explained(created: str) -> None:
    record = _after_a_later_deployment(5, id="ecs-svc/5", createdAt=created)
    assert [each.rule.cause for each in explain(record)] == ["container exited"]
    assert failed(record)
    without_tasks = {**record, "tasks": []}
    assert [each.rule.cause for each in explain(without_tasks)] == ["circuit breaker"]


def test_times_of_boto3_count_as_well() -> None:
    record = _record("no_capacity")
    for event in record["services"][0]["events"]:
        event["createdAt"] = datetime.fromisoformat(event["createdAt"]).astimezone(timezone.utc)
    assert explain(record)[0].rule.cause == "no capacity"


def test_every_rule_has_a_record() -> None:
    on_the_embedded_aws_alone = {"blocked by the network"}
    assert {rule.cause for rule in RULES} - set(CAUSES.values()) == {
        "cannot pull",
        "timed out",
        *on_the_embedded_aws_alone,
    }


def test_each_connection_that_the_network_stops_is_explained_with_what_to_add() -> None:
    barriers = [
        "NO_ROUTE_TO_DESTINATION: a task of Web cannot reach ecr.dkr: no route. Fix: add a route",
        "ENI_SG_RULES_MISMATCH: load balancer Web cannot reach a task of Web on port 8080: no rule. Fix: add a rule",
    ]
    found = explain({"barriers": barriers})
    assert [each.rule.cause for each in found] == ["blocked by the network"] * 2
    assert [each.fix for each in found] == [
        "let the network pass it: add a route",
        "let the network pass it: add a rule",
    ]


def test_the_rest_of_the_rules() -> None:
    task = {
        "lastStatus": "STOPPED",
        "stopCode": "TaskFailedToStart",
        "stoppedReason": "CannotPullContainerError: teapot",
    }
    assert explain({"tasks": [task]})[0].rule.cause == "cannot pull"
    event = {"ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": "Exceeded attempts to wait"}
    assert explain({"StackEvents": [event]})[0].rule.cause == "timed out"


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    task = {"taskArn": text, "lastStatus": "STOPPED", "stoppedReason": text, "containers": [{"reason": text}]}
    service = {
        "serviceName": text,
        "events": [{"message": text, "createdAt": text}],
        "deployments": [{"rolloutState": text}],
    }
    explain(
        {
            "tasks": [task],
            "services": [service],
            "StackEvents": [{"ResourceStatus": text}],
            "logEvents": [{"message": text}],
        }
    )


@pytest.mark.parametrize(("name", "status"), [("missing_secret", 3), ("nothing_failed", 0), ("unknown", 4)])
def test_the_command_leaves_with_a_status(name: str, status: int) -> None:
    done = CliRunner().invoke(app, ["explain", str(RECORDED / f"{name}.json")])
    assert done.exit_code == status, done.output


def test_the_command_says_what_to_do_and_where_it_is_written() -> None:
    done = CliRunner().invoke(app, ["explain", str(RECORDED / "out_of_memory.json")], env={"COLUMNS": "300"})
    for part in ("a container used more memory", "TaskSize(memory_mib=…)", "OutOfMemoryError", "https://docs.aws"):
        assert part in done.output


def test_the_command_prints_json() -> None:
    done = CliRunner().invoke(app, ["explain", "--format", "json", str(RECORDED / "quota.json")])
    [cause] = json.loads(done.output)
    assert cause["cause"] == "quota reached"
    assert set(cause) == {"cause", "sentence", "fix", "source", "said", "times", "health_checks", "last_lines"}


GROUP = {
    "TargetGroupName": "web",
    "HealthCheckPath": "/healthz",
    "HealthCheckPort": "traffic-port",
    "Matcher": {"HttpCode": "200-299"},
}
UNHEALTHY = {
    "Target": {"Id": "10.0.0.7", "Port": 8080},
    "TargetHealth": {
        "State": "unhealthy",
        "Reason": "Target.ResponseCodeMismatch",
        "Description": "Health checks failed with these codes: [404]",
    },
}


def test_a_failed_health_check_is_told_with_its_path_and_codes(tmp_path: Path) -> None:
    record = {"TargetGroups": [GROUP, GROUP], "TargetHealthDescriptions": [UNHEALTHY, {"Target": {"Id": "10.0.0.8"}}]}
    said = [
        "web: GET /healthz on the container's port must return 200-299",
        "10.0.0.7:8080: Health checks failed with these codes: [404]",
    ]
    assert health_checks(record) == said
    file = tmp_path / "health.json"
    file.write_text(json.dumps(record), encoding="utf-8")
    done = CliRunner().invoke(app, ["explain", str(file)], env={"COLUMNS": "200"})
    assert [each in done.output for each in said] == [True, True]
    [cause] = json.loads(CliRunner().invoke(app, ["explain", "--format", "json", str(file)]).output)
    assert cause["health_checks"] == said


def test_other_causes_say_nothing_of_health_checks(tmp_path: Path) -> None:
    file = tmp_path / "exited.json"
    file.write_text(json.dumps({**_record("exited"), "TargetGroups": [GROUP]}), encoding="utf-8")
    [cause] = json.loads(CliRunner().invoke(app, ["explain", "--format", "json", str(file)]).output)
    assert cause["health_checks"] == []


def test_the_lines_that_were_read_are_shown(tmp_path: Path) -> None:
    record = _record("exited") | {"logEvents": [{"message": f"KeyError: 'PORT' [bold] {'x' * 60}\x1b]0;t\x07"}]}
    file = tmp_path / "exited.json"
    file.write_text(json.dumps(record), encoding="utf-8")
    done = CliRunner().invoke(app, ["explain", str(file)], env={"COLUMNS": "50"})
    line = f"KeyError: 'PORT' [bold] {'x' * 60}"
    assert done.output.endswith(f"Last log lines of the task that failed last:\n{line}\n")
    [cause] = json.loads(CliRunner().invoke(app, ["explain", "--format", "json", str(file)]).output)
    assert cause["last_lines"] == [line]


def _play_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    task = _record("exited")["tasks"][0]
    play(
        monkeypatch,
        {
            "cloudformation.describe_stack_events": {"StackEvents": []},
            "ecs.list_tasks": {"taskArns": ["arn:1"]},
            "ecs.describe_tasks": {"tasks": [task]},
            "ecs.list_service_deployments": {"serviceDeployments": []},
            "ecs.describe_task_definition": {"taskDefinition": {"containerDefinitions": []}},
            "elbv2.describe_target_health": {"TargetHealthDescriptions": [UNHEALTHY]},
            "elbv2.describe_target_groups": {"TargetGroups": [GROUP]},
        },
    )


@pytest.mark.parametrize("arguments", [[], ["--service", "Home"]])
def test_the_app_itself_is_explained_without_region_or_credentials(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_app(tmp_path)
    _play_a_failure(monkeypatch)
    done = CliRunner().invoke(app, ["local", "explain", "--format", "json", "--app-dir", str(tmp_path), *arguments])
    assert done.exit_code == 3, done.output
    causes = {each["cause"]: each for each in json.loads(done.output)}
    assert set(causes) == {"container exited", "failed health check of the load balancer"}
    assert causes["failed health check of the load balancer"]["health_checks"][0].startswith("web: GET /healthz on")


def test_the_address_of_an_embedded_aws_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    write_app(tmp_path)
    _play_a_failure(monkeypatch)
    apps = {PORT: tmp_path}
    monkeypatch.setattr("ecr_fargate_constructs.cli.aws_options.app_on", apps.get)
    command = ["explain", "--format", "json", "--stack", "Web", "--endpoint-url"]
    assert CliRunner().invoke(app, [*command, f"http://localhost:{PORT}"]).exit_code == 3
    for other in ("http://localhost:1", f"http://example.com:{PORT}"):
        done = CliRunner().invoke(app, [*command, other])
        assert "set AWS_REGION" in str(getattr(done.exception, "fix", "")), other


def test_files_are_put_together(tmp_path: Path) -> None:
    record = _record("exec_format")
    logs = tmp_path / "logs.json"
    logs.write_text(json.dumps({"events": record.pop("logEvents"), "nextForwardToken": "f/1"}), encoding="utf-8")
    rest = tmp_path / "rest.json"
    rest.write_text(json.dumps(record), encoding="utf-8")
    done = CliRunner().invoke(app, ["explain", "--format", "json", str(rest), str(logs)])
    assert json.loads(done.output)[0]["cause"] == "wrong architecture"


@pytest.mark.parametrize(
    ("content", "said"),
    [("no JSON", "not a response of AWS"), ("[]", "not a response of AWS"), ('{"Vpcs": []}', "has none of services")],
)
def test_a_file_of_something_else_is_refused(content: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "wrong.json"
    file.write_text(content, encoding="utf-8")
    done = CliRunner().invoke(app, ["explain", str(file)])
    assert done.exit_code == 1
    assert said in str(getattr(done.exception, "cause", ""))


@pytest.mark.parametrize("arguments", [[], ["--stack", "A", "--service", "B"]])
def test_one_thing_is_explained(arguments: list[str]) -> None:
    done = CliRunner().invoke(app, ["explain", *arguments])
    assert "give files, --stack or --service" in str(getattr(done.exception, "fix", ""))


def test_no_region_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    done = CliRunner().invoke(app, ["explain", "--stack", "Web"])
    assert done.exit_code == 1
    assert "set AWS_REGION" in str(getattr(done.exception, "fix", ""))
