"""The deregistration delay is longer than two minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.doctor.readers.target_groups import LONGEST_DELAY, deregistration_delay, target_groups
from ecr_fargate_constructs.tools.doctor.rule import ECS, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class DrainingSlow(Rule):
    """The deregistration delay is longer than two minutes."""

    id = "draining-slow"
    severity = Severity.WARNING
    title = "The deregistration delay is longer than two minutes"
    why = "Each deployment waits this long for every task that it stops."
    fix = "Use target_group.set_attribute('deregistration_delay.timeout_seconds', '30')."
    source = ECS + "load-balancer-connection-draining.html"
    tags = ("ingress", "deployment", "shutdown")

    def _check(self, app: App) -> Iterator[Finding]:
        for _, group in target_groups(app):
            delay = deregistration_delay(app, group)
            if delay is not None and delay > LONGEST_DELAY:
                yield self.found(group, f"the deregistration delay is {delay} s")
