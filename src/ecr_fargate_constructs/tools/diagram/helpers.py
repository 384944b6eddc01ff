"""The resources that are not drawn: those that only connect others, and those that only help to deploy them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.diagram.labels import is_plumbing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App, Resource

_FUNCTION, _TOPIC = "AWS::Lambda::Function", "AWS::SNS::Topic"
_HELPERS = {_FUNCTION, _TOPIC, "AWS::StepFunctions::StateMachine"}
_HOOK = "AWS::AutoScaling::LifecycleHook"


def hidden(app: App) -> frozenset[Resource]:
    """Return the resources that are not drawn."""
    return app.once("hidden", lambda: frozenset((*filter(is_plumbing, app.resources), *_helpers(app))))


def _helpers(app: App) -> list[Resource]:
    """Return what custom resources and lifecycle hooks call: functions, their topics and logs, and what they call."""
    custom = [each for each in app.resources if each.kind.startswith(("Custom::", "AWS::CloudFormation::CustomR"))]
    called = [target for each in custom for target in app.targets(each.get("ServiceToken"), each.template)]
    called += [target for each in app.of(_HOOK) for target in app.targets(each.properties, each.template)]
    helpers = list(dict.fromkeys(each for each in called if each.kind in _HELPERS))
    for helper in helpers:  # the loop appends to the list
        helpers += [each for each in _calls(app, helper) if each not in helpers]
    logs = (each for helper in helpers for each in app.targets(helper.get("LoggingConfig"), helper.template))
    return [*helpers, *logs]


def _calls(app: App, helper: Resource) -> Iterator[Resource]:
    """Yield the helpers that a helper calls: of a provider, a waiting state machine, or a topic of a hook."""
    values = [helper.get("Environment"), helper.get("DefinitionString")]
    for value in values:
        yield from (each for each in app.targets(value, helper.template) if each.kind in _HELPERS)
    if helper.kind == _TOPIC:
        for subscription in app.referring(helper, "AWS::SNS::Subscription", "TopicArn"):
            endpoints = app.targets(subscription.get("Endpoint"), subscription.template)
            yield from (each for each in endpoints if each.kind == _FUNCTION)
