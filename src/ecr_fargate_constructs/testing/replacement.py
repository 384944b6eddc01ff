"""Resources that an update of a stack would replace or interrupt, by CloudFormation's own update behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.testing.differences import changes, short
from ecr_fargate_constructs.testing.engine import Path, create_only_properties
from ecr_fargate_constructs.testing.logical_ids import STATEFUL_TYPES
from ecr_fargate_constructs.testing.templates import as_data, references

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from ecr_fargate_constructs.testing.templates import TemplateLike

# Each update of these makes a new revision beside the old one, which keeps serving until others have moved.
REVISIONS = frozenset(
    {
        "AWS::ApiGateway::Deployment",
        "AWS::ApiGatewayV2::Deployment",
        "AWS::ECS::TaskDefinition",
        "AWS::Lambda::LayerVersion",
        "AWS::Lambda::Version",
    }
)
# "Update requires: Some interruptions" in the CloudFormation user guide. The resource schemas do not say it.
INTERRUPTIONS = {
    "AWS::RDS::DBCluster": ("EngineVersion",),
    "AWS::RDS::DBInstance": ("DBInstanceClass", "EngineVersion"),
}

_SERVICE_TOKEN: Path = ("ServiceToken",)
"""Of custom resources: "Modifying service token is not allowed" (AWS::CloudFormation::CustomResource, aws-cdk#7128)."""


class Effect(Enum):
    """The effect of an update on a resource."""

    REFUSED = "cannot be updated: CloudFormation refuses another ServiceToken"
    REPLACED = "would be replaced"
    MAY_BE_REPLACED = "may be replaced or interrupted: CloudFormation decides by the values"
    INTERRUPTED = "would be interrupted"


@dataclass(frozen=True, kw_only=True)
class Update:
    """An update that replaces or interrupts a resource.

    Attributes:
        logical_id: The resource.
        type: Its type.
        effect: The effect.
        reasons: The properties that cause it, with both values.
    """

    logical_id: str
    type: str
    effect: Effect
    reasons: tuple[str, ...]


def assert_no_replacement(old: TemplateLike, new: TemplateLike, *, allow: Collection[str] = ()) -> None:
    """Raise an ``AssertionError`` if an update from ``old`` to ``new`` would replace or interrupt a resource.

    New revisions of task definitions, function and layer versions and API deployments do not count: they are updated in
    this way. For custom resources only the ``ServiceToken`` is checked, which CloudFormation never changes; their
    provider decides the rest. Types that CloudFormation's public registry does not have are not checked.

    Args:
        old: The template that is deployed.
        new: The template to deploy.
        allow: Logical ids whose replacement is intended; default, none.
    """
    __tracebackhide__ = True
    refused = [update for update in updates(old, new) if update.logical_id not in allow]
    if refused:
        before, after = as_data(old)["Resources"], as_data(new).get("Resources", {})
        lines = [line for update in refused for line in _render(update, before, after)]
        count = f"{len(refused)} resource{'s' if len(refused) != 1 else ''}"
        raise AssertionError("\n".join([f"this update would replace or interrupt {count}:", *lines]))


def updates(old: TemplateLike, new: TemplateLike) -> list[Update]:
    """Return the updates that replace or interrupt a resource, including those that follow from another replacement."""
    before_template, after_template = as_data(old), as_data(new)
    before: dict[str, Any] = before_template.get("Resources", {})
    after: dict[str, Any] = after_template.get("Resources", {})
    create_only = create_only_properties(after_template)
    for name, paths in create_only_properties(before_template).items():
        create_only[name] = paths | create_only.get(name, {})
    common = [name for name in after if name in before and before[name]["Type"] == after[name]["Type"]]
    for name in common:
        if _is_custom(after[name]):
            create_only[name] = {_SERVICE_TOKEN: True}
    worst = {update.logical_id: update for update in _renamed(before, after)}
    for name in common:
        _keep(worst, _own(name, before[name], after[name], create_only.get(name, {})))
    spreading = True
    while spreading:
        spreading = False
        for name in common:
            update = _following(name, after[name], create_only.get(name, {}), worst)
            spreading |= _keep(worst, update)
    return [worst[name] for name in sorted(worst) if worst[name].type not in REVISIONS]


def _is_custom(resource: dict[str, Any]) -> bool:
    kind = str(resource["Type"])
    return kind.startswith("Custom::") or kind == "AWS::CloudFormation::CustomResource"


def _keep(worst: dict[str, Update], update: Update | None) -> bool:
    """Keep the update if it is worse than the one kept for its resource; return whether it is."""
    if update is None:
        return False
    kept = worst.get(update.logical_id)
    if kept is not None and _GRAVITY.index(kept.effect) <= _GRAVITY.index(update.effect):
        return False
    worst[update.logical_id] = update
    return True


_GRAVITY = [Effect.REFUSED, Effect.REPLACED, Effect.MAY_BE_REPLACED, Effect.INTERRUPTED]


def _own(name: str, old: dict[str, Any], new: dict[str, Any], create_only: dict[Path, bool]) -> Update | None:
    before, after = old.get("Properties", {}), new.get("Properties", {})
    effects: dict[Path, Effect] = {}
    for path, always in create_only.items():
        if _at(before, path) != _at(after, path):
            effects[path] = Effect.REPLACED if always else Effect.MAY_BE_REPLACED
            if path == _SERVICE_TOKEN:
                effects[path] = Effect.REFUSED
    for key in INTERRUPTIONS.get(new["Type"], ()):
        if (key,) not in effects and before.get(key) != after.get(key):
            effects[key,] = Effect.INTERRUPTED
    if not effects:
        return None
    worst = min(effects.values(), key=_GRAVITY.index)
    outer = [path for path in effects if not any(path[:length] in effects for length in range(1, len(path)))]
    reasons = [reason for path in sorted(outer) for reason in _reasons(path, _at(before, path), _at(after, path))]
    return Update(logical_id=name, type=new["Type"], effect=worst, reasons=tuple(reasons))


def _reasons(path: Path, old: object, new: object) -> Iterator[str]:
    for inner, was, now in changes(old, new, path):
        yield f"{'.'.join(inner)}: {_shown(was)} -> {_shown(now)}"


def _following(
    name: str, resource: dict[str, Any], create_only: dict[Path, bool], updates: dict[str, Update]
) -> Update | None:
    """Return the effect of other replacements on a resource that refers to them in a create-only property."""
    worst: Effect | None = None
    reasons = []
    for path, always in create_only.items():
        value = _at(resource.get("Properties", {}), path)
        for other in dict.fromkeys(references(value)):
            cause = updates.get(other)
            if cause is None or cause.effect is Effect.INTERRUPTED or other == name:
                continue
            certain = always and cause.effect is Effect.REPLACED and _has_ref(value, other)
            effect = Effect.REPLACED if certain else Effect.MAY_BE_REPLACED
            if path == _SERVICE_TOKEN and cause.effect is Effect.REPLACED:
                effect = Effect.REFUSED  # another function has another ARN
            worst = effect if worst is None else min(worst, effect, key=_GRAVITY.index)
            reasons.append(f"{'.'.join(path)} refers to {other}, which {cause.effect.value.partition(':')[0]}")
    return (
        None if worst is None else Update(logical_id=name, type=resource["Type"], effect=worst, reasons=tuple(reasons))
    )


def _renamed(before: dict[str, Any], after: dict[str, Any]) -> Iterator[Update]:
    for name, resource in before.items():
        kind = resource["Type"]
        if name in after and after[name]["Type"] == kind:
            continue
        successors = [other for other in after if other not in before and after[other]["Type"] == kind]
        if kind in STATEFUL_TYPES and successors:
            reason = f"its logical id is gone, and {' or '.join(successors)} of its type is new"
            yield Update(logical_id=name, type=kind, effect=Effect.REPLACED, reasons=(reason,))


def _at(properties: object, path: Path) -> object:
    """Return the value at a path; an expression on the way represents everything below it."""
    value = properties
    for key in path:
        match value:
            case dict() if key in value:
                value = value[key]
            case dict() if len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref")):
                return value
            case list() if key.isdigit() and int(key) < len(value):
                value = value[int(key)]
            case _:
                return None
    return value


def _has_ref(value: object, name: str) -> bool:
    match value:
        case {"Ref": str() as other} if other == name:
            return True
        case dict():
            return any(_has_ref(item, name) for item in value.values())
        case list():
            return any(_has_ref(item, name) for item in value)
        case _:
            return False


def _shown(value: object) -> str:
    return "absent" if value is None else short(value)


def _render(update: Update, before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    yield f"\n  {update.logical_id} ({update.type}) {update.effect.value}"
    yield from (f"      {reason}" for reason in update.reasons)
    if update.effect is not Effect.INTERRUPTED and update.type in STATEFUL_TYPES:
        gone = update.logical_id not in after
        key = "DeletionPolicy" if gone else "UpdateReplacePolicy"
        policy = (before if gone else after)[update.logical_id].get(key, "Delete")
        yield f"      {key} of the old one: {policy}"
