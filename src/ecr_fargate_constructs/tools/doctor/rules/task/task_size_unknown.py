"""Fargate has no task size with this CPU and memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.task_size import FARGATE_SIZES
from ecr_fargate_constructs.tools.assembly.workload import tasks
from ecr_fargate_constructs.tools.doctor.rule import CDK_ISSUE, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding

_NOT_FOR_WINDOWS = frozenset({256, 512})  # CPU units


class TaskSizeUnknown(Rule):
    """Fargate has no task size with this CPU and memory."""

    id = "task-size-unknown"
    severity = Severity.ERROR
    title = "Fargate has no task size with this CPU and memory"
    why = "ECS refuses the task definition in the middle of the deployment."
    fix = "Choose a pair of Fargate's table, for example 256 CPU units with 512, 1024 or 2048 MiB."
    source = CDK_ISSUE + "31106"
    tags = ("task", "fargate", "size")

    def _check(self, app: App) -> Iterator[Finding]:
        for task in tasks(app):
            cpu, memory = task.cpu, task.memory
            if not task.fargate or cpu is None or memory is None:
                continue
            allowed = FARGATE_SIZES.get(cpu, ())
            if memory not in allowed or (task.windows and cpu in _NOT_FOR_WINDOWS):
                what = f"{cpu} has {', '.join(map(str, allowed))} MiB" if allowed else f"no size has {cpu} CPU units"
                yield self.found(task.resource, f"Cpu {cpu} with Memory {memory}; {what}")
