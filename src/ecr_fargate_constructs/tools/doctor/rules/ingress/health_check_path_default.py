"""The health check has no path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.doctor.readers.target_groups import target_groups
from ecr_fargate_constructs.tools.doctor.rule import ELB, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class HealthCheckPathDefault(Rule):
    """The health check has no path."""

    id = "health-check-path-default"
    severity = Severity.WARNING
    title = "The health check has no path"
    why = "The load balancer requests /, which in many applications is a page, a redirect or a 404."
    fix = "Use configure_health_check(path='/healthz') with a path that answers when the application can serve."
    source = ELB + "target-group-health-checks.html"
    tags = ("ingress", "health-check")

    def _check(self, app: App) -> Iterator[Finding]:
        for _, group in target_groups(app):
            if group.get("Protocol") in ("HTTP", "HTTPS") and group.get("HealthCheckPath") is None:
                yield self.found(group, "HealthCheckPath is not set")
