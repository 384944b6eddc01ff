"""The service may run as a single task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.workload import services
from ecr_fargate_constructs.tools.doctor.rule import CDK_ISSUE, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class SingleTask(Rule):
    """The service may run as a single task."""

    id = "single-task"
    severity = Severity.WARNING
    title = "The service may run as a single task"
    why = "Nothing serves while that task is replaced, be it by ECS, by AWS or after a failure."
    fix = "Set desired_count=2, or a minimum capacity of 2 for scaling."
    source = CDK_ISSUE + "14277"
    tags = ("service", "scaling", "availability")

    def _check(self, app: App) -> Iterator[Finding]:
        for service in services(app):
            if service.sleeps:
                continue  # its users wait for its first task, and so for another one
            scaling = service.scaling
            if scaling is not None:
                if app.number(scaling.get("MinCapacity"), scaling.template) == 1:
                    yield self.found(service.resource, "it scales down to 1 task")
            elif service.desired == 1:
                yield self.found(service.resource, "its desired count is 1")
