"""Rolling deployments. Sources: ``DeploymentConfiguration`` and its members, ECS API reference."""

from __future__ import annotations

import pytest

from ecr_fargate_constructs.local.deployments.capacity import Change, Task, replace_tasks
from ecr_fargate_constructs.local.deployments.settings import Breaker, Settings
from tests.local.deployments.service import Service

BREAKER = {"enable": True, "rollback": True, "resetOnHealthyTask": False}


@pytest.mark.parametrize(
    ("desired", "minimum", "maximum", "least", "most"),
    [(4, 50, 200, 2, 8), (3, 50, 150, 2, 4), (2, 100, 125, 2, 2), (5, 80, 110, 4, 5), (0, 100, 200, 0, 0)],
)
def test_the_minimum_is_rounded_up_and_the_maximum_down(
    desired: int, minimum: int, maximum: int, least: int, most: int
) -> None:
    settings = Settings(min_healthy_percent=minimum, max_percent=maximum)
    assert (settings.minimum(desired), settings.maximum(desired)) == (least, most)


@pytest.mark.parametrize(
    ("breaker", "desired", "threshold"),
    [
        (Breaker(), 1, 3),  # "minimum threshold of 3"
        (Breaker(), 25, 13),  # "0.5 * desired task count"
        (Breaker(), 1000, 200),  # "maximum threshold of 200"
        (Breaker(value=10), 100, 10),
        (Breaker(kind="UNBOUNDED_PERCENT"), 2, 1),
        (Breaker(kind="UNBOUNDED_PERCENT"), 1000, 500),
        (Breaker(kind="COUNT", value=7), 1000, 7),
    ],
)
def test_the_threshold_of_the_circuit_breaker(breaker: Breaker, desired: int, threshold: int) -> None:
    assert breaker.threshold(desired) == threshold


def test_new_tasks_start_before_old_ones_stop() -> None:
    old = [Task(f"old{number}", "r1", healthy=True) for number in range(4)]
    change = replace_tasks(old, "r2", 4, Settings(min_healthy_percent=50))
    assert (change.start, change.stop) == ((("r2", 4),), ())


def test_old_tasks_stop_first_where_there_is_no_room() -> None:
    old = [Task(f"old{number}", "r1", healthy=True) for number in range(4)]
    change = replace_tasks(old, "r2", 4, Settings(min_healthy_percent=50, max_percent=100))
    assert (change.start, len(change.stop)) == ((("r2", 2),), 2)


def test_old_tasks_that_are_not_healthy_go_at_once() -> None:
    tasks = [Task("old1", "r1"), Task("old2", "r1", healthy=True)]
    assert replace_tasks(tasks, "r2", 2, Settings()).stop == (tasks[0],)


def test_no_room_and_no_task_to_spare_changes_nothing() -> None:
    old = [Task(f"old{number}", "r1", healthy=True) for number in range(2)]
    change = replace_tasks(old, "r2", 2, Settings(min_healthy_percent=100, max_percent=125))
    assert (change.start, change.stop) == ((), ())


def test_a_deployment_replaces_all_tasks_and_then_bakes() -> None:
    service = Service(2)
    service.running()
    second = service.deploy(bakeTimeInMinutes=2)
    service.healthy()
    service.step()
    assert service.count(second.target) == 2 == len(service.tasks)
    service.wait(119)
    assert not second.ended
    service.wait(1)
    service.step()
    assert second.status == "SUCCESSFUL"
    assert service.said[-2:] == [f"(deployment {second.target}) deployment completed.", "has reached a steady state."]


def test_failing_tasks_trip_the_breaker_and_the_old_version_stays_complete() -> None:
    service = Service(2)
    first = service.running()
    second = service.deploy(deploymentCircuitBreaker=BREAKER)
    for _ in range(3):
        assert second.status == "IN_PROGRESS"
        service.fail(second.target)
        assert service.count(first) == 2
    service.step()
    service.step()
    assert (second.status, second.cause) == ("ROLLBACK_SUCCESSFUL", "circuit breaker")
    assert second.reason == "Service deployment rolled back because the circuit breaker threshold was exceeded."
    assert service.count(second.target) == 0
    assert f"(deployment {second.target}) deployment failed: tasks failed to start." in service.said


def test_without_rollback_the_breaker_only_starts_nothing_more() -> None:
    service = Service(2)
    first = service.running()
    second = service.deploy(deploymentCircuitBreaker={**BREAKER, "rollback": False})
    for _ in range(3):
        service.fail(second.target)
    assert second.status == "STOPPED"
    before = dict(service.tasks)
    service.wait(60)
    assert service.tasks == before
    assert service.count(first) == 2


@pytest.mark.parametrize(("reset", "status"), [(True, "IN_PROGRESS"), (False, "ROLLBACK_IN_PROGRESS")])
def test_a_healthy_task_resets_the_failures_only_with_the_option(reset: bool, status: str) -> None:  # noqa: FBT001
    service = Service(4)
    service.running()
    second = service.deploy(deploymentCircuitBreaker={**BREAKER, "resetOnHealthyTask": reset})
    service.fail(second.target)
    service.fail(second.target)
    name = next(name for name, task in service.tasks.items() if task.revision == second.target)
    service.tasks[name] = Task(name, second.target, healthy=True)
    service.step()
    service.fail(next(task.revision for task in service.tasks.values() if task.revision == second.target))
    assert second.status == status


def test_early_success_and_deferred_cleanup() -> None:
    service = Service(4)
    first = service.running()
    early = {"enable": True, "healthyPercent": 50, "sourceServiceRevisionCleanup": "DEFERRED"}
    second = service.deploy(earlySuccessCriteria=early)
    for name in [name for name, task in service.tasks.items() if task.revision == second.target][:2]:
        service.tasks[name] = Task(name, second.target, healthy=True)
    service.step()
    assert second.status == "SUCCESSFUL"
    assert service.count(first) > 0
    service.healthy()
    service.step()
    assert service.count(first) == 0


def test_early_success_and_blocking_cleanup() -> None:
    service = Service(4)
    first = service.running()
    early = {"enable": True, "healthyPercent": 50, "sourceServiceRevisionCleanup": "BLOCKING"}
    second = service.deploy(earlySuccessCriteria=early)
    for name in [name for name, task in service.tasks.items() if task.revision == second.target][:2]:
        service.tasks[name] = Task(name, second.target, healthy=True)
    service.step()
    assert second.status == "IN_PROGRESS"
    service.healthy()
    service.step()
    assert (second.status, service.count(first)) == ("SUCCESSFUL", 0)


def test_a_second_deployment_stops_the_first_and_replaces_all_tasks() -> None:
    service = Service(2)
    first = service.running()
    second, third = service.deploy(), service.deploy()
    assert second.status == "STOPPED"
    service.healthy()
    service.step()
    service.healthy()
    service.step()
    assert (third.status, service.count(first), service.count(second.target)) == ("SUCCESSFUL", 0, 0)


def test_tasks_without_the_synced_files_are_replaced_like_those_of_another_revision() -> None:
    old = [Task(f"old{number}", "r1", healthy=True, outdated=True) for number in range(2)]
    assert replace_tasks(old, "r1", 2, Settings()).start == (("r1", 2),)
    starting = [Task(f"new{number}", "r1") for number in range(2)]
    assert replace_tasks([*old, *starting], "r1", 2, Settings()) == Change()
    started = [Task(f"new{number}", "r1", healthy=True) for number in range(2)]
    assert replace_tasks([*old, *started], "r1", 2, Settings()) == Change((), tuple(old))


def test_failed_files_that_were_taken_back_cost_no_task() -> None:
    """The old tasks count again, and those that began with the failed files go."""
    old = [Task(f"old{number}", "r1", healthy=True) for number in range(2)]
    failing = Task("new", "r1", outdated=True)
    assert replace_tasks([*old, failing], "r1", 2, Settings()) == Change((), (failing,))
