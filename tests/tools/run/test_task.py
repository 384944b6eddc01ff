"""A task from its start to its end, and what stops it."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from ecr_fargate_constructs.tools.errors import ToolError
from ecr_fargate_constructs.tools.run import task as tasks
from ecr_fargate_constructs.tools.run.request import Order
from ecr_fargate_constructs.tools.run.task import started
from tests.tools.run.fake import SERVICE, cloud, refused, task

_ORDER = Order(command=["true"])


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks.time, "sleep", lambda _: None)  # type: ignore[attr-defined]


def _follow(**ecs: Any) -> tuple[int | None, list[str], Any]:  # noqa: ANN401 - passed on
    clients, fake = cloud(**ecs)
    lines: list[str] = []
    with started(clients, SERVICE, _ORDER) as running:
        return running.follow(lines.append, lambda _: None), lines, fake


@pytest.mark.parametrize("code", [0, 3])
def test_the_status_of_the_command_is_returned(code: int) -> None:
    status, lines, ecs = _follow(describe_tasks={"tasks": [task("STOPPED", code)]})
    assert (status, lines) == (code, ["hello"])
    assert not ecs.times("stop_task")


def test_a_task_that_never_ran_has_no_status() -> None:
    failed = task("STOPPED", stoppedReason="CannotPullContainerError: pull image manifest has been retried")
    assert _follow(describe_tasks={"tasks": [failed]})[0] is None


def test_a_task_whose_other_containers_run_on_is_stopped() -> None:
    left = task("RUNNING")
    left["containers"] = [{"name": "web", "lastStatus": "STOPPED", "exitCode": 0}, {"name": "beside"}]
    status, _, ecs = _follow(describe_tasks={"tasks": [left]})
    assert (status, ecs.times("stop_task")) == (0, 1)


def test_an_interrupt_stops_the_task() -> None:
    clients, ecs = cloud()
    with pytest.raises(KeyboardInterrupt), started(clients, SERVICE, _ORDER):
        raise KeyboardInterrupt
    assert ecs.times("stop_task") == 1


def test_an_interrupt_while_the_task_is_requested_stops_it() -> None:
    def run_task(**_: Any) -> dict[str, Any]:  # noqa: ANN401 - of boto3
        os.kill(os.getpid(), signal.SIGINT)
        return {"tasks": [task("PROVISIONING")]}

    clients, ecs = cloud(run_task=run_task)
    with pytest.raises(KeyboardInterrupt), started(clients, SERVICE, _ORDER):
        raise AssertionError("the block runs")
    assert ecs.times("stop_task") == 1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_error_of_aws_stops_the_task_too() -> None:
    clients, ecs = cloud(describe_tasks=refused("ExpiredTokenException"))
    with pytest.raises(ToolError, match="ExpiredToken"), started(clients, SERVICE, _ORDER) as running:
        running.follow(print, print)
    assert ecs.times("stop_task") == 1


def test_a_task_that_could_not_be_stopped_is_named() -> None:
    clients, _ = cloud(stop_task=refused("AccessDeniedException"))
    with pytest.raises(ToolError, match="may still be running") as raised, started(clients, SERVICE, _ORDER):
        raise KeyboardInterrupt
    assert "aws ecs stop-task --cluster" in str(raised.value.fix)


def test_why_a_task_was_not_started_is_said() -> None:
    clients, _ = cloud(run_task={"tasks": [], "failures": [{"reason": "RESOURCE:MEMORY"}]})
    with pytest.raises(ToolError, match="no instance has enough memory left"), started(clients, SERVICE, _ORDER):
        pass
    clients, _ = cloud(run_task={"tasks": [], "failures": [{"reason": "Capacity is unavailable at this time"}]})
    with pytest.raises(ToolError, match="Capacity is unavailable"), started(clients, SERVICE, _ORDER):
        pass
    clients, _ = cloud(run_task=refused("AccessDeniedException"))
    with (
        pytest.raises(ToolError, match=r"lacks ecs:RunTask, ecs:TagResource and iam:PassRole"),
        started(clients, SERVICE, _ORDER),
    ):
        pass
