"""The target group registers instances."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.doctor.readers.target_groups import target_groups
from ecr_fargate_constructs.tools.doctor.rule import ECS, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class TargetTypeNotIp(Rule):
    """The target group registers instances."""

    id = "target-type-not-ip"
    severity = Severity.ERROR
    title = "The target group registers instances"
    why = "Tasks on Fargate have addresses of their own and no instance, so ECS can register them by address only."
    fix = "Set target_type=elbv2.TargetType.IP."
    source = ECS + "alb.html"
    tags = ("ingress", "fargate")

    def _check(self, app: App) -> Iterator[Finding]:
        for service, group in target_groups(app):
            if service.fargate and group.get("TargetType") != "ip":
                yield self.found(group, f"TargetType is {group.get('TargetType') or 'instance'}")
