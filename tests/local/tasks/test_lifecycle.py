"""The life of a task: which container starts, stops and starts again when, and why a task ends."""

from __future__ import annotations

from typing import Any

import pytest

from ecr_fargate_constructs.local.tasks.definition import HealthCheck, TaskPlan
from ecr_fargate_constructs.local.tasks.lifecycle import Check, Kill, Lifecycle, Restart, Start, Stop, Terminate

ESSENTIAL = Stop("Essential container in task exited", "EssentialContainerExited")


def _life(*containers: dict[str, Any]) -> Lifecycle:
    return Lifecycle(TaskPlan.of({"containerDefinitions": list(containers)}))


def _after(name: str, condition: str) -> dict[str, Any]:
    return {"dependsOn": [{"containerName": name, "condition": condition}]}


def _started(life: Lifecycle, *names: str, now: float = 0) -> None:
    for name in names:
        assert Start(name) in life.step(now)
        life.started(name, now)


def test_containers_start_at_once_unless_they_wait() -> None:
    life = _life({"name": "a"}, {"name": "b", **_after("a", "START")}, {"name": "c"})
    assert life.step(0) == [Start("a"), Start("c")]
    life.started("a", 0)
    life.started("c", 0)
    assert not life.all_started
    assert life.step(0) == [Start("b")]
    life.started("b", 0)
    assert life.all_started
    assert life.step(0) == []


@pytest.mark.parametrize(
    ("condition", "code", "then"),
    [
        ("COMPLETE", 0, [Start("b")]),
        ("COMPLETE", 1, [Start("b")]),
        ("SUCCESS", 0, [Start("b")]),
        ("SUCCESS", 1, "did not exit successfully"),
        ("HEALTHY", 0, "exited with code 0"),
    ],
)
def test_the_end_of_a_container_lets_another_start_or_stops_the_task(
    condition: str, code: int, then: list[Start] | str
) -> None:
    check = {"healthCheck": {"command": ["CMD", "true"]}}
    life = _life({"name": "a", "essential": False, **check}, {"name": "b", **_after("a", condition)})
    _started(life, "a")
    assert life.step(0.5) == []
    life.exited("a", code, 1)
    actions = life.step(1)
    if isinstance(then, list):
        assert actions == then
        return
    [stop] = actions
    assert isinstance(stop, Stop)
    assert stop.code == "TaskFailedToStart"
    assert then in stop.reason
    assert "[a] for target [b]" in stop.reason
    assert life.over


def test_a_container_waits_for_health_and_not_for_its_loss() -> None:
    life = _life(
        {"name": "a", "healthCheck": {"command": ["CMD", "true"], "interval": 5, "retries": 1}},
        {"name": "b", **_after("a", "HEALTHY")},
    )
    _started(life, "a")
    assert life.step(0.9) == []
    assert life.step(1) == [Check("a")]
    assert life.step(1.5) == [], "one check at a time"
    life.checked("a", 2, passed=True)
    assert life.step(2) == [Start("b")]
    life.started("b", 2)
    assert life.health == "HEALTHY"
    assert life.step(7) == [Check("a")]
    life.checked("a", 8, passed=False)
    assert life.health == "UNHEALTHY"
    assert life.step(8) == [], "ECS confirms the condition at the start of the task only; the service replaces the task"


def test_a_container_that_never_becomes_healthy_stops_the_task() -> None:
    life = _life(
        {"name": "a", "healthCheck": {"command": ["CMD", "false"], "interval": 5, "retries": 1}},
        {"name": "b", **_after("a", "HEALTHY")},
    )
    _started(life, "a")
    assert life.step(5) == [Check("a")]
    life.checked("a", 5, passed=False)
    stop, end = life.step(5)
    assert isinstance(stop, Stop)
    assert "is unhealthy" in stop.reason
    assert end == Terminate("a")


def test_a_container_that_others_wait_for_has_its_start_timeout() -> None:
    life = _life({"name": "a", "startTimeout": 20, "essential": False}, {"name": "b", **_after("a", "COMPLETE")})
    _started(life, "a", now=100)
    assert life.next_time(115) == 120
    assert life.step(119) == []
    stop, _ = life.step(120)
    assert isinstance(stop, Stop)
    assert stop.reason.endswith("[a] for target [b] has timed out.")


def test_the_end_of_an_essential_container_ends_the_others_in_reverse_order() -> None:
    life = _life({"name": "a", "stopTimeout": 3}, {"name": "b", **_after("a", "START")}, {"name": "c"})
    _started(life, "a", "c")
    _started(life, "b")
    life.exited("c", 1, 1)
    assert life.step(1) == [ESSENTIAL, Terminate("b")]
    assert life.step(2) == [], "a waits for b, which depends on it"
    life.exited("b", 143, 4)
    assert life.step(4) == [Terminate("a")]
    assert life.next_time(4) == 7
    assert life.step(6.9) == []
    assert life.step(7) == [Kill("a")]
    assert life.step(8) == [], "once"
    assert not life.over
    life.exited("a", 137, 8)
    assert life.over


def test_the_end_of_a_container_that_is_not_essential_changes_nothing_unless_it_was_the_last() -> None:
    life = _life({"name": "a", "essential": "false"}, {"name": "b", "essential": False})
    _started(life, "a", "b")
    life.exited("a", 1, 1)
    assert life.step(1) == []
    life.exited("b", 0, 1)
    assert life.step(1) == [ESSENTIAL]


@pytest.mark.parametrize(
    ("code", "at", "restarts"), [(1, 60, True), (1, 59, False), (0, 60, False)], ids=["", "too early", "ignored"]
)
def test_a_restart_policy_starts_a_container_again(code: int, at: int, *, restarts: bool) -> None:
    policy = {"enabled": True, "ignoredExitCodes": [0], "restartAttemptPeriod": 60}
    life = _life({"name": "a", "restartPolicy": policy})
    _started(life, "a")
    life.exited("a", code, at)
    assert life.step(200) == ([Restart("a")] if restarts else [ESSENTIAL]), "its last run counts, not the time since"
    if restarts:
        life.started("a", 200)
        life.exited("a", code, 201)
        assert life.step(300) == [ESSENTIAL]


def test_a_task_that_is_stopped_asks_and_then_kills() -> None:
    life = _life({"name": "a"}, {"name": "b", "restartPolicy": {"enabled": "true"}})
    _started(life, "a", "b")
    life.stop()
    assert life.step(10) == [Terminate("a"), Terminate("b")]
    life.exited("b", 0, 400)
    assert life.step(400) == [Kill("a")], "thirty seconds after it was asked, and b does not start again"


def test_a_task_that_is_stopped_early_starts_nothing_more() -> None:
    life = _life({"name": "a"})
    life.stop()
    assert life.step(0) == []
    assert life.over


@pytest.mark.parametrize(
    ("command", "run"),
    [
        (["CMD", "a", "b c"], ("a", "b c")),
        (["CMD-SHELL", "a || b"], ("/bin/sh", "-c", "a || b")),
        (["a", "b"], ("/bin/sh", "-c", "a b")),
    ],
)
def test_the_words_of_a_health_check(command: list[str], run: tuple[str, ...]) -> None:
    check = HealthCheck.of({"command": command})
    assert check is not None
    assert (check.command, check.interval, check.timeout, check.retries, check.start_period) == (run, 30, 5, 3, 0)


def test_there_may_be_no_health_check() -> None:
    assert HealthCheck.of(None) is HealthCheck.of({"command": ["NONE"]}) is None


def test_the_network_outlives_containers_only_where_it_has_to() -> None:
    one, two = {"name": "a"}, {"name": "b"}
    restarted = {**one, "restartPolicy": {"enabled": True}}
    assert [
        TaskPlan.of({"containerDefinitions": each}).has_network_of_its_own for each in ([one], [one, two], [restarted])
    ] == [False, True, True]
