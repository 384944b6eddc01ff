"""Registries of others: tokens of nobody, and logins that a secret holds."""

from __future__ import annotations

import base64
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from ecr_fargate_constructs.image.copier import login
from tests.image.copier.aws import DESTINATION, HOST, Aws, Outcome
from tests.image.copier.images import image
from tests.image.copier.mishaps import answers, document, expires, says

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.image.copier.mishaps import Act

pytestmark = pytest.mark.integration

IMAGE = image(b"one" * 1000, b"two" * 100_000)
PASSWORD = "correct-horse"  # noqa: S105 - of nobody
BASIC = f"Basic {base64.b64encode(f'me:{PASSWORD}'.encode()).decode()}"


def _other(aws: Aws, wanted: str) -> str:
    """Have the image at a registry that is not ECR's, which wants a login."""
    source = f"{aws.registry.host}/library/shop:abc"
    aws.hold(IMAGE, source)
    aws.registry.logins[aws.registry.host] = wanted
    aws.registry.realm = f"{aws.registry.url}/token"
    aws.secrets |= {PASSWORD, BASIC}
    return source


def _secret(monkeypatch: pytest.MonkeyPatch, aws: Aws, text: str | None) -> str:
    inner: Callable[..., Any] = login.client
    arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:hub-AbCdEf"

    def client(service: str, region: str | None = None) -> Any:  # noqa: ANN401 - boto3's
        if service == "ecr":
            return inner(service, region)
        assert (service, region) == ("secretsmanager", "eu-west-1")

        def get_secret_value(SecretId: str) -> dict[str, object]:  # noqa: N803 - boto3's
            assert SecretId == arn
            return {"SecretBinary": b"x"} if text is None else {"SecretString": text}

        return SimpleNamespace(get_secret_value=get_secret_value)

    monkeypatch.setattr(login, "client", client)
    aws.secrets |= {PASSWORD}
    return arn


def _with(aws: Aws, source: str, arn: str) -> Outcome:
    properties = {"Source": source, "Destination": DESTINATION, "Architecture": "amd64", "Credentials": arn}
    return aws.copy(source, ResourceProperties=properties)


def test_a_public_image_is_read_with_the_token_of_nobody(aws: Aws) -> None:
    source = _other(aws, "Bearer wanted")
    assert aws.copy(source).digest == IMAGE.digest
    [asked] = aws.registry.made("GET", "/token")
    assert asked.path == "/token?service=fake&scope=repository%3Ax%3Apull"
    assert asked.login is None


@pytest.mark.parametrize(
    "at", [("GET", "/manifests/abc"), ("GET", f"/blobs/{IMAGE.layers[1]}")], ids=["manifest", "layer"]
)
def test_a_token_of_another_registry_that_expires_in_the_middle_is_renewed(aws: Aws, at: tuple[str, str]) -> None:
    source = _other(aws, "Bearer wanted")
    aws.registry.fail(*at, expires, host=aws.registry.host)
    assert aws.copy(source).digest == IMAGE.digest


@pytest.mark.parametrize("name", ["password", "accessToken"])
def test_the_login_of_a_secret_gets_the_token(aws: Aws, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    source = _other(aws, "Bearer wanted")
    aws.registry.logins["/token"] = BASIC
    arn = _secret(monkeypatch, aws, json.dumps({"username": "me", name: PASSWORD}))
    assert _with(aws, source, arn).digest == IMAGE.digest
    assert {each.login for each in aws.registry.made("GET", "/token")} == {BASIC}
    assert BASIC not in {each.login for each in aws.registry.made("GET", "/v2/")}


def test_a_registry_without_tokens_gets_the_login_itself(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    source = _other(aws, BASIC)
    arn = _secret(monkeypatch, aws, json.dumps({"username": "me", "password": PASSWORD}))
    assert _with(aws, source, arn).digest == IMAGE.digest
    assert BASIC not in {each.login for each in aws.registry.made("", "", HOST)}, "ECR never sees it"


def test_a_login_that_is_wrong_is_tried_once_and_told(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    source = _other(aws, "Bearer wanted")
    aws.registry.logins["/token"] = "Basic of-another"
    arn = _secret(monkeypatch, aws, json.dumps({"username": "me", "password": PASSWORD}))
    outcome = _with(aws, source, arn)
    assert "127.0.0.1 issued no token: 401; check user name and password in the secret" in outcome.reason
    assert len(aws.registry.made("GET", "/token")) == 1


def test_a_login_that_is_wrong_for_a_registry_without_tokens_is_told(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    source = _other(aws, "Basic of-another")
    arn = _secret(monkeypatch, aws, json.dumps({"username": "me", "password": PASSWORD}))
    assert "401 UNAUTHORIZED" in _with(aws, source, arn).reason
    assert len(aws.registry.made("GET", "/manifests/abc")) == 2


def test_a_private_image_without_a_login_is_told_how_to_give_one(aws: Aws) -> None:
    source = _other(aws, "Bearer wanted")
    aws.registry.logins["/token"] = BASIC
    assert "give a login with mirror_image(credentials=…)" in aws.copy(source).reason
    source = _other(aws, BASIC)
    assert "401 UNAUTHORIZED authentication required" in aws.copy(source).reason


def test_a_secret_that_may_not_be_read_yet_is_asked_for_again(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    source = _other(aws, BASIC)
    arn = _secret(monkeypatch, aws, json.dumps({"username": "me", "password": PASSWORD}))
    refusals = [ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetSecretValue")] * 5
    client: Callable[..., Any] = login.client

    def deny(service: str, region: str | None = None) -> Any:  # noqa: ANN401 - boto3's
        if service == "secretsmanager" and refusals:
            return SimpleNamespace(get_secret_value=_raiser(refusals.pop()))
        return client(service, region)

    monkeypatch.setattr(login, "client", deny)
    assert _with(aws, source, arn).digest == IMAGE.digest
    assert refusals == []


def _raiser(error: Exception) -> Callable[..., None]:
    def fail(**_: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize("text", [None, "", "hunter2", "[]", "{}", '{"username": "me"}', '{"password": "x"}'])
def test_a_secret_without_a_login_is_told_what_it_has_to_hold(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    arn = _secret(monkeypatch, aws, text)
    outcome = _with(aws, _other(aws, BASIC), arn)
    assert f"the secret {arn} holds no login; store a JSON text with username and password" in outcome.reason
    assert "hunter2" not in outcome.reason


@pytest.mark.parametrize(
    ("act", "reason", "times"),
    [
        (says(429, Retry_After="0"), "issued no token: 429 (6 attempts)", 6),
        (says(503), "issued no token: 503 (6 attempts)", 6),
        (says(404), "issued no token: 404; check that the image exists and is public", 1),
        (answers(200, {}, b"<html>"), "answered without a token", 1),
        (answers(200, {}, b"[]"), "answered without a token", 1),
        (answers(200, {}, b"[" * 100_000), "answered without a token", 1),
        (answers(200, {}, b'{"token": ""}'), "answered without a token", 1),
        (answers(200, {}, b'{"token": 1}'), "answered without a token", 1),
        (answers(200, {}, b'{"token": "hunter\\n2"}'), "answered without a token", 1),
        (answers(200, {}, b'{"token": "hunter\\u20ac"}'), "answered without a token", 1),
        (answers(200, {}, b" " * (4 * 2**20 + 1)), "an answer has more than", 1),
        (answers(302, {"Location": "https://evil.example/"}), "issued no token: 302", 1),
    ],
)
def test_a_token_that_is_none_is_told_and_not_used(aws: Aws, act: Act, reason: str, times: int) -> None:
    source = _other(aws, "Bearer wanted")
    aws.registry.fail("GET", "/token", act, times=100)
    outcome = aws.copy(source)
    assert reason in outcome.reason
    assert "hunter" not in outcome.reason
    assert len(aws.registry.made("GET", "/token")) == times


@pytest.mark.parametrize("name", ["token", "access_token"])
def test_a_token_has_one_of_two_names(aws: Aws, name: str) -> None:
    source = _other(aws, "Bearer wanted")
    aws.registry.fail("GET", "/token", answers(200, {}, document(**{name: "wanted"})))
    assert aws.copy(source).digest == IMAGE.digest


@pytest.mark.parametrize("realm", ["http://evil.example/token", "ftp://localhost.evil.example/", "", "token"])
def test_a_password_is_sent_nowhere_without_encryption(aws: Aws, monkeypatch: pytest.MonkeyPatch, realm: str) -> None:
    source = _other(aws, "Bearer wanted")
    aws.registry.realm = realm
    challenge = f'Bearer realm="{realm}",service="fake"'
    aws.registry.fail("GET", "/manifests/abc", says(401, WWW_Authenticate=challenge))
    arn = _secret(monkeypatch, aws, json.dumps({"username": "me", "password": PASSWORD}))
    assert "which is not an https address" in _with(aws, source, arn).reason


@pytest.mark.parametrize(
    ("challenge", "path"),
    [
        ('Bearer realm="{}/token?account=me",service="a b"', "/token?account=me&service=a+b"),
        ('Bearer realm="{}/token", Basic realm="shop"', "/token?"),
        ('bearer Realm="x",realm="{}/token",scope="a"', "/token?scope=a"),
    ],
)
def test_a_challenge_is_read_as_registries_write_it(aws: Aws, challenge: str, path: str) -> None:
    source = _other(aws, "Bearer wanted")
    said = says(401, WWW_Authenticate=challenge.format(aws.registry.url))
    aws.registry.fail("GET", "/manifests/abc", said)
    assert aws.copy(source).digest == IMAGE.digest
    assert aws.registry.made("GET", "/token")[0].path == path


@pytest.mark.parametrize("challenge", ["", "Negotiate", 'Digest realm="x"'])
def test_a_challenge_that_nobody_can_answer_is_a_refusal(aws: Aws, challenge: str) -> None:
    source = _other(aws, "Bearer wanted")
    aws.registry.fail("GET", "/manifests/abc", says(401, "UNAUTHORIZED", WWW_Authenticate=challenge), times=9)
    assert "401 UNAUTHORIZED" in aws.copy(source).reason
    assert len(aws.registry.made("GET", "/manifests/abc")) == 1


@pytest.mark.parametrize("at", [("GET", "/manifests/abc"), ("GET", f"/blobs/{IMAGE.layers[1]}")])
def test_a_refusal_by_a_registry_without_iam_does_not_go_away(aws: Aws, at: tuple[str, str]) -> None:
    source = f"{aws.registry.host}/library/shop:abc"
    aws.hold(IMAGE, source)
    aws.registry.fail(*at, says(403, "DENIED", "pay first"), times=9)
    outcome = aws.copy(source)
    assert "403 DENIED pay first (log" in outcome.reason
    assert len(aws.registry.made(*at)) == 1


@pytest.mark.parametrize(("method", "path"), [("PUT", f"/blobs/uploads/.*{IMAGE.layers[1]}"), ("PUT", "/manifests/v1")])
def test_a_destination_of_others_that_refuses_is_asked_once_more_with_a_new_token(
    aws: Aws, method: str, path: str
) -> None:
    destination = f"{aws.registry.host}/copies:v1"
    aws.hold(IMAGE, destination=destination)
    challenge = f'Bearer realm="{aws.registry.url}/token"'
    aws.registry.fail(method, path, says(403, "DENIED", "read only", WWW_Authenticate=challenge), times=9)
    outcome = aws.copy(destination=destination)
    assert "403 DENIED read only" in outcome.reason
    assert len(aws.registry.made(method, path)) == 2
    assert len(aws.registry.made("GET", "/token")) >= 1
