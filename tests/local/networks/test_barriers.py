"""The record of connections that cannot be made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.local.networks import Blocked
from ecr_fargate_constructs.local.networks.barriers import Barriers, from_json

if TYPE_CHECKING:
    import pytest

BLOCKED = Blocked("NO_ROUTE_TO_DESTINATION", "no route", "add a route")


def test_a_barrier_is_kept_once_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    barriers = Barriers()
    for _ in range(3):
        assert barriers.note("a task of Web", "ecr.dkr", BLOCKED, service="Web") is BLOCKED
    [barrier] = from_json(barriers.as_json())
    assert (barrier.times, barrier.service) == (3, "Web")
    expected = "NO_ROUTE_TO_DESTINATION: a task of Web cannot reach ecr.dkr: no route. Fix: add a route"
    assert barrier.text == expected
    assert capsys.readouterr().out == f"blocked: {expected}\n", "it is printed once"


def test_what_passes_now_is_no_barrier_any_more() -> None:
    barriers = Barriers()
    barriers.note("a task of Web", "ecr.dkr", BLOCKED)
    barriers.note("a task of Web", "ecr.api", BLOCKED)
    assert barriers.note("a task of Web", "ecr.dkr", None) is None
    assert [each["destination"] for each in barriers.as_json()] == ["ecr.api"]
    barriers.clear()
    assert barriers.as_json() == []
