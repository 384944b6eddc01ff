"""A deployment may stop half of the tasks or more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.workload import services
from ecr_fargate_constructs.tools.doctor.rule import CDK_ISSUE, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding

_HALF = 50  # percent


class MinimumHealthyLow(Rule):
    """A deployment may stop half of the tasks or more."""

    id = "minimum-healthy-low"
    severity = Severity.WARNING
    title = "A deployment may stop half of the tasks or more"
    why = "It stops them before new ones serve."
    fix = "Set min_healthy_percent=100 and max_healthy_percent=200."
    source = CDK_ISSUE + "31705"
    tags = ("service", "deployment", "availability")

    def _check(self, app: App) -> Iterator[Finding]:
        for service in services(app):
            percent = service.resource.get("DeploymentConfiguration", "MinimumHealthyPercent")
            healthy = app.number(percent, service.resource.template)
            if service.deployed_by_ecs and healthy is not None and healthy <= _HALF:
                yield self.found(service.resource, f"MinimumHealthyPercent is {healthy}")
