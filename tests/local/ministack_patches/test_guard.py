"""Who may ask the embedded AWS: a real one, asked in this process by real clients of AWS and by strangers."""

from __future__ import annotations

import asyncio
import base64
import contextvars
import hashlib
import io
import os
import time
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError

from ecr_fargate_constructs.local.ministack_patches.guard import guard

if TYPE_CHECKING:
    from collections.abc import Iterator

PORT, ACCOUNT, SECRET, PASSWORD = 4566, "000000000000", "the secret of this start", "the password of the registry"
LOCAL = f"localhost:{PORT}"
REGISTRY = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com"
LOGIN = {"Authorization": "Basic " + base64.b64encode(f"AWS:{PASSWORD}".encode()).decode()}
EVIL = "https://evil.example"


@dataclass
class Answer:
    """What an application has sent."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass
class Emulator:
    """MiniStack behind the guard, and what got through to it."""

    application: Any = None
    passed: list[str] = field(default_factory=list)

    def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"", host: str = LOCAL
    ) -> Answer:
        """Send a request, as HTTP clients do."""
        parts, found = urlsplit(path), Answer()
        sent = {"Host": host, **({"Content-Length": str(len(body))} if body else {}), **(headers or {})}
        scope = {
            "type": "http",
            "method": method,
            "path": unquote_to_bytes(parts.path).decode(),
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in sent.items()],
            "client": ("127.0.0.1", 1),
        }
        halves = iter([{"body": body[:9], "more_body": True}, {"body": body[9:], "more_body": False}])

        async def receive() -> Any:  # noqa: ANN401 - ASGI
            return {"type": "http.request", **next(halves)}

        async def send(message: Any) -> None:  # noqa: ANN401 - ASGI
            if message["type"] == "http.response.start":
                found.status = message["status"]
                found.headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
            else:
                found.body += message.get("body", b"")

        contextvars.copy_context().run(asyncio.run, self.application(scope, receive, send))
        return found

    def client(self, service: str, *, key: str = ACCOUNT, secret: str = SECRET, **options: Any) -> Any:  # noqa: ANN401
        """A client of boto3 whose requests come here."""
        made = boto3.client(
            service,
            endpoint_url=f"http://{LOCAL}",
            region_name=options.pop("region", "us-east-1"),
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            **{"config": Config(retries={"total_max_attempts": 1}), **options},
        )

        def deliver(request: Any, **_: object) -> AWSResponse:  # noqa: ANN401 - botocore has no types
            parts = urlsplit(request.url)
            body = request.body.read() if hasattr(request.body, "read") else request.body or b""
            body = body.encode() if isinstance(body, str) else body
            headers = {
                name: value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()
            }
            answer = self.ask(
                request.method, request.url[len(f"{parts.scheme}://{parts.netloc}") :], headers, body, parts.netloc
            )
            raw = io.BytesIO(answer.body)
            raw.stream = lambda **_: iter([answer.body])  # type: ignore[attr-defined]
            return AWSResponse(request.url, answer.status, answer.headers, raw)

        made.meta.events.register("before-send", deliver)
        return made


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """An embedded AWS of its own, with its ECR and load balancers empty."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCOUNT)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    app, ecr = import_module("ministack.app"), import_module("ministack.services.ecr")
    monkeypatch.setattr(ecr, "_get_authorization_token", ecr._get_authorization_token)
    made = Emulator()

    async def noted(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        made.passed.append(f"{scope['method']} {scope['path']}")
        await app.app(scope, receive, send)

    made.application = guard(noted, ecr, port=PORT, password=PASSWORD)
    yield made
    for service in ("ecr", "alb", "s3", "sts", "iam"):
        import_module(f"ministack.services.{service}").reset()


@pytest.mark.parametrize(
    ("headers", "host"),
    [
        ({"Origin": EVIL}, LOCAL),
        ({"Origin": EVIL, "Content-Type": "text/plain"}, LOCAL),
        ({"Origin": "null"}, LOCAL),
        ({"Origin": "http://localhost:4567"}, LOCAL),
        ({"Origin": "http://localhost.evil.example:4566"}, LOCAL),
        ({"Sec-Fetch-Site": "cross-site"}, LOCAL),
        ({"Sec-Fetch-Site": "same-site"}, LOCAL),
        ({}, "evil.example"),
        ({}, f"evil.example:{PORT}"),
        ({}, "localhost:4567"),
        ({}, "amazonaws.com.evil.example"),
        ({}, "b.s3.evil.example"),
        ({}, ""),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/"), ("OPTIONS", "/"), ("GET", "/_ministack/health"), ("GET", "/v2/")]
)
def test_what_a_page_of_another_site_sends_is_refused(
    emulator: Emulator, method: str, path: str, headers: dict[str, str], host: str
) -> None:
    answer = emulator.ask(method, path, {**LOGIN, **headers}, host=host)
    assert (answer.status, emulator.passed) == (403, [])
    assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    ("headers", "host"),
    [
        ({}, LOCAL),
        ({}, "localhost"),
        ({}, f"127.0.0.1:{PORT}"),
        ({}, f"[::1]:{PORT}"),
        ({}, REGISTRY),
        ({}, "bucket.s3.eu-west-1.amazonaws.com"),
        ({}, f"bucket.localhost:{PORT}"),
        ({"Origin": f"http://web.alb.localhost:{PORT}", "Sec-Fetch-Site": "cross-site"}, LOCAL),
        ({"Sec-Fetch-Site": "none"}, LOCAL),
        ({"Sec-Fetch-Site": "same-origin"}, LOCAL),
    ],
)
def test_names_and_pages_of_this_machine_may_ask(emulator: Emulator, headers: dict[str, str], host: str) -> None:
    answer = emulator.ask("GET", "/_ministack/health", headers, host=host)
    assert (answer.status, emulator.passed) == (200, ["GET /_ministack/health"])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/_ministack/reset"),
        ("POST", "/_ministack/config"),
        ("GET", "/_ministack/lambda-code/function"),
        ("GET", "/_localstack/x"),
        ("GET", "/_aws/ses"),
        ("POST", "/"),
        ("POST", "/?Action=ListUsers&Version=2010-05-08"),
        ("POST", "/?Action=AssumeRoleWithWebIdentity&Version=2011-06-15"),
        ("POST", "/2015-03-31/functions"),
        ("PUT", "/bucket"),
        ("GET", "/_alb/web/"),
        ("GET", "/health"),
        ("PUT", "/_ministack/cfn-response/x"),
    ],
)
def test_a_request_that_nobody_signed_is_refused(emulator: Emulator, method: str, path: str) -> None:
    answer = emulator.ask(method, path, {"Content-Type": "text/plain"}, b"{}")
    assert (answer.status // 100, emulator.passed) == (4, [])


CALLS = [
    ("sts", "get_caller_identity", {}),  # the protocol is query
    ("ec2", "describe_vpcs", {}),  # ec2
    ("ecs", "list_clusters", {}),  # json
    ("lambda", "list_functions", {}),  # rest-json
    ("s3", "list_buckets", {}),  # rest-xml
    ("s3", "put_object", {"Bucket": "b-1", "Key": "a b/ü+~c.txt", "Body": b"x" * 99}),
    ("s3", "put_object", {"Bucket": "b-1", "Key": "stream", "Body": io.BytesIO(b"x" * 99)}),
    ("apigateway", "get_tags", {"resourceArn": "arn:aws:apigateway:us-east-1::/restapis/a"}),  # a path with escapes
]


@pytest.mark.parametrize(("service", "operation", "options"), CALLS)
def test_signed_requests_pass_and_those_of_strangers_do_not(
    emulator: Emulator, service: str, operation: str, options: dict[str, Any]
) -> None:
    emulator.client("s3").create_bucket(Bucket="b-1")
    for stranger in (
        {"secret": "local"},
        {"key": "test", "secret": "test"},
        {"key": "AKIAIOSFODNN7EXAMPLE"},
        {"aws_session_token": "x"},
    ):
        emulator.passed.clear()
        with pytest.raises(ClientError) as caught:
            getattr(emulator.client(service, **stranger), operation)(**options)
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] in {400, 401, 403}
        assert emulator.passed == []
    try:
        getattr(emulator.client(service), operation)(**options)
    except ClientError as error:
        assert "NotFound" in str(error)  # noqa: PT017 - it was asked, and there is no such API
    assert len(emulator.passed) == 1


def test_credentials_of_the_own_sts_pass(emulator: Emulator) -> None:
    role = emulator.client("iam").create_role(RoleName="role", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    given = emulator.client("sts").assume_role(RoleArn=role, RoleSessionName="name")["Credentials"]
    key, secret, token = (given[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
    session = emulator.client("sts", key=key, secret=secret, aws_session_token=token)
    assert session.get_caller_identity()["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/role/name"
    for wrong in (("x", token), (secret, "x"), (secret, None)):
        with pytest.raises(ClientError):
            emulator.client("sts", key=key, secret=wrong[0], aws_session_token=wrong[1]).get_caller_identity()
    import_module("ministack.services.sts")._sessions[key]["Expiration"] = time.time() - 1
    with pytest.raises(ClientError, match="expired"):
        session.get_caller_identity()


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_an_address_that_is_signed_may_be_used_from_any_page_until_it_expires(emulator: Emulator, version: str) -> None:
    client = emulator.client("s3", config=Config(signature_version=version))
    emulator.client("s3").create_bucket(Bucket="b-1")
    emulator.client("s3").put_object(Bucket="b-1", Key="a b", Body=b"hello")
    url = client.generate_presigned_url("get_object", Params={"Bucket": "b-1", "Key": "a b"}, ExpiresIn=60)
    path = url.removeprefix(f"http://{LOCAL}")
    answer = emulator.ask("GET", path, {"Origin": EVIL})
    assert (answer.status, answer.body) == (200, b"hello")
    assert "access-control-allow-origin" not in answer.headers
    emulator.passed.clear()
    assert emulator.ask("GET", path.replace("b-1", "b-2")).status == 403
    assert emulator.ask("DELETE", path).status == 403
    assert emulator.ask("GET", path, host="evil.example").status == 403
    stranger = emulator.client("s3", secret="local", config=Config(signature_version=version))  # noqa: S106
    forged = stranger.generate_presigned_url("get_object", Params={"Bucket": "b-1", "Key": "a b"})
    assert emulator.ask("GET", forged.removeprefix(f"http://{LOCAL}")).status == 403
    old = client.generate_presigned_url("get_object", Params={"Bucket": "b-1", "Key": "a b"}, ExpiresIn=-60)
    assert emulator.ask("GET", old.removeprefix(f"http://{LOCAL}")).status == 403
    assert emulator.passed == []


@pytest.mark.parametrize("version", ["s3", "s3v4"])
@pytest.mark.parametrize(
    "added",
    [
        {"X-Amz-Target": "secretsmanager.ListSecrets", "Content-Type": "application/x-amz-json-1.1"},
        {"X-Amz-Copy-Source": "/b-1/other"},
        {"Authorization": f"Basic Credential={ACCOUNT}/20261128/us-east-1/secretsmanager/aws4_request"},
    ],
)
def test_an_address_that_is_signed_opens_nothing_else(emulator: Emulator, version: str, added: dict[str, str]) -> None:
    client = emulator.client("s3", config=Config(signature_version=version))
    emulator.client("s3").create_bucket(Bucket="b-1")
    url = client.generate_presigned_url("put_object", Params={"Bucket": "b-1", "Key": "a"}, ExpiresIn=60)
    path = url.removeprefix(f"http://{LOCAL}")
    emulator.passed.clear()
    assert emulator.ask("PUT", path, added, b"{}").status in {400, 403}  # as the service that the request speaks of
    assert emulator.passed == []
    assert emulator.ask("PUT", path, body=b"{}").status == 200


@pytest.mark.parametrize("service", ["ecs", "s3"])
def test_a_signature_covers_all_that_means_something_to_aws(emulator: Emulator, service: str) -> None:
    sent: list[Any] = []
    client = emulator.client(service)
    client.meta.events.register_first("before-send", lambda request, **_: sent.append(request))
    client.list_clusters() if service == "ecs" else client.create_bucket(Bucket="b-1")
    [request] = sent
    headers = {name: value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()}
    body, path = request.body or b"", urlsplit(request.url).path
    emulator.passed.clear()
    digest = hashlib.sha256(body).hexdigest()
    assert emulator.ask(request.method, path, {**headers, "X-Amz-Acl": "public-read"}, body).status == 403
    another = {**headers, "X-Amz-Content-Sha256": digest} if service == "ecs" else headers
    assert emulator.ask(request.method, path, another, b'{"maxResults": 1}').status in {400, 403}
    assert emulator.passed == []
    assert emulator.ask(request.method, path, headers, body).status in {200, 409}


def test_a_signature_is_for_one_request_and_a_short_time(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    client = emulator.client("ecs")
    client.meta.events.register_first("before-send", lambda request, **_: sent.append(request))
    client.list_clusters()
    [request] = sent
    headers = {name: value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()}
    emulator.passed.clear()
    assert emulator.ask("POST", "/", headers, request.body).status == 200
    assert emulator.ask("POST", "/", headers, b'{"maxResults": 1}').status == 400
    assert emulator.ask("POST", "/?a=b", headers, request.body).status == 400
    assert emulator.ask("POST", "/", {**headers, "X-Amz-Target": "Other.ListThings"}, request.body).status == 400
    monkeypatch.setattr("ministack.core.sigv4._amz_datetime", lambda _: _long_ago())
    assert emulator.ask("POST", "/", headers, request.body).status == 400
    assert emulator.passed == ["POST /"]


def _long_ago() -> Any:  # noqa: ANN401 - a moment
    return import_module("datetime").datetime(2026, 1, 1, tzinfo=import_module("datetime").timezone.utc)


def test_the_registry_takes_the_login_that_ecr_gives(emulator: Emulator) -> None:
    for headers in ({}, {"Authorization": "Basic QVdTOm1pbmlzdGFjay1hdXRoLXRva2Vu"}, {"Authorization": "Basic ü"}):
        answer = emulator.ask("GET", "/v2/", headers, host=REGISTRY)
        assert (answer.status, answer.headers["www-authenticate"].partition(" ")[0]) == (401, "Basic")
    for method, path in (("PUT", "/v2/web/manifests/1"), ("DELETE", "/v2/web/manifests/1"), ("GET", "/v2/_catalog")):
        assert emulator.ask(method, path, host=REGISTRY).status == 401
    assert emulator.passed == []
    [data] = emulator.client("ecr").get_authorization_token()["authorizationData"]
    answer = emulator.ask("GET", "/v2/", {"Authorization": f"Basic {data['authorizationToken']}"}, host=REGISTRY)
    assert answer.status == 200
    assert base64.b64decode(data["authorizationToken"]).decode() == f"AWS:{PASSWORD}"


def test_a_load_balancer_is_open_and_nothing_else_is_behind_its_name(emulator: Emulator) -> None:
    client = emulator.client("elbv2")
    [balancer] = client.create_load_balancer(Name="web", Subnets=["subnet-1"])["LoadBalancers"]
    fixed = {"StatusCode": "200", "ContentType": "text/plain", "MessageBody": "the application"}
    client.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": fixed}],
    )
    emulator.client("s3").create_bucket(Bucket="b-1")
    emulator.passed.clear()
    for host in ("web.alb.localhost", f"web.alb.localhost:{PORT}", balancer["DNSName"]):
        for method, path in (("GET", "/"), ("POST", "/_ministack/reset"), ("GET", "/v2/"), ("GET", "/logout")):
            answer = emulator.ask(method, path, {"Origin": EVIL, "Sec-Fetch-Site": "cross-site"}, host=host)
            assert (answer.status, answer.body) == (200, b"the application"), (host, path)
    assert emulator.ask("POST", "/_ministack/reset", host="other.alb.localhost").status == 503
    assert emulator.passed == []
    assert [each["Name"] for each in emulator.client("s3").list_buckets()["Buckets"]] == ["b-1"]


def test_a_load_balancer_sends_the_cors_headers_of_the_application(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def application(*_: object, **__: object) -> tuple[int, dict[str, str], bytes]:
        return 200, {"Access-Control-Allow-Origin": EVIL}, b""

    alb = import_module("ministack.services.alb")
    monkeypatch.setattr(alb, "dispatch_request", application)
    emulator.client("elbv2").create_load_balancer(Name="web", Subnets=["subnet-1"])
    answer = emulator.ask("OPTIONS", "/", {"Origin": EVIL}, host="web.alb.localhost")
    assert answer.headers["access-control-allow-origin"] == EVIL
    signed = emulator.client("ecs").list_clusters()["ResponseMetadata"]["HTTPHeaders"]
    assert not [name for name in signed if name.startswith("access-control-")]


def test_who_has_the_address_of_a_custom_resource_answers_it(emulator: Emulator) -> None:
    path = f"/_ministack/cfn-response/{import_module('uuid').uuid4()}"
    assert emulator.ask("PUT", path, body=b"{}").status == 200
    assert emulator.ask("GET", path).status == 403
    assert emulator.passed == [f"PUT {path}"]


def test_web_sockets_are_closed(emulator: Emulator) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:  # noqa: ANN401 - ASGI
        sent.append(message)

    asyncio.run(emulator.application({"type": "websocket", "path": "/"}, None, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]
