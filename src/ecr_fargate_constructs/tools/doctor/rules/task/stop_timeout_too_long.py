"""The stop timeout is longer than Fargate allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.workload import containers
from ecr_fargate_constructs.tools.doctor.rule import ECS, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding

_LONGEST = 120  # seconds


class StopTimeoutTooLong(Rule):
    """The stop timeout is longer than Fargate allows."""

    id = "stop-timeout-too-long"
    severity = Severity.ERROR
    title = "The stop timeout is longer than Fargate allows"
    why = "Fargate waits at most 120 seconds for a container to stop, and refuses the task definition."
    fix = "Set a stop_timeout of 120 seconds or less."
    source = ECS + "task_definition_parameters.html"
    tags = ("task", "fargate", "shutdown")

    def _check(self, app: App) -> Iterator[Finding]:
        for container in containers(app):
            stop = container.number(container.definition.get("StopTimeout"))
            if container.task.fargate and stop is not None and stop > _LONGEST:
                yield self.found_in(container, f"StopTimeout is {stop}")
