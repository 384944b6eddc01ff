"""The function that has an image copied only where its tag is not there."""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any

import boto3
import pytest

MODULE = "ecr_fargate_constructs.image.copy_once"
IMAGE = "docker://111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop/web:v1"
EVENT = {
    "RequestType": "Create",
    "ResponseURL": "https://cloudformation/answer",
    "StackId": "stack",
    "RequestId": "request",
    "LogicalResourceId": "Copy",
    "ResourceProperties": {"SrcImage": "docker://x", "DestImage": IMAGE},
}


class _NotFoundError(Exception):
    """That of ECR."""


class _Aws:
    """ECR and Lambda."""

    class exceptions:  # noqa: N801 - boto3's
        ImageNotFoundException = _NotFoundError

    def __init__(self, found: object) -> None:
        self.found = found
        self.asked: list[dict[str, Any]] = []
        self.invoked: list[dict[str, Any]] = []

    def describe_images(self, **question: Any) -> dict[str, Any]:  # noqa: ANN401 - boto3's
        self.asked.append(question)
        if isinstance(self.found, Exception):
            raise self.found
        return {"imageDetails": self.found}

    def invoke(self, **call: Any) -> None:  # noqa: ANN401 - boto3's
        self.invoked.append(call)


def _run(
    monkeypatch: pytest.MonkeyPatch, found: object, **changes: object
) -> tuple[_Aws, list[dict[str, Any]], BaseException | None]:
    aws, answers = _Aws(found), []
    monkeypatch.setattr(boto3, "client", lambda _: aws)
    monkeypatch.setenv("COPIES", "copies")
    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    module = importlib.import_module(MODULE)

    class _Answer:
        def close(self) -> None:
            """As of a response."""

    def urlopen(request: Any, timeout: float) -> _Answer:  # noqa: ANN401 - urllib's
        assert (request.full_url, request.method, timeout) == (EVENT["ResponseURL"], "PUT", 30)
        answers.append(json.loads(request.data))
        return _Answer()

    monkeypatch.setattr(module.urllib.request, "urlopen", urlopen)
    raised = None
    try:
        module.handler({**EVENT, **changes}, None)
    except Exception as error:  # noqa: BLE001 - which one is asserted
        raised = error
    return aws, answers, raised


@pytest.mark.parametrize("found", [_NotFoundError(), []])
@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_what_is_not_there_is_copied_by_the_other_function(
    monkeypatch: pytest.MonkeyPatch, found: object, kind: str
) -> None:
    aws, answers, raised = _run(monkeypatch, found, RequestType=kind)
    assert raised is None
    assert not answers, "the other function answers"
    [call] = aws.invoked
    assert (call["FunctionName"], call["InvocationType"]) == ("copies", "Event")
    assert json.loads(call["Payload"]) == {**EVENT, "RequestType": kind}
    image = {"registryId": "111122223333", "repositoryName": "shop/web", "imageIds": [{"imageTag": "v1"}]}
    assert aws.asked == [image]


def test_what_is_there_is_not_pushed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    aws, [answer], raised = _run(monkeypatch, [{}], RequestType="Update", PhysicalResourceId="known")
    assert raised is None
    assert not aws.invoked
    assert answer == {
        "Status": "SUCCESS",
        "Reason": "",
        "PhysicalResourceId": "known",
        "StackId": "stack",
        "RequestId": "request",
        "LogicalResourceId": "Copy",
    }
    _, [created], _ = _run(monkeypatch, [{}])
    assert created["PhysicalResourceId"] == IMAGE


def test_nothing_is_deleted_and_nobody_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    aws, [answer], _ = _run(monkeypatch, [], RequestType="Delete", PhysicalResourceId="known")
    assert (answer["Status"], aws.asked, aws.invoked) == ("SUCCESS", [], [])


def test_cloudformation_is_told_of_an_error_and_need_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    _, [answer], raised = _run(monkeypatch, RuntimeError("AccessDenied"))
    assert str(raised) == "AccessDenied"
    assert (answer["Status"], answer["Reason"]) == ("FAILED", "RuntimeError: AccessDenied")
