"""Changes of a service's record while its controller takes a step, and the other way round: none is lost."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.local.ministack_patches.deployments.services import Aws


class _Interrupted(dict[str, Any]):
    """A request in whose middle the controller takes a step, or would like to."""

    def __init__(self, data: dict[str, Any], step: Callable[[], None]) -> None:
        super().__init__(data)
        self._step = step

    def __contains__(self, name: object) -> bool:
        if name == "networkConfiguration":  # asked after the new task definition was written
            stepping = threading.Thread(target=self._step)
            stepping.start()
            stepping.join(0.2)
        return super().__contains__(name)


def test_no_step_falls_into_the_middle_of_an_update(aws: Aws, healthy: set[bool]) -> None:
    aws.create()
    healthy.clear()
    aws.update()  # it is in progress, and its controller writes what it knows at every step
    definition = aws.register()
    request = {"cluster": "shop", "service": "web", "taskDefinition": definition}
    aws.ecs._ACTION_MAP["UpdateService"](_Interrupted(request, aws.controlled.get("shop", "shop/web").step))
    healthy.add(True)
    aws.until(lambda: aws.newest()["status"] == "SUCCESSFUL")
    assert aws.service()["taskDefinition"] == definition
    assert {task["taskDefinitionArn"] for task in aws.ecs._tasks.values() if task["lastStatus"] == "RUNNING"} == {
        definition
    }


class _Listed(list[dict[str, Any]]):
    """Deployments; when they were read to the end for the last time, the service is updated, or should be."""

    def __init__(self, found: list[dict[str, Any]], update: Callable[[], None]) -> None:
        super().__init__(found)
        self.times, self.updating = 0, threading.Thread(target=update)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        yield from super().__iter__()
        self.times += threading.current_thread() is threading.main_thread()
        if self.times == 3 and self.updating.ident is None:  # counts, their copies, and those that are kept
            self.updating.start()
            self.updating.join(0.2)


def test_a_deployment_that_begins_while_tasks_are_counted_is_kept(aws: Aws) -> None:
    aws.create()
    service = aws.controlled.get("shop", "shop/web")
    before, listed = aws.service()["taskDefinition"], _Listed(service.record["deployments"], aws.update)
    with service.lock:
        service.record["deployments"] = listed
        aws.ecs._refresh_service_state("shop", "service:web")
    listed.updating.join()
    aws.until(lambda: aws.newest()["status"] == "SUCCESSFUL")
    assert before != aws.service()["taskDefinition"] == aws.service()["deployments"][0]["taskDefinition"]
