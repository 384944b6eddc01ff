"""A new task takes more than a minute to count as healthy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.doctor.readers.target_groups import checks_until_healthy, target_groups
from ecr_fargate_constructs.tools.doctor.rule import ELB, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding

_LONGEST = 60  # seconds


class HealthCheckSlow(Rule):
    """A new task takes more than a minute to count as healthy."""

    id = "health-check-slow"
    severity = Severity.WARNING
    title = "A new task takes more than a minute to count as healthy"
    why = "Every deployment and every scale-out waits that long."
    fix = "Set interval=Duration.seconds(10) and healthy_threshold_count=2 of the health check."
    source = ELB + "target-group-health-checks.html"
    tags = ("ingress", "health-check", "deployment")

    def _check(self, app: App) -> Iterator[Finding]:
        for _, group in target_groups(app):
            checks = checks_until_healthy(app, group)
            if checks is not None and checks[0] * checks[1] > _LONGEST:
                count, interval = checks
                yield self.found(group, f"{count} checks, one every {interval} s, take {count * interval} s")
