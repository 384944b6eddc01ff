"""Health checks of the embedded AWS: what they say of a target, and that requests go to healthy ones only."""

from __future__ import annotations

import asyncio
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.local.ministack_patches import health

if TYPE_CHECKING:
    from collections.abc import Iterator

ARN = "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/web/1"


@contextmanager
def _answering(status: int) -> Iterator[dict[str, Any]]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 500)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))  # else it looks twice a second whether to end
    thread.start()
    try:
        yield {"Id": "127.0.0.1", "Port": server.server_address[1]}
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _group(codes: str = "200-299") -> dict[str, Any]:
    return {
        "TargetType": "ip",
        "Port": 80,
        "HealthCheckPath": "/healthz",
        "HealthCheckPort": "traffic-port",
        "Matcher": {"HttpCode": codes},
    }


@pytest.mark.parametrize(
    ("status", "codes", "fit"),
    [(200, "200", True), (204, "200-299", True), (302, "200,302", True), (404, "200-299", False), (300, "200", False)],
)
def test_codes_are_those_of_the_group(status: int, codes: str, *, fit: bool) -> None:
    assert health.matches(status, codes) is fit


def test_a_target_that_answers_well_is_healthy() -> None:
    with _answering(204) as target:
        assert health.check(target, _group()) == health.Health("healthy")


def test_a_target_that_answers_otherwise_is_not() -> None:
    with _answering(404) as target:
        found = health.check(target, _group())
    assert (found.state, found.reason) == ("unhealthy", "Target.ResponseCodeMismatch")
    assert found.description == "Health checks failed with these codes: [404]"


def test_a_target_that_does_not_listen_is_not() -> None:
    with _answering(200) as target:
        pass
    assert health.check(target, _group()).reason == "Target.FailedHealthChecks"


def test_a_check_reads_the_answer_and_says_that_it_closes() -> None:
    """An answer that is left unread resets the connection, which applications log as an error."""
    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(1) as beside:
        checked = beside.submit(health.check, {"Id": "127.0.0.1", "Port": listening.getsockname()[1]}, _group())
        connection, _ = listening.accept()
        with connection:
            connection.settimeout(5)
            asked = connection.recv(4096).decode().lower()
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 65536\r\n\r\n" + b"x" * 65536)
            assert connection.recv(1) == b""  # the end; a reset raises ConnectionResetError
        assert checked.result() == health.Health("healthy")
    assert "connection: close" in asked
    assert "user-agent: elb-healthchecker/2.0" in asked


def _alb(targets: list[dict[str, Any]], group: dict[str, Any]) -> SimpleNamespace:
    async def proxy(target: dict[str, Any], *_: object) -> int:
        port: int = target["Port"]
        return port

    async def forward(_arn: str, *_: object) -> str:
        return "MiniStack's own"

    return SimpleNamespace(
        _tgs={ARN: group},
        _targets={ARN: targets},
        _ACTION_MAP={},
        _xml=lambda status, action, body: (status, action, body),
        _describe_target_health=lambda _: "MiniStack's own",
        _proxy_http_target=proxy,
        _forward_to_tg=forward,
    )


def _asked(alb: SimpleNamespace, arn: str = ARN) -> object:
    return asyncio.run(alb._forward_to_tg(arn, "GET", "/", {}, b"", {}))


def test_requests_go_to_healthy_targets_alone() -> None:
    with _answering(200) as good, _answering(503) as bad:
        alb = _alb([bad, good], _group())
        health.check_targets(alb, getattr)
        assert {_asked(alb) for _ in range(20)} == {good["Port"]}


def test_with_no_healthy_target_all_are_tried() -> None:
    with _answering(503) as one, _answering(503) as other:
        alb = _alb([one, other], _group())
        health.check_targets(alb, getattr)
        assert {_asked(alb) for _ in range(60)} == {one["Port"], other["Port"]}


def test_what_it_does_not_know_is_left_to_ministack() -> None:
    alb = _alb([], {**_group(), "TargetType": "lambda"})
    health.check_targets(alb, getattr)
    assert _asked(alb) == "MiniStack's own"
    assert _asked(alb, "arn:unknown") == "MiniStack's own"
    assert alb._ACTION_MAP["DescribeTargetHealth"]({"TargetGroupArn": ARN}) == "MiniStack's own"


def test_health_is_described_with_the_reason() -> None:
    with _answering(200) as good, _answering(404) as bad:
        alb = _alb([good, bad], _group())
        health.check_targets(alb, getattr)
        _, _, body = alb._ACTION_MAP["DescribeTargetHealth"]({"TargetGroupArn": [ARN]})
    assert body.count("<State>healthy</State>") == 1
    assert "<State>unhealthy</State><Reason>Target.ResponseCodeMismatch</Reason>" in body
