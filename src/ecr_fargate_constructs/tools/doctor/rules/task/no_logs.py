"""The container has no log driver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.workload import containers
from ecr_fargate_constructs.tools.doctor.rule import ECS_API, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class NoLogs(Rule):
    """The container has no log driver."""

    id = "no-logs"
    severity = Severity.WARNING
    title = "The container has no log driver"
    why = "Its output is lost, and with it the reason why it ended."
    fix = "Set logging=ecs.LogDriver.aws_logs(…)."
    source = ECS_API + "API_LogConfiguration.html"
    tags = ("task", "logs")

    def _check(self, app: App) -> Iterator[Finding]:
        for container in containers(app):
            if not container.definition.get("LogConfiguration"):
                yield self.found_in(container, "LogConfiguration is not set")
