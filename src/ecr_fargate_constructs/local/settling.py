"""Waiting until what was deployed runs and answers, or cannot be expected to."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecr_fargate_constructs.local.errors import LocalError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from ecr_fargate_constructs.local.instance import Instance
    from ecr_fargate_constructs.local.services import Balancer, Cloud, Service, Task

_SECONDS = 300
_POLL = 1.0
_SERVER_ERROR = 500
_CRASHES = 3  # MiniStack counts a first version as complete at once: no circuit breaker watches it


@dataclass(frozen=True)
class Answer:
    """What a load balancer said.

    Attributes:
        balancer: The load balancer.
        status: HTTP status.
        body: Body.
    """

    balancer: Balancer
    status: int
    body: str

    @property
    def good(self) -> bool:
        """Whether it is an answer, and not the load balancer's or the app's own failure."""
        return 0 < self.status < _SERVER_ERROR


def settled(
    cloud: Cloud, stacks: Sequence[str], before: Collection[str], instance: Instance
) -> tuple[list[Service], list[Answer]]:
    """Wait until every service runs what its stack says, and every load balancer answers.

    Args:
        cloud: The embedded AWS.
        stacks: Names of the stacks.
        before: ARNs of the tasks that there were before the deployment.
        instance: The instance, for its logs.

    Raises:
        LocalError: One does not come up: what stopped its tasks, and what they printed last.
    """
    deadline = time.monotonic() + _SECONDS
    steady: set[str] | None = None
    while True:
        services = cloud.services(stacks)
        answers: list[Answer] = []
        running = {task.arn for service in services for task in service.running}
        was_steady, steady = running == steady, running
        if was_steady and all(service.settled for service in services):  # twice, or one that exits soon would pass
            answers = [ask(balancer) for balancer in cloud.balancers(stacks)]
            awake = {service.stack for service in services if service.desired > 0}  # one that rests answers 503
            if all(answer.good or answer.balancer.stack not in awake for answer in answers):
                return services, answers
        for service in services:
            crashed = [
                task
                for task in service.tasks
                if task.crashed and task.arn not in before and task.definition == service.wanted
            ]
            failure = service.failure
            if failure is None and len(crashed) >= _CRASHES:
                failure = f"{len(crashed)} of its tasks stopped"
            if failure is not None:
                raise _failed(cloud, stacks, failure, crashed, instance)
        if time.monotonic() > deadline:
            said = "; ".join(f"{answer.balancer.url} answers {answer.status or 'nothing'}" for answer in answers)
            raise _failed(cloud, stacks, f"it was not fit after {_SECONDS} seconds; {said}".rstrip("; "), [], instance)
        time.sleep(_POLL)


def ask(balancer: Balancer) -> Answer:
    """What a load balancer says; status 0 when nothing answers."""
    try:
        status, body = balancer.ask()
    except OSError as error:
        status, body = 0, str(error)
    return Answer(balancer, status, body)


def _failed(
    cloud: Cloud, stacks: Sequence[str], failure: str, crashed: Sequence[Task], instance: Instance
) -> LocalError:
    reasons = dict.fromkeys(task.reason for task in crashed if task.reason)
    tasks = f"; its tasks stopped: {'; '.join(reasons)}" if reasons else ""
    lines = cloud.last_lines(stacks, tasks=[task.name for task in crashed])  # those that serve log health checks
    printed = "\nlast lines of the containers:\n  " + "\n  ".join(lines) if lines else ""
    return LocalError(f"the service did not come up: {failure}{tasks}{printed}", log=instance.server_log)
