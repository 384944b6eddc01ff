"""What an update of a deployed app would do to the traffic that ECS shifts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.tools.assembly.earlier import placed
from ecr_fargate_constructs.tools.assembly.traffic import shifting_services, traffic_changes
from ecr_fargate_constructs.tools.doctor.rule import CDK_ISSUE, error, found, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ecr_fargate_constructs.tools.assembly.earlier import Earlier
    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding

TRAFFIC_RULE = error(
    "traffic-rule-changed",
    "With --against: the update sends the weights of a rule again that ECS has moved, and users would be in the empty "
    "target group if the running version is in the other one.",
    "Deploy the version again until the first target group has the traffic (aws elbv2 describe-rules), then this "
    "change alone.",
    CDK_ISSUE + "36649",
)
STACK_TAGS = warning(
    "traffic-stack-tags-changed",
    "With --against: CloudFormation hands the stack's tags on to its listener rules, and an update of a rule may send "
    "its weights again.",
    "Keep what changes with a release out of the stack's tags: Tags.of(app).add(…, "
    "exclude_resource_types=['aws:cdk:stack']), or the feature flag @aws-cdk/core:explicitStackTags.",
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/"
    "aws-resource-elasticloadbalancingv2-listenerrule.html",
)

RULES = (TRAFFIC_RULE, STACK_TAGS)


def compare(app: App, old: Earlier) -> Iterator[Finding]:
    """Look at what changes from an earlier state of the app."""
    for place, template in placed(app):
        before = old.templates.get(place)
        if before is None:
            continue
        for change in traffic_changes(before, template.content):
            yield found(TRAFFIC_RULE, template.resources[change.service], str(change))
        tags = old.tags.get(place[0])
        if tags is not None and tags != template.stack.tags:
            detail = f"tags of the stack {place[0]}: {_difference(tags, template.stack.tags)}"
            for service in shifting_services(before):
                if service in template.resources:
                    yield found(STACK_TAGS, template.resources[service], detail)


def _difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{key}: {old.get(key, 'absent')} -> {new.get(key, 'absent')}"
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    )
