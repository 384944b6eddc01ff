"""Requests of containers, as far as their networks let them."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.local.ministack_patches.networks.calls import PATH, Calls, serve_barriers
from ecr_fargate_constructs.local.networks.barriers import Barriers
from tests.local.networks.vpc import ISOLATED, TASK, Vpc

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.networks import Interface, Reachability

KEY = "ASIAEXAMPLE"
SIGNED = f"AWS4-HMAC-SHA256 Credential={KEY}/20261129/eu-west-1/sqs/aws4_request, SignedHeaders=host, Signature=0"


class _State:
    """One task with an id."""

    def __init__(self, interface: Interface) -> None:
        self._interface = interface

    @property
    def reachability(self) -> Reachability:
        return Vpc().reachability

    def task_named(self, identifier: str) -> dict[str, Any] | None:
        return {"group": "service:web"} if identifier == "0123" else None

    def interfaces_of_task(self, _task: object) -> list[Interface]:
        return [self._interface]


async def _answered(scope: Any, _receive: object, send: Any) -> None:  # noqa: ANN401 - an ASGI server's
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["path"].encode()})


def _ask(application: Any, path: str = "/", authorization: str = SIGNED) -> tuple[int, bytes]:  # noqa: ANN401
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(b"authorization", authorization.encode()), (b"host", b"localhost:4566")]
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers}
    asyncio.run(application(scope, None, send))
    return sent[0]["status"], sent[1]["body"]


@pytest.fixture
def barriers() -> Barriers:
    """An empty record."""
    return Barriers()


def _calls(interface: Interface, barriers: Barriers, session: str = "arn:aws:sts::1:assumed-role/Role/0123") -> Calls:
    calls = Calls(_answered, _State(interface), barriers)  # type: ignore[arg-type]  # as far as it is used
    calls._sessions = {KEY: {"Arn": session}}
    return calls


def test_a_task_without_a_way_to_the_service_is_told_why(barriers: Barriers) -> None:
    status, body = _ask(_calls(ISOLATED, barriers))
    assert status == 504
    assert "the interface endpoint com.amazonaws.eu-west-1.sqs with private DNS" in json.loads(body)["message"]
    assert [each["destination"] for each in barriers.as_json()] == ["sqs"]


def test_a_task_with_a_way_is_answered(barriers: Barriers) -> None:
    assert _ask(_calls(TASK, barriers)) == (200, b"/")
    assert barriers.as_json() == []


@pytest.mark.parametrize(
    ("session", "authorization"),
    [
        ("arn:aws:sts::1:assumed-role/Role/of-a-function", SIGNED),
        ("arn:aws:sts::1:assumed-role/Role/0123", SIGNED.replace(KEY, "111122223333")),
        ("arn:aws:sts::1:assumed-role/Role/0123", ""),
    ],
)
def test_others_are_not_decided_about(session: str, authorization: str, barriers: Barriers) -> None:
    assert _ask(_calls(ISOLATED, barriers, session), authorization=authorization)[0] == 200


def test_the_record_is_shown_until_everything_is_emptied(barriers: Barriers) -> None:
    _ask(_calls(ISOLATED, barriers))
    application = serve_barriers(_answered, barriers)
    status, body = _ask(application, PATH)
    assert (status, len(json.loads(body))) == (200, 1)
    _ask(application, "/_ministack/reset")
    assert json.loads(_ask(application, PATH)[1]) == []
