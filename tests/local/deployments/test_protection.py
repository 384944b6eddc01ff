"""Protected tasks: scale-in and deployments leave them, and a deployment is not held up for ever."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ecr_fargate_constructs.local.deployments.capacity import Task, World, keep_tasks, replace_tasks
from ecr_fargate_constructs.local.deployments.protection import blocks, minutes_of
from ecr_fargate_constructs.local.deployments.settings import Settings
from tests.local.deployments.service import Service


def _old(*protected: int) -> list[Task]:
    return [Task(f"old{number}", "r1", healthy=True, protected=number in protected) for number in range(4)]


def _protect(service: Service, revision: str) -> list[str]:
    names = [name for name, task in service.tasks.items() if task.revision == revision]
    for name in names:
        service.tasks[name] = replace(service.tasks[name], protected=True)
    return names


def test_scale_in_takes_other_tasks() -> None:
    change = replace_tasks(_old(0, 1), "r1", 1, Settings())
    assert [task.name for task in change.stop] == ["old2", "old3"]
    assert [task.name for task in keep_tasks(_old(0, 1), {"r1": 1}).stop] == ["old2", "old3"]


def test_a_service_that_is_scaled_to_nothing_keeps_protected_tasks() -> None:
    assert [task.name for task in keep_tasks(_old(3), {}).stop] == ["old0", "old1", "old2"]


def test_a_deployment_replaces_the_tasks_that_are_not_protected() -> None:
    new = [Task(f"new{number}", "r2", healthy=True) for number in range(4)]
    change = replace_tasks([*_old(0), *new], "r2", 4, Settings(min_healthy_percent=100, max_percent=200))
    assert [task.name for task in change.stop] == ["old1", "old2", "old3"]


def test_protected_tasks_take_the_room_of_new_ones() -> None:
    change = replace_tasks(_old(0, 1, 2, 3), "r2", 4, Settings(min_healthy_percent=0, max_percent=100))
    assert change == replace_tasks(_old(0, 1, 2, 3), "r2", 4, Settings(min_healthy_percent=50, max_percent=100))
    assert (change.start, change.stop) == ((), ())


def test_a_deployment_ends_after_the_last_protected_task() -> None:
    service = Service()
    first = service.running()
    _protect(service, first)
    deployment = service.deploy()
    service.healthy(deployment.target)
    assert (deployment.status, len(service.tasks)) == ("IN_PROGRESS", 4)
    for name, task in service.tasks.items():
        service.tasks[name] = replace(task, protected=False)
    service.step()
    service.step()
    assert (deployment.status, {task.revision for task in service.tasks.values()}) == (
        "SUCCESSFUL",
        {deployment.target},
    )


def test_no_task_is_protected_anew_while_a_deployment_waits_for_protected_ones() -> None:
    service = Service()
    first = service.running()
    deployment = service.deploy()

    def blocked(revision: str) -> bool:
        return blocks(service.controller, World(tuple(service.tasks.values())), revision)

    _protect(service, first)
    assert not blocked(first)  # the new tasks are not healthy: it waits for them
    service.healthy(deployment.target)
    assert blocked(first)
    assert not blocked(deployment.target)


def test_nothing_blocks_without_a_deployment() -> None:
    service = Service()
    first = service.running()
    _protect(service, first)
    assert not blocks(service.controller, World(tuple(service.tasks.values())), first)


@pytest.mark.parametrize(
    ("asked", "minutes"), [(None, 120), (1, 1), (2880, 2880), (0, None), (2881, None), (1.5, None), (True, None)]
)
def test_minutes(asked: object, minutes: int | None) -> None:
    assert minutes_of(asked) == minutes
