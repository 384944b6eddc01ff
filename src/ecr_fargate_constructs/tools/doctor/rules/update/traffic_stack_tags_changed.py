"""The update changes the tags of a stack whose traffic ECS shifts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.earlier import placed
from ecr_fargate_constructs.tools.assembly.traffic import shifting_services
from ecr_fargate_constructs.tools.doctor.rule import Severity, UpdateRule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ecr_fargate_constructs.tools.assembly.earlier import Earlier
    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class TrafficStackTagsChanged(UpdateRule):
    """The update changes the tags of a stack whose traffic ECS shifts."""

    id = "traffic-stack-tags-changed"
    severity = Severity.WARNING
    title = "The update changes the tags of a stack whose traffic ECS shifts"
    why = (
        "With --against: CloudFormation hands the stack's tags on to its listener rules, and the update "
        "of a rule may send its weights again."
    )
    fix = (
        "Keep what changes with a release out of the stack's tags: Tags.of(app).add(…, "
        "exclude_resource_types=['aws:cdk:stack']), or the feature flag @aws-cdk/core:explicitStackTags."
    )
    source = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-elasticloadbalancingv2-listenerrule.html"
    tags = ("update", "deployment", "ingress")

    def _compare(self, app: App, old: Earlier) -> Iterator[Finding]:
        for place, template in placed(app):
            before, tags = old.templates.get(place), old.tags.get(place[0])
            if before is None or tags is None or tags == template.stack.tags:
                continue
            detail = f"tags of the stack {place[0]}: {_difference(tags, template.stack.tags)}"
            for service in shifting_services(before):
                if service in template.resources:
                    yield self.found(template.resources[service], detail)


def _difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{key}: {old.get(key, 'absent')} -> {new.get(key, 'absent')}"
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    )
