"""The entry point, with AWS's clients stubbed at the wire."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from ecr_fargate_constructs.service.wake.function import handler as module
from ecr_fargate_constructs.service.wake.function.aws import Aws, Settings

VARIABLES = {
    "CLUSTER": "arn:aws:ecs:eu-west-1:111122223333:cluster/c",
    "SERVICE": "arn:aws:ecs:eu-west-1:111122223333:service/c/s",
    "TARGET_GROUP": "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/t/1",
    "RULE": "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener-rule/app/l/1/2/3",
    "FIRST_PRIORITY": "10",
    "LAST_PRIORITY": "12",
    "ALARM": "idle",
    "HOLD_SECONDS": "0",
    "PAUSED": "false",
}
REQUEST = {"requestContext": {"elb": {}}, "httpMethod": "GET", "path": "/"}


STARTED_AFTER = timedelta(minutes=4)  # a large image


class _Context:
    def get_remaining_time_in_millis(self) -> int:
        return 60_000


class _Client:
    """Answers and records calls of all services."""

    def __init__(self, calls: list[tuple[str, dict[str, Any]]], answers: dict[str, Any]) -> None:
        self._calls, self._answers = calls, answers

    def __getattr__(self, operation: str) -> Any:  # noqa: ANN401 - as boto3
        def call(**options: Any) -> Any:  # noqa: ANN401 - as boto3
            self._calls.append((operation, options))
            answer = self._answers.get(operation, {})
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


@pytest.fixture
def answers() -> dict[str, Any]:
    created = datetime(2026, 1, 1, tzinfo=timezone.utc)
    return {
        "describe_services": {"services": [{"desiredCount": 0, "deployments": [{"rolloutState": "COMPLETED"}]}]},
        "describe_target_health": {"TargetHealthDescriptions": [{"TargetHealth": {"State": "initial"}}]},
        "describe_rules": {"Rules": [{"Priority": "12"}]},
        "describe_alarms": {"MetricAlarms": [{"StateValue": "ALARM"}]},
        "list_tasks": {"taskArns": ["t"]},
        "describe_tasks": {"tasks": [{"createdAt": created, "startedAt": created + STARTED_AFTER}]},
    }


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, answers: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    made: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(boto3, "client", lambda *_, **__: _Client(made, answers))
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    return made


def _changes(calls: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    return [each for each in calls if not each[0].startswith(("describe", "list"))]


def test_a_request_starts_the_service_and_is_answered(calls: list[tuple[str, dict[str, Any]]]) -> None:
    answer = module.handler(REQUEST, _Context())
    assert answer["statusCode"] == 503
    assert _changes(calls) == [
        ("update_service", {"cluster": VARIABLES["CLUSTER"], "service": VARIABLES["SERVICE"], "desiredCount": 1})
    ]


def test_aws_may_refuse_and_the_client_comes_back(
    calls: list[tuple[str, dict[str, Any]]], answers: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    answers["update_service"] = ClientError({"Error": {"Code": "ThrottlingException"}}, "UpdateService")
    assert module.handler(REQUEST, _Context())["multiValueHeaders"]["Retry-After"] == ["5"]
    assert "ThrottlingException" in capsys.readouterr().out
    assert calls


def test_the_schedule_finds_it_asleep(calls: list[tuple[str, dict[str, Any]]]) -> None:
    assert module.handler({"graceSeconds": 300}, _Context()) == {"state": "asleep"}
    assert _changes(calls) == []


def test_the_schedule_fails_loudly(calls: list[tuple[str, dict[str, Any]]], answers: dict[str, Any]) -> None:
    """It shows in the metric Errors of the function."""
    answers["describe_services"] = {"services": []}
    with pytest.raises(LookupError, match="there is no service"):
        module.handler({"graceSeconds": 300}, _Context())
    assert calls


def test_a_paused_service_is_stopped_and_not_started(
    calls: list[tuple[str, dict[str, Any]]], answers: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAUSED", "true")
    assert module.handler(REQUEST, _Context())["body"] == "The service is paused.\n"
    assert calls == []
    answers["describe_services"] = {"services": [{"desiredCount": 2}]}
    module.handler({"graceSeconds": 300}, _Context())
    assert [options["desiredCount"] for _, options in _changes(calls)] == [0]


def test_what_aws_says_is_read(calls: list[tuple[str, dict[str, Any]]], answers: dict[str, Any]) -> None:
    aws = Aws(Settings.of_environment(VARIABLES))
    assert not aws.rule_is_first()
    assert not aws.has_healthy_target()
    assert aws.is_idle()
    created = answers["describe_tasks"]["tasks"][0]["createdAt"]
    assert aws.youngest_task() == (created + STARTED_AFTER).timestamp()
    answers["describe_tasks"] = {"tasks": [{"createdAt": created}]}
    assert aws.youngest_task() == (created + timedelta(minutes=10)).timestamp(), "it may be about to run"
    assert dict(calls)["list_tasks"]["serviceName"] == "s"
    answers |= {
        "describe_rules": {"Rules": [{"Priority": "10"}]},
        "list_tasks": {"taskArns": []},
        "describe_alarms": {"MetricAlarms": []},
        "describe_services": {"services": [{"desiredCount": 1, "deployments": [{"rolloutState": "IN_PROGRESS"}]}]},
    }
    assert aws.rule_is_first()
    assert not aws.is_idle()
    assert aws.youngest_task() is None
    assert aws.service().deploying
    for grace, start in ((None, 0), (90, 90), (86_400, 900)):
        answers["describe_services"]["services"][0]["healthCheckGracePeriodSeconds"] = grace
        assert aws.service().start == start
    aws.put_rule_last()
    assert _changes(calls)[-1][1] == {"RulePriorities": [{"RuleArn": VARIABLES["RULE"], "Priority": 12}]}
