"""The health check accepts errors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.doctor.readers.target_groups import target_groups
from ecr_fargate_constructs.tools.doctor.rule import ELB, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding

_FIRST_ERROR = 400


class HealthCheckAcceptsErrors(Rule):
    """The health check accepts errors."""

    id = "health-check-accepts-errors"
    severity = Severity.WARNING
    title = "The health check accepts errors"
    why = "An application that answers with errors counts as healthy, so a broken version replaces a good one."
    fix = "Set healthy_http_codes='200-299' of the health check."
    source = ELB + "target-group-health-checks.html"
    tags = ("ingress", "health-check")

    def _check(self, app: App) -> Iterator[Finding]:
        for _, group in target_groups(app):
            codes = app.literal(group.get("Matcher", "HttpCode"), group.template) or ""
            if any(int(code) >= _FIRST_ERROR for code in re.findall(r"\d+", codes)):
                yield self.found(group, f"HttpCode is {codes}")
