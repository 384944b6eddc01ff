"""What CloudFormation answers: the stacks, what became of each resource, and whether the template is kept as it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.aws.answers.asking import asked, resources_of

if TYPE_CHECKING:
    from tests.aws.answers.asking import Answer, Scene


def stack_events(scene: Scene) -> Answer:
    """Return each stack's status, the last status of its resources, and the events of failures."""
    cloudformation = scene.client("cloudformation")
    return {stack: _events(scene, cloudformation, stack, name) for stack, name in scene.stacks.items()}


def _events(scene: Scene, cloudformation: Any, stack: str, name: str) -> Answer:  # noqa: ANN401 - boto3
    described = asked(cloudformation.describe_stacks, StackName=name)
    status = described["Stacks"][0]["StackStatus"] if "Stacks" in described else "does not exist"
    own = [each for each in scene.resources if each.stack == stack]
    failed = {}
    events = asked(cloudformation.describe_stack_events, StackName=name).get("StackEvents", ())
    for event in events:
        if event["ResourceStatus"].endswith("FAILED"):
            failed[event["LogicalResourceId"]] = event.get("ResourceStatusReason", "")
    resources = {each.logical: {"type": each.type, "status": each.status} for each in own}
    return {"status": status, "resources": resources, "failures": failed}


def templates(scene: Scene) -> Answer:
    """Return whether CloudFormation has the template as it was synthesized, and what it says about it."""
    cloudformation, found = scene.client("cloudformation"), {}
    for stack, name in scene.stacks.items():
        kept = asked(cloudformation.get_template, StackName=name, TemplateStage="Original")
        body = kept.get("TemplateBody")
        template = json.loads(body) if isinstance(body, str) else body
        summary = asked(cloudformation.get_template_summary, StackName=name)
        found[stack] = {
            "kept as synthesized": template == scene.templates[stack],
            "types": sorted(set(summary.get("ResourceTypes", ()))),
        }
    return found


def gone(scene: Scene) -> Answer:
    """Return what CloudFormation says about the stacks after their removal: nothing is left of a stack."""
    left = resources_of(scene.client("cloudformation"), scene.stacks)
    found: Answer = {stack: {} for stack in scene.stacks}
    for each in left:
        if each.status != "DELETE_COMPLETE":
            found[each.stack][each.logical] = each.status
    return found
