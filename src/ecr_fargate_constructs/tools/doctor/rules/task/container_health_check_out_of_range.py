"""ECS does not take a number of the container's health check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.workload import containers
from ecr_fargate_constructs.tools.doctor.rule import ECS_API, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding

_RANGES = {"Interval": (5, 300), "Timeout": (2, 60), "Retries": (1, 10), "StartPeriod": (0, 300)}
"""What ECS takes; times in seconds."""


class ContainerHealthCheckOutOfRange(Rule):
    """ECS does not take a number of the container's health check."""

    id = "container-health-check-out-of-range"
    severity = Severity.ERROR
    title = "ECS does not take a number of the container's health check"
    why = (
        "ECS refuses the task definition. It takes an interval of 5 to 300 seconds, a timeout of 2 to 60, "
        "1 to 10 retries and a start period of 0 to 300."
    )
    fix = "Stay within these ranges. A timeout of up to 120 seconds is for the load balancer's health check alone."
    source = ECS_API + "API_HealthCheck.html"
    tags = ("task", "health-check")

    def _check(self, app: App) -> Iterator[Finding]:
        for container in containers(app):
            check = container.definition.get("HealthCheck") or {}
            for name, (least, most) in _RANGES.items():
                value = container.number(check.get(name))
                if value is not None and not least <= value <= most:
                    yield self.found_in(
                        container, f"{name} of its health check is {value}; {least} to {most} are allowed"
                    )
