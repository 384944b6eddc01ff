"""The answer to CloudFormation: one, within its limits, whatever the address does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from ecr_fargate_constructs.image.copier import handler as handlers
from ecr_fargate_constructs.image.copier.cloudformation import CloudFormation
from ecr_fargate_constructs.image.copier.deadline import Deadline
from ecr_fargate_constructs.image.copier.handler import handler
from tests.image.copier.aws import DESTINATION, LOG, Aws, Context
from tests.image.copier.images import image
from tests.image.copier.mishaps import says

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.integration

IMAGE = image(b"one")
EVENT: dict[str, Any] = {
    "RequestType": "Create",
    "RequestId": "request",
    "StackId": "arn:aws:cloudformation:eu-west-1:111122223333:stack/shop/0123",
    "LogicalResourceId": "Copy",
}


def test_success_says_what_was_made(aws: Aws) -> None:
    aws.hold(IMAGE)
    assert aws.copy().answers == [
        {
            "Status": "SUCCESS",
            "PhysicalResourceId": DESTINATION,
            "Data": {"Digest": IMAGE.digest},
            "StackId": "stack",
            "RequestId": "request",
            "LogicalResourceId": "Copy",
        }
    ]


def test_failure_says_where_the_log_is_and_keeps_no_name_of_an_image(aws: Aws) -> None:
    [answer] = aws.copy().answers
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", "failed-request")
    assert answer["Reason"].endswith(f" (log: {LOG})")
    [answer] = aws.copy(RequestType="Update", PhysicalResourceId="known").answers
    assert answer["PhysicalResourceId"] == "known", "another one would have the old one deleted"


def test_the_address_gets_no_content_type_which_its_signature_does_not_have(aws: Aws) -> None:
    aws.copy()
    assert aws.cloudformation.content_types == [""]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_an_address_that_is_busy_is_tried_again(aws: Aws, status: int) -> None:
    aws.hold(IMAGE)
    aws.cloudformation.refuse = [(status, {})] * 3
    assert aws.copy().digest == IMAGE.digest
    assert aws.cloudformation.puts == 4


def test_an_address_cannot_have_the_function_wait_beyond_its_limit(aws: Aws) -> None:
    aws.hold(IMAGE)
    aws.cloudformation.refuse = [(503, {"Retry-After": "30"})]
    assert aws.copy().seconds < 20


@pytest.mark.parametrize(("status", "puts"), [(503, 4), (403, 1)])
def test_an_address_that_never_takes_the_answer_does_not_run_the_function_again(
    aws: Aws, status: int, puts: int
) -> None:
    aws.hold(IMAGE)
    aws.cloudformation.always = status
    outcome = aws.copy(answers=0)
    assert aws.cloudformation.puts == puts
    assert ("CloudFormation could not be reached: MaxRetryError" in outcome.printed) == (status == 503)
    assert ("CloudFormation answered 403 to SUCCESS" in outcome.printed) == (status == 403)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/answer", "no address", "http://[half", ""])
def test_an_address_that_is_none_is_printed_and_not_raised(aws: Aws, url: str) -> None:
    outcome = aws.copy(answers=0, ResponseURL=url)
    assert "CloudFormation could not be reached: " in outcome.printed


def test_an_error_that_nobody_thought_of_is_an_answer(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(handlers, "copy", fail)
    assert aws.copy().reason == f"ZeroDivisionError: division by zero (log: {LOG})"


def test_work_that_ends_as_the_time_does_gets_one_answer(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "Deadline", lambda _: Deadline(0.01))

    def copy(*given: object, **_: object) -> str:
        given[3]._stopped.wait(0.01)  # type: ignore[attr-defined]
        return IMAGE.digest

    monkeypatch.setattr(handlers, "copy", copy)
    for number in range(1, 31):
        aws.copy()
        assert aws.cloudformation.puts == number


@pytest.mark.parametrize("missing", ["ResourceType", "ResourceProperties"])
def test_an_event_that_lacks_something_is_an_answer(aws: Aws, missing: str) -> None:
    event = {"ResourceType": "Custom::EcrFargateImageCopy", "ResourceProperties": {}, **EVENT}
    del event[missing]
    outcome = aws.run({**event, "ResponseURL": aws.cloudformation.url})
    assert outcome.status == "FAILED"


def test_a_context_without_a_log_is_no_reason_to_fail(aws: Aws) -> None:
    class Bare:
        get_remaining_time_in_millis = Context(900).get_remaining_time_in_millis

    event = {"ResourceType": "Custom::EcrFargateImageCopy", "ResourceProperties": {"Destination": "x"}, **EVENT}
    handler({**event, "RequestType": "Delete", "ResponseURL": aws.cloudformation.url}, Bare())
    assert [answer["Status"] for answer in aws.cloudformation.answers] == ["SUCCESS"]


@pytest.mark.parametrize(
    "text",
    ["x" * 10_000, "\u20ac" * 10_000, "\U0001f600" * 10_000, '"\\' * 5_000, "\ud800" * 10_000, "\x00\n" * 5_000, ""],
    ids=["letters", "three bytes", "four bytes", "quotes", "half characters", "control characters", "nothing"],
)
def test_a_reason_is_cut_to_what_cloudformation_takes(aws: Aws, text: str) -> None:
    event = {**EVENT, "ResponseURL": aws.cloudformation.url, "PhysicalResourceId": "p" * 1024}
    CloudFormation(event, LOG).fail(text)
    [answer] = aws.cloudformation.answers
    assert aws.cloudformation.sizes[0] <= 4096
    assert answer["Reason"].endswith(f" (log: {LOG})")
    assert len(answer["Reason"]) > min(len(text), 200)
    assert answer["Reason"].isprintable()


def test_an_answer_that_is_too_long_without_a_reason_is_sent_all_the_same(aws: Aws) -> None:
    event = {**EVENT, "ResponseURL": aws.cloudformation.url, "StackId": "s" * 5000}
    CloudFormation(event, LOG).fail("why")
    assert len(aws.cloudformation.answers) == 1


def test_a_registry_that_speaks_at_length_leaves_room_for_the_log(aws: Aws) -> None:
    aws.hold(IMAGE)
    aws.registry.fail("GET", "/manifests/v1", says(400, "X", "\U0001f600" * 100_000))
    outcome = aws.copy()
    assert outcome.reason.endswith(f"(log: {LOG})")
    assert len(json.dumps(outcome.answers[0])) <= 4096


def test_a_physical_id_that_is_known_is_kept_by_success(aws: Aws) -> None:
    event = {**EVENT, "ResponseURL": aws.cloudformation.url}
    CloudFormation(event, "").succeed("known", {})
    assert aws.cloudformation.answers[0]["PhysicalResourceId"] == "known"


def test_only_a_new_connection_answers(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of the copy would be cut when the time is over."""
    pools: list[urllib3.PoolManager] = []
    make: Callable[..., None] = urllib3.PoolManager.__init__

    def count(self: urllib3.PoolManager, *args: Any, **options: Any) -> None:  # noqa: ANN401 - urllib3's
        pools.append(self)
        make(self, *args, **options)

    monkeypatch.setattr(urllib3.PoolManager, "__init__", count)
    aws.copy()
    assert len(pools) == 2
