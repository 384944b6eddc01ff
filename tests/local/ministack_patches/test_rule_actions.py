"""Rewrites, access tokens and redirects: requests through MiniStack's load balancer, and its records."""

from __future__ import annotations

import asyncio
import json
from importlib import import_module
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from ecr_fargate_constructs.local.balancing.key_sets import KeySets
from ecr_fargate_constructs.local.clock import Clock
from ecr_fargate_constructs.local.https import Authority
from ecr_fargate_constructs.local.ministack_patches.balancing import Balancing
from ecr_fargate_constructs.local.ministack_patches.forward_actions import keep_weights
from ecr_fargate_constructs.local.ministack_patches.rule_actions import act_on_rules
from tests.local.ministack_patches.modules import restored
from tests.local.ministack_patches.test_forward_actions import BLUE
from tests.support.issuer import ISSUER, Issuer

if TYPE_CHECKING:
    from collections.abc import Iterator

_BALANCER = "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/web/1"
_KEYS = f"{ISSUER}/jwks.json"
_VALIDATION = {
    "Type": "jwt-validation",
    "Order": 1,
    "JwtValidationConfig": {
        "Issuer": ISSUER,
        "JwksEndpoint": _KEYS,
        "AdditionalClaims": [{"Name": "scope", "Format": "space-separated-values", "Values": ["read", "write"]}],
    },
}
_FORWARD = {"Type": "forward", "Order": 2, "TargetGroupArn": BLUE}
_SPACE = "{http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/}"


class _World:
    """A load balancer with a rule that a template has made; the target answers what it was asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.alb, self.provisioners = restored(monkeypatch, "alb"), restored(monkeypatch, "cloudformation.provisioners")
        self.key_set: Any = {"keys": []}
        self.alb._proxy_http_target = self._proxy
        balancing = Balancing(self.alb, Clock(), lambda _: None)
        keep_weights(self.alb, self.provisioners)
        monkeypatch.setattr(self.alb, "_forward_to_tg", self._forward)
        balancing.balance()
        act_on_rules(self.alb, self.provisioners, KeySets(self._fetch))
        self.alb._lbs[_BALANCER] = {"LoadBalancerArn": _BALANCER, "LoadBalancerName": "web"}
        self.alb._listeners["arn:listener/app/web/1/2"] = {
            "ListenerArn": "arn:listener/app/web/1/2",
            "LoadBalancerArn": _BALANCER,
            "Port": 443,
            "Protocol": "HTTPS",
        }
        self.alb._tgs[BLUE] = {"TargetType": "ip", "Port": 80, "TargetGroupArn": BLUE}
        self.alb._targets[BLUE] = [{"Id": "10.0.0.1", "Port": 80}]

    def _fetch(self, address: str) -> bytes:
        assert address == _KEYS
        if isinstance(self.key_set, Exception):
            raise self.key_set
        return json.dumps(self.key_set).encode()

    async def _forward(self, arn: str, *arguments: Any) -> Any:  # noqa: ANN401
        method, path, headers, body, query, raw_query, raw_path = arguments
        target, group = self.alb._targets[arn][0], self.alb._tgs[arn]
        return await self.alb._proxy_http_target(
            target, group, method, raw_path or path, headers, body, query, raw_query
        )

    async def _proxy(
        self,
        _target: object,
        _group: object,
        _method: str,
        path: str,
        headers: dict[str, str],
        _body: bytes,
        query: dict[str, Any],
        raw_query: str | None,
    ) -> tuple[int, dict[str, Any], Any]:
        response = import_module("ministack.core.responses").StreamingResponse
        told = {"path": path, "query": query, "raw_query": raw_query, "host": headers["host"], "headers": headers}

        async def run(send: Any, _receive: Any) -> None:  # noqa: ANN401
            await send({"type": "http.response.body", "body": json.dumps(told).encode()})

        return 200, {}, response(run)

    def rule(self, *actions: dict[str, Any], transforms: Any = None) -> None:  # noqa: ANN401
        """Make the rule as CloudFormation does."""
        properties = {
            "ListenerArn": "arn:listener/app/web/1/2",
            "Priority": 1,
            "Conditions": [{"Field": "path-pattern", "Values": ["/*"]}],
            "Actions": list(actions),
            "Transforms": transforms or [],
        }
        self.provisioners._elbv2_listener_rule_create("Rule", properties, "stack")

    def ask(
        self, url: str, host: str = "shop.example.com", token: str | None = None
    ) -> tuple[int, dict[str, Any], Any]:
        headers = {"host": host, **({} if token is None else {"authorization": f"Bearer {token}"})}
        path, _, query = url.partition("?")

        async def run() -> tuple[int, dict[str, Any], Any]:
            parse = import_module("urllib.parse")
            status, answered, body = await self.alb.dispatch_request(
                self.alb._lbs[_BALANCER],
                "GET",
                parse.unquote(path),
                headers,
                b"",
                parse.parse_qs(query),
                443,
                client_ip="203.0.113.9",
                raw_query_string=query,
                raw_path=path,
            )
            sent: list[bytes] = []

            async def send(message: dict[str, Any]) -> None:
                sent.append(message["body"])

            if hasattr(body, "runner"):
                await body.runner(send, None)
                return status, answered, json.loads(b"".join(sent))
            return status, answered, body.decode()

        return asyncio.run(run())


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[_World]:
    """A load balancer for one test."""
    made = _World(monkeypatch)
    yield made
    made.alb.reset()


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    """An issuer, with one key for all tests."""
    if not Authority.available():
        pytest.skip("openssl is not installed")
    return Issuer.create(tmp_path_factory.mktemp("issuer"))


def _url(regex: str, replace: str) -> dict[str, Any]:
    return {"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [{"Regex": regex, "Replace": replace}]}}


def _host(regex: str, replace: str) -> dict[str, Any]:
    config = {"Rewrites": [{"Regex": regex, "Replace": replace}]}
    return {"Type": "host-header-rewrite", "HostHeaderRewriteConfig": config}


def test_the_target_is_asked_for_what_the_rule_makes_of_url_and_host(world: _World) -> None:
    world.rule(_FORWARD, transforms=[_url("^/api/(.*)$", "/$1"), _host("^shop[.](.+)$", "$1")])
    status, _, told = world.ask("/api/a%20b?page=2&empty=")
    assert status == 200
    assert (told["path"], told["raw_query"], told["host"]) == ("/a%20b", "page=2&empty=", "example.com")
    assert told["query"] == {"page": ["2"], "empty": [""]}
    _, _, told = world.ask("/other?page=2", host="other.example.com")
    assert (told["path"], told["raw_query"], told["host"]) == ("/other", "page=2", "other.example.com")


def test_a_path_can_become_a_query(world: _World) -> None:
    world.rule(_FORWARD, transforms=[_url("^/dp/([A-Za-z0-9]+)/?$", "/product.php?id=$1")])
    _, _, told = world.ask("/dp/B09G3HRMW")
    assert (told["path"], told["raw_query"], told["query"]) == ("/product.php", "id=B09G3HRMW", {"id": ["B09G3HRMW"]})


def test_a_transform_that_fails_is_an_internal_error(world: _World) -> None:
    world.rule(_FORWARD, transforms=[_url("^/api/(.*)$", "$1")])
    status, headers, body = world.ask("/api/x")
    assert (status, headers["Content-Type"], headers["Server"]) == (500, "text/html", "awselb/2.0")
    assert "500 Internal Server Error" in body


def test_only_a_request_with_a_valid_token_reaches_the_target(world: _World, issuer: Issuer) -> None:
    world.rule(_VALIDATION, _FORWARD)
    world.key_set = issuer.key_set()
    token = issuer.token({"scope": "read"})
    status, _, told = world.ask("/orders", token=token)
    assert (status, told["headers"]["authorization"]) == (200, f"Bearer {token}")  # "with token as is"
    for wrong in (None, "a.b.c", token[:-4] + "AAAA", issuer.token(), issuer.token({"scope": "read", "exp": 1})):
        status, headers, body = world.ask("/orders", token=wrong)
        assert (status, headers["Content-Type"]) == (401, "text/html"), wrong
        assert "<h1>401 " in body


@pytest.mark.parametrize("keys", [TimeoutError("slow"), {"keys": [{}] * 11}, {"no": "keys"}])
def test_without_keys_no_request_reaches_the_target(world: _World, issuer: Issuer, keys: object) -> None:
    world.rule(_VALIDATION, _FORWARD)
    world.key_set = keys
    assert world.ask("/orders", token=issuer.token({"scope": "read"}))[0] == 500


def test_a_token_can_be_required_before_a_redirect_and_with_a_rewrite(world: _World, issuer: Issuer) -> None:
    world.key_set = issuer.key_set()
    world.rule(_VALIDATION, _FORWARD, transforms=[_url("^/api/(.*)$", "/$1")])
    assert world.ask("/api/x")[0] == 401
    assert world.ask("/api/x", token=issuer.token({"scope": "write"}))[2]["path"] == "/x"


@pytest.mark.parametrize("status", [301, 302])
def test_a_redirect_names_protocol_host_and_port(world: _World, status: int) -> None:
    config = {"Path": "/new/#{path}", "Query": "from=#{host}&#{query}", "StatusCode": f"HTTP_{status}"}
    world.rule({"Type": "redirect", "Order": 1, "RedirectConfig": config})
    answered, headers, body = world.ask("/old/a%20b?x=%2F", host="shop.example.com:4567")
    assert answered == status
    assert headers["Location"] == "https://shop.example.com:443/new/old/a%20b?from=shop.example.com&x=%2F"
    assert headers["Server"] == "awselb/2.0"
    assert f"<h1>{status} " in body


def test_a_request_of_the_api_keeps_the_validation_and_an_answer_shows_it(world: _World) -> None:
    config = "Actions.member.1.JwtValidationConfig"
    status, _, _ = world.alb._ACTION_MAP["CreateRule"](
        {
            "ListenerArn": ["arn:listener/app/web/1/2"],
            "Priority": ["1"],
            "Actions.member.1.Type": ["jwt-validation"],
            f"{config}.Issuer": [ISSUER],
            f"{config}.JwksEndpoint": [f"{_KEYS}?a=1&b=2"],
            f"{config}.AdditionalClaims.member.1.Name": ["scope"],
            f"{config}.AdditionalClaims.member.1.Format": ["space-separated-values"],
            f"{config}.AdditionalClaims.member.1.Values.member.1": ["read"],
            f"{config}.AdditionalClaims.member.1.Values.member.2": ["write"],
            "Actions.member.2.Type": ["forward"],
            "Actions.member.2.TargetGroupArn": [BLUE],
        }
    )
    assert status == 200
    [rule] = world.alb._rules.values()
    expected = {**_VALIDATION["JwtValidationConfig"], "JwksEndpoint": f"{_KEYS}?a=1&b=2"}  # type: ignore[dict-item]
    assert rule["Actions"][0]["JwtValidationConfig"] == expected
    _, _, body = world.alb._ACTION_MAP["DescribeRules"]({"ListenerArn": ["arn:listener/app/web/1/2"]})
    [shown] = ET.fromstring(body).iter(f"{_SPACE}JwtValidationConfig")  # noqa: S314 - our own answer
    assert shown.findtext(f"{_SPACE}JwksEndpoint") == f"{_KEYS}?a=1&b=2"
    assert [each.text for each in shown.iter(f"{_SPACE}member") if each.text] == ["read", "write"]
