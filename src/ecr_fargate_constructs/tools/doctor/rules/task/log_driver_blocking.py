"""The log driver may block the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.workload import containers
from ecr_fargate_constructs.tools.doctor.rule import ECS_API, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class LogDriverBlocking(Rule):
    """The log driver may block the application."""

    id = "log-driver-blocking"
    severity = Severity.WARNING
    title = "The log driver may block the application"
    why = (
        "In blocking mode the application stops when CloudWatch Logs is slow. If no mode is set, the "
        "account's setting decides."
    )
    fix = "Set mode=ecs.AwsLogDriverMode.NON_BLOCKING, with a max_buffer_size."
    source = ECS_API + "API_LogConfiguration.html"
    tags = ("task", "logs")

    def _check(self, app: App) -> Iterator[Finding]:
        for container in containers(app):
            logging = container.definition.get("LogConfiguration") or {}
            mode = (logging.get("Options") or {}).get("mode")
            if logging.get("LogDriver") == "awslogs" and mode != "non-blocking":
                yield self.found_in(container, f"mode is {mode or 'not set'}")
