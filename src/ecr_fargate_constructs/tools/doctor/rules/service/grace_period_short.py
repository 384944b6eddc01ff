"""The health check grace period ends before a task can be healthy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.workload import services
from ecr_fargate_constructs.tools.doctor.readers.target_groups import checks_until_healthy
from ecr_fargate_constructs.tools.doctor.rule import ECS, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class GracePeriodShort(Rule):
    """The health check grace period ends before a task can be healthy."""

    id = "grace-period-short"
    severity = Severity.WARNING
    title = "The health check grace period ends before a task can be healthy"
    why = "ECS kills a task whose health check has not succeeded by then, so a slow start becomes a loop."
    fix = "Set a health_check_grace_period of at least the start period and the first checks."
    source = ECS + "service-event-messages-list.html"
    tags = ("service", "health-check")

    def _check(self, app: App) -> Iterator[Finding]:
        for service in services(app):
            if not service.target_groups or service.task is None:
                continue
            given = service.resource.get("HealthCheckGracePeriodSeconds")
            grace = 0 if given is None else app.number(given, service.resource.template)
            count, interval = checks_until_healthy(app, service.target_groups[0]) or (0, 0)
            starts = [
                container.number((container.definition.get("HealthCheck") or {}).get("StartPeriod")) or 0
                for container in service.task.containers
                if container.essential
            ]
            start, checks = max(starts, default=0), count * interval
            if grace is not None and grace < start + checks:
                detail = f"{grace} s, and the start period takes {start} s and the first checks {checks} s"
                yield self.found(service.resource, detail)
