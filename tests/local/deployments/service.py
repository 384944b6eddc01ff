"""A service whose world does what a test says."""

from __future__ import annotations

from typing import Any

from ecr_fargate_constructs.local.deployments.capacity import Task, World
from ecr_fargate_constructs.local.deployments.controller import Controller
from ecr_fargate_constructs.local.deployments.records import (
    Action,
    Deployment,
    InvokeHook,
    Say,
    SetWeights,
    StartTasks,
    StopTasks,
)
from ecr_fargate_constructs.local.deployments.settings import read_settings

MINUTE = 60.0


class Service:
    """A controller, its tasks and the time."""

    def __init__(self, desired: int = 2) -> None:
        self.controller = Controller(desired)
        self.tasks: dict[str, Task] = {}
        self.alarms: frozenset[str] = frozenset()
        self.now, self.number = 0.0, 0
        self.actions: list[Action] = []

    def deploy(self, *, test_traffic: bool = False, **configuration: Any) -> Deployment:  # noqa: ANN401 - ECS's
        """Begin a deployment."""
        self.number += 1
        settings = read_settings(configuration, test_traffic=test_traffic)
        deployment = self.controller.deploy(f"d{self.number}", f"r{self.number}", settings, self.now)
        self.step()
        return deployment

    def running(self, **configuration: Any) -> str:  # noqa: ANN401
        """Deploy a first revision, wait for its success, and return it."""
        deployment = self.deploy(**configuration)
        self.healthy()
        self.step()
        assert deployment.status == "SUCCESSFUL"
        return deployment.target

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        self.step()

    def healthy(self, revision: str | None = None) -> None:
        """Let the tasks, or those of a revision, become healthy."""
        for name, task in self.tasks.items():
            if revision in {None, task.revision}:
                self.tasks[name] = Task(name, task.revision, healthy=True)
        self.step()

    def fail(self, revision: str) -> None:
        """Let a task of a revision exit."""
        name = next(name for name, task in self.tasks.items() if task.revision == revision)
        del self.tasks[name]
        self.controller.fail(revision)
        self.step()

    def step(self) -> None:
        """Do what the controller wants."""
        for action in self.controller.step(World(tuple(self.tasks.values()), self.alarms), self.now):
            self.actions.append(action)
            match action:
                case StartTasks(revision, count):
                    for _ in range(count):
                        self.number += 1
                        self.tasks[f"t{self.number}"] = Task(f"t{self.number}", revision)
                case StopTasks(names):
                    for name in names:
                        del self.tasks[name]

    def count(self, revision: str) -> int:
        """Return the number of tasks of a revision."""
        return sum(task.revision == revision for task in self.tasks.values())

    @property
    def weights(self) -> list[tuple[float, float]]:
        """All weights that were set, in order."""
        return [(each.first, each.second) for each in self.actions if isinstance(each, SetWeights)]

    @property
    def calls(self) -> list[InvokeHook]:
        """All invocations of hooks."""
        return [each for each in self.actions if isinstance(each, InvokeHook)]

    @property
    def said(self) -> list[str]:
        """All events."""
        return [each.message for each in self.actions if isinstance(each, Say)]
