"""The entry point: one answer to CloudFormation, or one further invocation, whatever happens."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.validate import ParamValidator

from ecr_fargate_constructs.service.release.function import handler as handlers
from ecr_fargate_constructs.service.release.function.answer import LONGEST_REASON, shortened
from ecr_fargate_constructs.service.release.function.release import FailedError, OutOfTimeError, Release
from ecr_fargate_constructs.service.release.function.request import Request
from tests.image.copier.fake_cloudformation import FakeCloudFormation
from tests.service.release.function.cloud import Deployments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

pytestmark = pytest.mark.integration

FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:release"


class Context:
    """Lambda's."""

    invoked_function_arn = FUNCTION

    def __init__(self, seconds: float) -> None:
        """Begin to run."""
        self._end = time.time() + seconds

    def get_remaining_time_in_millis(self) -> int:
        """Return the time that is left."""
        return int((self._end - time.time()) * 1000)


@pytest.fixture
def cloudformation() -> Iterator[FakeCloudFormation]:
    with FakeCloudFormation().serving() as fake:
        yield fake


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Mapping[str, Any]]]:
    """The further invocations."""
    calls: list[tuple[str, Mapping[str, Any]]] = []
    monkeypatch.setattr(handlers, "continue_later", lambda *call: calls.append(call))
    return calls


def _event(fake: FakeCloudFormation) -> dict[str, Any]:
    return {**Deployments().event("Update", "web:1"), "ResponseURL": fake.url}


def _doing(monkeypatch: pytest.MonkeyPatch, finish: Callable[[Any], dict[str, str]]) -> None:
    monkeypatch.setattr(handlers, "Aws", lambda _: None)
    monkeypatch.setattr(Release, "finish", finish)


def test_success_keeps_one_physical_id(
    monkeypatch: pytest.MonkeyPatch, cloudformation: FakeCloudFormation, later: list[Any]
) -> None:
    _doing(monkeypatch, lambda _: {"Version": "v", "Task": "task/0"})
    handlers.handler(_event(cloudformation), Context(900))
    [answer] = cloudformation.answers
    assert answer["Status"] == "SUCCESS"
    assert answer["PhysicalResourceId"] == "/ecr-fargate/release/stack/Web"
    assert answer["Data"] == {"Version": "v", "Task": "task/0"}
    assert later == []


@pytest.mark.parametrize("error", [FailedError("exit code 1; its last lines: no\ttable"), KeyError("Launch")])
def test_failure_says_why_and_does_not_have_anything_replaced(
    monkeypatch: pytest.MonkeyPatch, cloudformation: FakeCloudFormation, later: list[Any], error: Exception
) -> None:
    def fail(_: Any) -> dict[str, str]:  # noqa: ANN401 - a release
        raise error

    _doing(monkeypatch, fail)
    handlers.handler(_event(cloudformation), Context(900))
    [answer] = cloudformation.answers
    assert answer["Status"] == "FAILED"
    assert answer["PhysicalResourceId"] == "/ecr-fargate/release/stack/Web"
    assert ("no?table" if isinstance(error, FailedError) else "KeyError: 'Launch'") in answer["Reason"]
    assert later == []


def test_a_broken_event_is_answered_too(cloudformation: FakeCloudFormation) -> None:
    event = _event(cloudformation)
    del event["ResourceProperties"]["Command"]
    handlers.handler(event, Context(900))
    assert "KeyError: 'Command'" in cloudformation.answers[0]["Reason"]


def test_the_longest_reason_fits_and_ends_with_the_last_line(
    monkeypatch: pytest.MonkeyPatch, cloudformation: FakeCloudFormation
) -> None:
    def fail(_: Any) -> dict[str, str]:  # noqa: ANN401 - a release
        raise FailedError("the release command failed; its last lines: " + "😀é" * 3000 + "no such table")

    _doing(monkeypatch, fail)
    handlers.handler(_event(cloudformation), Context(900))
    [answer] = cloudformation.answers
    assert cloudformation.sizes[0] <= 4096
    assert answer["Reason"].startswith("the release command failed")
    assert answer["Reason"].endswith("no such table")


@pytest.mark.parametrize("length", range(1, 12))
def test_a_short_reason_is_never_longer_than_asked_for(length: int) -> None:
    assert len(shortened("x" * 50, length)) <= length
    assert shortened("abc", LONGEST_REASON) == "abc"


def test_before_its_time_is_over_it_calls_itself_with_its_notes(
    monkeypatch: pytest.MonkeyPatch, cloudformation: FakeCloudFormation, later: list[tuple[str, Mapping[str, Any]]]
) -> None:
    seen: list[float] = []

    def run_out(release: Any) -> dict[str, str]:  # noqa: ANN401 - a release
        seen.append(release._until - time.time())
        release._notes["task"] = "task/0"
        raise OutOfTimeError

    _doing(monkeypatch, run_out)
    handlers.handler(_event(cloudformation), Context(900))
    assert cloudformation.answers == []
    [(function, event)] = later
    assert function == FUNCTION
    assert event["EcrFargateNotes"]["task"] == "task/0"
    assert event["RequestType"] == "Update"
    assert seen[0] == pytest.approx(840, abs=5)


def test_a_refused_call_of_itself_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, cloudformation: FakeCloudFormation
) -> None:
    def run_out(_: Any) -> dict[str, str]:  # noqa: ANN401 - a release
        raise OutOfTimeError

    def refuse(*_: Any) -> None:  # noqa: ANN401 - function and event
        raise RuntimeError("TooManyRequestsException")

    _doing(monkeypatch, run_out)
    monkeypatch.setattr(handlers, "continue_later", refuse)
    handlers.handler(_event(cloudformation), Context(900))
    assert "TooManyRequestsException" in cloudformation.answers[0]["Reason"]


@pytest.mark.parametrize(
    "launch",
    [
        {"launchType": "FARGATE", "platformVersion": "LATEST"},
        {
            "launchType": "FARGATE",
            "size": {"cpu": "1024", "memory": "2048", "limit": "2048", "storage": "40"},
        },
        {
            "capacityProviderStrategy": [{"capacityProvider": "Machines", "weight": "1", "base": "0"}],
            "placementConstraints": [{"type": "memberOf", "expression": "attribute:ecs.instance-type =~ g5.*"}],
        },
    ],
    ids=["fargate", "size", "machines"],
)
def test_the_request_is_one_of_the_api(launch: dict[str, Any]) -> None:
    network = {"subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED"}
    event = Deployments().event(
        "Update", "web:1", Launch={**launch, "networkConfiguration": {"awsvpcConfiguration": network}}
    )
    request = Request.of(event).run_task(12)
    shape = boto3.client("ecs", region_name="eu-west-1").meta.service_model.operation_model("RunTask").input_shape
    report = ParamValidator().validate({"cluster": "shop", **request}, shape)
    assert not report.has_errors(), report.generate_report()
    assert len(request["clientToken"]) <= 64
    assert len(request["startedBy"]) <= 36
    if "size" in launch:
        assert request["overrides"] == {
            "cpu": "1024",
            "memory": "2048",
            "ephemeralStorage": {"sizeInGiB": 40},
            "containerOverrides": [{"name": "web", "command": ["manage.py", "migrate"], "memory": 2048}],
        }
