"""Under which address a service answers, and which listener of the embedded AWS an address leads to."""

from __future__ import annotations

import asyncio
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest

from ecr_fargate_constructs.local.addresses import (
    Address,
    RequestedHost,
    address_of,
    local_redirect,
    main_listener,
    requested_host,
)
from ecr_fargate_constructs.local.ministack_patches.listeners import choose_listeners
from ecr_fargate_constructs.local.services import Balancer

REDIRECT = {"Port": 80, "Protocol": "HTTP", "DefaultActions": [{"Type": "redirect"}]}
HTTPS = {"Port": 443, "Protocol": "HTTPS", "DefaultActions": [{"Type": "forward"}]}
HTTP = {"Port": 80, "Protocol": "HTTP", "DefaultActions": [{"Type": "forward"}]}
BESIDE = {"Port": 9001, "Protocol": "HTTP", "DefaultActions": [{"Type": "forward"}]}


@pytest.mark.parametrize(
    ("header", "meaning"),
    [
        ("web.alb.localhost", RequestedHost("web", None, None)),
        ("Web-1.alb.localhost:4566", RequestedHost("web-1", None, None)),
        ("8443.web.alb.localhost:4566", RequestedHost("web", None, 8443)),
        ("shop.example.com.web.alb.localhost:4566", RequestedHost("web", "shop.example.com", None)),
        ("shop.example.com.8443.web.alb.localhost", RequestedHost("web", "shop.example.com", 8443)),
        ("1.example.com.web.alb.localhost", RequestedHost("web", "1.example.com", None)),
        ("web.us-east-1.elb.amazonaws.com", None),
        ("alb.localhost", None),
        ("", None),
    ],
)
def test_a_host_says_what_is_asked(header: str, meaning: RequestedHost | None) -> None:
    assert requested_host(header) == meaning


@pytest.mark.parametrize(
    ("listeners", "main"),
    [
        ([REDIRECT, HTTPS], HTTPS),
        ([HTTPS, REDIRECT], HTTPS),
        ([BESIDE, HTTP], HTTP),
        ([HTTP, {**HTTPS, "Port": 8443}], HTTP),
        ([REDIRECT, {**HTTPS, "Port": 8443}], {**HTTPS, "Port": 8443}),
        ([REDIRECT], REDIRECT),
        ([BESIDE, {**BESIDE, "Port": 9002}], BESIDE),
    ],
)
def test_the_main_listener_is_the_one_that_the_app_is_behind(
    listeners: list[dict[str, Any]], main: dict[str, Any]
) -> None:
    assert main_listener(listeners) == main


def _rule(group: str = "group", **conditions: list[str]) -> dict[str, Any]:
    return {
        "Conditions": [{"Field": name.replace("_", "-"), "Values": values} for name, values in conditions.items()],
        "Actions": [{"Type": "forward", "TargetGroupArn": group}],
    }


@pytest.mark.parametrize(
    ("rule", "url"),
    [
        (_rule(), "http://web.alb.localhost:4566/"),
        (_rule(path_pattern=["/api/*", "/other"]), "http://web.alb.localhost:4566/api/"),
        (_rule(path_pattern=["/v?/it em"]), "http://web.alb.localhost:4566/vx/it%20em"),
        (_rule(host_header=["shop.example.com"]), "http://shop.example.com.web.alb.localhost:4566/"),
        (_rule(host_header=["*.example.com"]), "http://www.example.com.web.alb.localhost:4566/"),
        (_rule(query_string=["a=b*"]), "http://web.alb.localhost:4566/?a=b"),
        (_rule(source_ip=["10.0.0.0/8"]), "http://web.alb.localhost:4566/"),
    ],
)
def test_an_address_meets_its_rule(rule: dict[str, Any], url: str) -> None:
    assert address_of({"group"}, "Web", [(HTTP, [rule])], 4566) == Address("Web", url)


def test_what_an_address_cannot_hold_is_beside_it() -> None:
    rule = _rule(http_request_method=["POST"])
    rule["Conditions"].append({"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X", "Values": ["y*"]}})
    found = address_of({"group"}, "web", [(HTTP, [rule])], 4566)
    assert found is not None
    assert (found.method, found.headers) == ("POST", {"X": "y"})
    assert str(found) == "http://web.alb.localhost:4566/ with POST, X: y"


def test_the_simplest_address_of_the_main_listener_is_taken() -> None:
    rules = [_rule(path_pattern=["/api/*"]), _rule(path_pattern=["/"]), _rule("another")]
    found = address_of({"group"}, "web", [(BESIDE, [_rule()]), (HTTP, rules)], 4566)
    assert found == Address("web", "http://web.alb.localhost:4566/")


def test_another_listener_is_in_the_address() -> None:
    beside = [(HTTP, [_rule("another")]), (BESIDE, [_rule()])]
    assert address_of({"group"}, "web", beside, 4566) == Address("web", "http://9001.web.alb.localhost:4566/")


def test_both_groups_of_a_shift_lead_to_the_service() -> None:
    weights = {"ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "blue"}, {"TargetGroupArn": "green"}]}}
    assert address_of({"green"}, "web", [(HTTP, [{"Actions": [weights]}])], 4566) is not None


def test_no_rule_no_address() -> None:
    assert address_of({"group"}, "web", [(HTTP, [_rule("another")])], 4566) is None
    assert address_of({"group"}, "web", [], 4566) is None
    assert address_of(set(), "web", [(HTTP, [_rule("")])], 4566) is None


def _dispatched(host: str, *listeners: dict[str, Any], port: int = 80) -> tuple[int, str]:
    """The listener's port and the host that a request with this ``Host`` comes to."""

    async def dispatch(*request: Any, **_: Any) -> tuple[int, str]:  # noqa: ANN401 - as MiniStack calls it
        return request[6], request[3]["host"]

    mine = {str(number): {**each, "LoadBalancerArn": "mine"} for number, each in enumerate(listeners)}
    other = {"other": {**HTTPS, "Port": 444, "LoadBalancerArn": "other"}}
    alb: Any = SimpleNamespace(
        find_lb_for_host=lambda host: {"found": host},
        dispatch_request=dispatch,
        _listeners={**other, **mine},
        _match_condition=None,
    )
    choose_listeners(alb, SimpleNamespace(_flatten_listener_rule_conditions=None))
    request: tuple[Any, ...] = ({"LoadBalancerArn": "mine"}, "GET", "/", {"host": host}, b"", {}, port)
    found: tuple[int, str] = asyncio.run(alb.dispatch_request(*request))
    return found


@pytest.mark.parametrize(
    ("host", "port", "came"),
    [
        ("web.alb.localhost:4566", 4566, (443, "web.alb.localhost:4566")),
        ("web.alb.localhost", 80, (443, "web.alb.localhost")),
        ("web.alb.localhost:80", 80, (80, "web.alb.localhost:80")),
        ("9001.web.alb.localhost:4566", 4566, (9001, "9001.web.alb.localhost:4566")),
        ("a.example.com.web.alb.localhost:4566", 4566, (443, "a.example.com")),
        ("web.us-east-1.elb.amazonaws.com", 80, (80, "web.us-east-1.elb.amazonaws.com")),
    ],
)
def test_the_embedded_aws_asks_the_listener_that_is_meant(host: str, port: int, came: tuple[int, str]) -> None:
    assert _dispatched(host, REDIRECT, BESIDE, HTTPS, port=port) == came


def test_a_load_balancer_is_asked_as_a_browser_asks_it() -> None:
    """With the port in ``Host``, so that what is asked is what the printed URL leads to."""

    class Echo(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.headers["Host"].encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        balancer = Balancer("Web", "Web", "web.alb.localhost", server.server_port)
        assert balancer.get() == (200, f"web.alb.localhost:{server.server_port}")


QUERY = {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "v", "Value": "2*"}, {"Value": "all"}]}}


@pytest.mark.parametrize(
    ("query", "met"),
    [({"v": ["21"]}, True), ({"V": ["2"]}, True), ({"v": ["1"]}, False), ({"x": ["all"]}, True), ({}, False)],
)
def test_a_condition_on_the_query_of_a_template_is_met(query: dict[str, list[str]], *, met: bool) -> None:
    """With MiniStack's own functions, of the version in use: without the patch it raises TypeError."""
    own, types = (import_module(f"ministack.services.{name}") for name in ("alb", "cloudformation.provisioners"))
    alb: Any = SimpleNamespace(
        find_lb_for_host=None, dispatch_request=None, _listeners={}, _match_condition=own._match_condition
    )
    provisioners: Any = SimpleNamespace(_flatten_listener_rule_conditions=types._flatten_listener_rule_conditions)
    choose_listeners(alb, provisioners)
    [path, condition] = provisioners._flatten_listener_rule_conditions(
        [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a"]}}, QUERY]
    )
    assert condition["Values"] == ["v=2*", "=all"]
    assert alb._match_condition(condition, "GET", "/", {}, query) is met
    assert alb._match_condition(path, "GET", "/a", {}, query) is True


SECURE = {**HTTPS, "Domain": "*.example.com"}


@pytest.mark.parametrize(
    ("listener", "url"),
    [
        (SECURE, "https://www.example.com.web.alb.localhost:5566/"),
        (HTTPS, "https://web.alb.localhost:5566/"),
        ({**HTTP, "Port": 8080}, "http://8080.web.alb.localhost:4566/"),
    ],
)
def test_with_https_each_listener_has_the_url_of_its_scheme(listener: dict[str, Any], url: str) -> None:
    found = address_of({"group"}, "web", [(REDIRECT, []), (listener, [_rule("group")])], 4566, 5566)
    assert found is not None
    assert found.url == url


@pytest.mark.parametrize(
    ("location", "local"),
    [
        ("https://shop.example.com:443/a?b=c", "https://shop.example.com.web.alb.localhost:5566/a?b=c"),
        ("https://shop.example.com:8443/", "https://shop.example.com.8443.web.alb.localhost:5566/"),
        ("http://shop.example.com:80/", "http://shop.example.com.web.alb.localhost:4566/"),
        ("https://shop.example.com:444/", "https://shop.example.com:444/"),
        ("https://elsewhere.example.com:443/", "https://elsewhere.example.com:443/"),
    ],
)
def test_a_redirect_to_the_load_balancer_stays_on_this_machine(location: str, local: str) -> None:
    listeners = [REDIRECT, HTTPS, {**HTTPS, "Port": 8443}]
    host = "shop.example.com.web.alb.localhost:4566"
    assert local_redirect(location, host, listeners, {"http": 4566, "https": 5566}) == local
