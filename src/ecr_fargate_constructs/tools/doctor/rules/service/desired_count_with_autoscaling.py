"""The template sets the number of tasks of a service that scales."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.workload import services
from ecr_fargate_constructs.tools.doctor.rule import Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class DesiredCountWithAutoscaling(Rule):
    """The template sets the number of tasks of a service that scales."""

    id = "desired-count-with-autoscaling"
    severity = Severity.WARNING
    title = "The template sets the number of tasks of a service that scales"
    why = "Every deployment sets the number back, whatever the load is."
    fix = "Do not set the desired count of a service that scales."
    source = "https://blog.cloudglance.dev/deep-dive-on-ecs-desired-count-and-circuit-breaker-rollback/index.html"
    tags = ("service", "scaling", "deployment")

    def _check(self, app: App) -> Iterator[Finding]:
        for service in services(app):
            count, scaling = service.resource.get("DesiredCount"), service.scaling
            if scaling is not None and count is not None:
                yield self.found(service.resource, f"DesiredCount is {count}, and {scaling.path} scales it")
