"""The update resets a rule whose traffic ECS shifts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.earlier import placed
from ecr_fargate_constructs.tools.assembly.traffic import traffic_changes
from ecr_fargate_constructs.tools.doctor.rule import CDK_ISSUE, Severity, UpdateRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.earlier import Earlier
    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class TrafficRuleChanged(UpdateRule):
    """The update resets a rule whose traffic ECS shifts."""

    id = "traffic-rule-changed"
    severity = Severity.ERROR
    title = "The update resets a rule whose traffic ECS shifts"
    why = (
        "With --against: the update sends the weights of a rule that ECS has changed since. If the "
        "running version is in the other target group, users get the empty one."
    )
    fix = (
        "Deploy the version again until the first target group has the traffic (aws elbv2 "
        "describe-rules), then deploy this change alone."
    )
    source = CDK_ISSUE + "36649"
    tags = ("update", "deployment", "ingress")

    def _compare(self, app: App, old: Earlier) -> Iterator[Finding]:
        for place, template in placed(app):
            before = old.templates.get(place)
            for change in traffic_changes(before, template.content) if before is not None else ():
                yield self.found(template.resources[change.service], str(change))
