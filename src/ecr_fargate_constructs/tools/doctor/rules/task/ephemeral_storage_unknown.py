"""Fargate has no ephemeral storage of this size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.workload import tasks
from ecr_fargate_constructs.tools.doctor.rule import ECS, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding

_LEAST, _MOST = 21, 200  # GiB


class EphemeralStorageUnknown(Rule):
    """Fargate has no ephemeral storage of this size."""

    id = "ephemeral-storage-unknown"
    severity = Severity.ERROR
    title = "Fargate has no ephemeral storage of this size"
    why = (
        "Fargate takes 21 to 200 GiB of ephemeral storage and refuses the task definition; 20 GiB come with every task."
    )
    fix = "Stay within 21 to 200 GiB, or leave it out."
    source = ECS + "task_definition_parameters.html"
    tags = ("task", "fargate", "size")

    def _check(self, app: App) -> Iterator[Finding]:
        for task in tasks(app):
            size = task.app.number(task.resource.get("EphemeralStorage", "SizeInGiB"), task.resource.template)
            if task.fargate and size is not None and not _LEAST <= size <= _MOST:
                yield self.found(task.resource, f"SizeInGiB is {size}")
