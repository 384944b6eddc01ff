"""The containers ask for more CPU or memory than their task has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.workload import tasks
from ecr_fargate_constructs.tools.doctor.rule import ECS, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.assembly.workload import Container
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class ContainersExceedTask(Rule):
    """The containers ask for more CPU or memory than their task has."""

    id = "containers-exceed-task"
    severity = Severity.ERROR
    title = "The containers ask for more CPU or memory than their task has"
    why = "ECS refuses the task definition."
    fix = "Make the task larger, or the containers' shares smaller."
    source = ECS + "task_definition_parameters.html"
    tags = ("task", "size")

    def _check(self, app: App) -> Iterator[Finding]:
        for task in tasks(app):
            for name, keys, whole in (
                ("Memory", ("MemoryReservation", "Memory"), task.memory),
                ("Cpu", ("Cpu",), task.cpu),
            ):
                limits = [container.number(container.definition.get(name)) or 0 for container in task.containers]
                shares = [_first(container, keys) for container in task.containers]
                if whole is not None and (max(limits, default=0) > whole or sum(shares) > whole):
                    yield self.found(task.resource, f"{name}: {max(*limits, sum(shares))} of {whole}")


def _first(container: Container, keys: tuple[str, ...]) -> int:
    """Return the first of these numbers that a container has: its reservation goes before its limit."""
    return next((value for key in keys if (value := container.number(container.definition.get(key)))), 0)
