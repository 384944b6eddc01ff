"""Tokens of ECR: they expire, are denied, and are throttled."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.retries import standard

from ecr_fargate_constructs.image.copier import login
from tests.image.copier.aws import HOST, SOURCE_HOST, Aws
from tests.image.copier.images import image
from tests.image.copier.mishaps import document, expires, says

pytestmark = pytest.mark.integration

IMAGE = image(b"one" * 1000, b"two" * 100_000)
REQUESTS = [
    ("GET", "/manifests/abc", SOURCE_HOST),
    ("GET", f"/blobs/{next(iter(IMAGE.blobs))}", SOURCE_HOST),
    ("GET", f"/blobs/{IMAGE.layers[1]}", SOURCE_HOST),
    ("GET", "/manifests/v1", HOST),
    ("HEAD", f"/blobs/{IMAGE.layers[1]}", HOST),
    ("POST", "/blobs/uploads/", HOST),
    ("PUT", f"/blobs/uploads/.*{IMAGE.layers[1]}", HOST),
    ("PUT", "/manifests/v1", HOST),
]


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("at", REQUESTS, ids=lambda at: f"{at[0]} {at[1]}")
def test_a_token_of_ecr_that_expires_in_the_middle_is_renewed(aws: Aws, at: tuple[str, str, str], status: int) -> None:
    aws.hold(IMAGE)
    aws.registry.expired_status = status
    aws.registry.fail(at[0], at[1], expires, host=at[2])
    assert aws.copy().digest == IMAGE.digest


def test_one_token_of_ecr_is_enough_for_all_registries_of_a_region(aws: Aws) -> None:
    aws.hold(IMAGE)
    aws.copy()
    assert {each.host for each in aws.registry.requests} == {SOURCE_HOST, HOST}
    assert len({each.login for each in aws.registry.requests}) == 1


def _denied() -> ClientError:
    message = "User: arn:aws:sts::1:assumed-role/x is not authorized to perform: ecr:GetAuthorizationToken"
    return ClientError({"Error": {"Code": "AccessDeniedException", "Message": message}}, "GetAuthorizationToken")


@pytest.mark.parametrize("times", [5, 6])
def test_a_role_that_gets_no_token_is_asked_for_again_as_its_right_may_be_new(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    aws.hold(IMAGE)
    denials, client = [_denied() for _ in range(times)], login.client

    def get_authorization_token() -> object:
        if denials:
            raise denials.pop()
        return client("ecr", "eu-west-1").get_authorization_token()

    denying = SimpleNamespace(get_authorization_token=get_authorization_token)
    monkeypatch.setattr(login, "client", lambda *_: denying)
    outcome = aws.copy()
    if times == 5:
        assert outcome.digest == IMAGE.digest
    else:
        assert "not authorized to perform: ecr:GetAuthorizationToken (6 attempts)" in outcome.reason
        assert aws.registry.requests == []


def test_another_error_of_aws_is_told_at_once(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def fail() -> None:
        calls.append(1)
        raise ClientError({"Error": {"Code": "InvalidParameterException", "Message": "no"}}, "GetAuthorizationToken")

    monkeypatch.setattr(login, "client", lambda *_: SimpleNamespace(get_authorization_token=fail))
    assert aws.copy().reason.startswith("ClientError: An error occurred (InvalidParameterException)")
    assert calls == [1]


THROTTLED = 400, document(__type="ThrottlingException", message="Rate exceeded")


@pytest.mark.parametrize("times", [5, 6])
def test_a_token_that_is_throttled_is_asked_for_six_times(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    monkeypatch.undo()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_ENDPOINT_URL_ECR", aws.registry.url)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(standard.ExponentialBackoff, "delay_amount", lambda *_: 0.0)
    aws.hold(IMAGE)
    tokens = [document(authorizationData=[{"authorizationToken": aws.registry.issue_token()}]) for _ in range(2)]
    aws.registry.api = [THROTTLED] * times + [(200, token) for token in tokens]
    outcome = aws.copy()
    if times == 5:
        assert outcome.digest == IMAGE.digest
    else:
        assert "ThrottlingException" in outcome.reason
        assert len(aws.registry.made("POST", "^/$")) == 6, "not six times six"


def test_boto3_makes_one_client_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its default session is not made for two at once."""
    inside, most = [0], [0]

    def client(*_: object, **__: object) -> None:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        time.sleep(0.01)
        inside[0] -= 1

    monkeypatch.setattr(boto3, "client", client)
    threads = [threading.Thread(target=login.client, args=("ecr",)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


@pytest.mark.parametrize("at", REQUESTS, ids=lambda at: f"{at[0]} {at[1]}")
def test_a_right_that_iam_does_not_know_yet_is_waited_for(aws: Aws, at: tuple[str, str, str]) -> None:
    aws.hold(IMAGE)
    aws.registry.fail(at[0], at[1], says(403, "DENIED", "not authorized"), host=at[2], times=5)
    assert aws.copy().digest == IMAGE.digest
