"""Choose the tasks that start and those that stop, as ECS's scheduler does for one service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ecr_fargate_constructs.local.deployments.settings import Settings


@dataclass(frozen=True)
class Task:
    """A task of the service that is starting or running.

    Attributes:
        name: Its ARN.
        revision: The service revision that it runs.
        healthy: Whether it is running and all health checks pass.
        unhealthy: Whether health checks have given it up.
        protected: Whether it is protected from scale-in and deployments.
        outdated: Whether it runs without the files that were synced after its start.
    """

    name: str
    revision: str
    healthy: bool = False
    unhealthy: bool = False
    protected: bool = False
    outdated: bool = False


@dataclass(frozen=True)
class World:
    """The tasks that start or run, and the names of the alarms that are in alarm."""

    tasks: tuple[Task, ...] = ()
    alarms: frozenset[str] = frozenset()

    def healthy(self, revision: str) -> int:
        """Return the number of healthy tasks of a revision."""
        return sum(task.healthy for task in self.tasks if task.revision == revision)

    @property
    def revisions(self) -> tuple[str, ...]:
        """The revisions that have tasks."""
        return tuple(dict.fromkeys(task.revision for task in self.tasks))


@dataclass(frozen=True)
class Change:
    """Tasks to start, as pairs of revision and number, and tasks to stop."""

    start: tuple[tuple[str, int], ...] = ()
    stop: tuple[Task, ...] = ()


def replace_tasks(tasks: Iterable[Task], target: str, desired: int, settings: Settings) -> Change:
    """Replace the tasks of other revisions and outdated ones, within the limits of a rolling deployment.

    Old tasks stop as new ones become healthy, and earlier only to make room for new ones. Never are fewer healthy tasks
    left than ``minimumHealthyPercent`` allows, nor are more started than ``maximumPercent`` does. Protected tasks stay.
    """
    tasks = list(tasks)
    new = [task for task in tasks if task.revision == target and not task.outdated]
    old = [task for task in tasks if task not in new]
    healthy_new = sum(task.healthy for task in new)
    wanted = max(0, desired - len(new))
    room = max(0, settings.maximum(desired) - len(tasks))
    stop = [task for task in old if not task.healthy and not task.protected]
    room += len(stop)
    spare = max(0, sum(task.healthy for task in tasks) - settings.minimum(desired))
    healthy_old = [task for task in old if task.healthy]
    surplus = len(healthy_old) - max(0, desired - healthy_new)
    needed = wanted - room
    free = [task for task in healthy_old if not task.protected]
    stop += free[: max(0, min(spare, max(surplus, needed)))]
    stop += _excess(new, desired)
    start = min(wanted, max(0, settings.maximum(desired) - (len(tasks) - len(stop))))
    return Change(((target, start),) if start else (), tuple(stop))


def keep_tasks(tasks: Iterable[Task], counts: dict[str, int]) -> Change:
    """Keep a number of tasks of each revision; a revision without a number keeps only protected tasks."""
    tasks = list(tasks)
    start: list[tuple[str, int]] = []
    stop = [task for task in tasks if task.revision not in counts and not task.protected]
    for revision, count in counts.items():
        own = [task for task in tasks if task.revision == revision]
        if len(own) < count:
            start.append((revision, count - len(own)))
        stop += _excess(own, count)
    return Change(tuple(start), tuple(stop))


def _excess(tasks: list[Task], count: int) -> list[Task]:
    """Return the tasks above a number: those that are not healthy first, and no protected ones."""
    free = [task for task in tasks if not task.protected]
    return sorted(free, key=lambda task: task.healthy)[: max(0, len(tasks) - count)]
