"""Find what an update would do to the listener rules with which ECS shifts traffic. Pure: it compares two templates.

After a blue/green, canary or linear deployment the weights of the production rule differ from the template's, and the
running version may be in either target group. CloudFormation compares templates only, so it leaves the rule alone until
something in it changes. Then it sends the whole rule with the template's weights, and users reach the empty target
group (aws-cdk#36649). Updating a target group in place (its health check, its attributes) changes no weight.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SERVICE = "AWS::ECS::Service"
_CREATE_ONLY = {
    "AWS::ElasticLoadBalancingV2::ListenerRule": ("ListenerArn",),
    "AWS::ElasticLoadBalancingV2::Listener": ("LoadBalancerArn",),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ("Name", "Scheme", "Type"),
    "AWS::ElasticLoadBalancingV2::TargetGroup": (
        "IpAddressType",
        "Name",
        "Port",
        "Protocol",
        "ProtocolVersion",
        "TargetControlPort",
        "TargetType",
        "VpcId",
    ),
}
"""Create-only properties of the resources that a rule depends on.

Source: "Update requires: Replacement" on their pages in the CloudFormation template reference.
"""
_MAX_WIDTH = 120  # characters of a value


class TrafficEffect(Enum):
    """The effect of an update on a rule or a target group."""

    WEIGHTS_RESET = "would be updated, including its weights"
    REPLACED = "would be replaced"
    GONE = "would be removed"


@dataclass(frozen=True, kw_only=True)
class TrafficChange:
    """A change that an update would make to a rule or a target group whose weights ECS controls.

    Attributes:
        service: Logical id of the service whose traffic shifts.
        logical_id: Logical id of the rule or the target group.
        effect: What would happen to it.
        reasons: The causes, each with the old and the new value.
    """

    service: str
    logical_id: str
    effect: TrafficEffect
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        """Return the change as one line."""
        return f"{self.logical_id} {self.effect.value}: {'; '.join(self.reasons)}"


def traffic_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[TrafficChange]:
    """Return the changes that an update from ``old`` to ``new`` makes for services whose traffic ECS shifts.

    New services, and services that are removed, are not examined.
    """
    before: Mapping[str, Any] = old.get("Resources", {})
    after: Mapping[str, Any] = new.get("Resources", {})
    replaced = _replaced(before, after)
    changes = []
    for name, service in before.items():
        if service.get("Type") == _SERVICE and after.get(name, {}).get("Type") == _SERVICE:
            changes += list(_of_service(name, before, after, replaced))
    return changes


def shifting_services(template: Mapping[str, Any]) -> list[str]:
    """Return the logical ids of the services that are configured for ECS to shift their traffic."""
    return [
        name
        for name, each in template.get("Resources", {}).items()
        if each.get("Type") == _SERVICE and any(balancer.get("AdvancedConfiguration") for balancer in _balancers(each))
    ]


def _balancers(service: Mapping[str, Any]) -> list[dict[str, Any]]:
    return _list(service.get("Properties", {}).get("LoadBalancers"))


def _of_service(
    service: str, before: Mapping[str, Any], after: Mapping[str, Any], replaced: Mapping[str, str]
) -> Iterator[TrafficChange]:
    for balancer in _balancers(before[service]):
        advanced = balancer.get("AdvancedConfiguration")
        if not isinstance(advanced, dict):
            continue
        rule = _ref(advanced.get("ProductionListenerRule"))
        if rule in before:
            yield from _change(service, rule, before, after, replaced, whole=True)
        for group in (_ref(balancer.get("TargetGroupArn")), _ref(advanced.get("AlternateTargetGroupArn"))):
            if group in before:
                yield from _change(service, group, before, after, replaced, whole=False)


def _change(
    service: str,
    name: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    replaced: Mapping[str, str],
    *,
    whole: bool,
) -> Iterator[TrafficChange]:
    """Yield the change of a resource: of a rule for any property, of a target group if it would be replaced."""
    if after.get(name, {}).get("Type") != before[name]["Type"]:
        successors = sorted(
            other for other, each in after.items() if other not in before and each.get("Type") == before[name]["Type"]
        )
        reason = (
            f"the new template has {' or '.join(successors)} of the same type"
            if successors
            else "the new template does not have it"
        )
        yield TrafficChange(service=service, logical_id=name, effect=TrafficEffect.GONE, reasons=(reason,))
        return
    if name in replaced:
        yield TrafficChange(service=service, logical_id=name, effect=TrafficEffect.REPLACED, reasons=(replaced[name],))
        return
    if whole:
        one, other = (each[name].get("Properties", {}) for each in (before, after))
        reasons = _differences(one, other)
        reasons += [f"refers to {each}, which would be replaced" for each in _names(other) if each in replaced]
        if reasons:
            yield TrafficChange(
                service=service, logical_id=name, effect=TrafficEffect.WEIGHTS_RESET, reasons=tuple(reasons)
            )


def _replaced(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, str]:
    """Return the reason for each resource that would be replaced: its own property, or a resource it refers to."""
    replaced: dict[str, str] = {}
    count = -1
    while count != len(replaced):
        count = len(replaced)
        for name, resource in before.items():
            kind = resource.get("Type")
            if name in replaced or kind not in _CREATE_ONLY or after.get(name, {}).get("Type") != kind:
                continue
            one, other = (
                {key: value for key, value in each.get("Properties", {}).items() if key in _CREATE_ONLY[kind]}
                for each in (resource, after[name])
            )
            reasons = _differences(one, other)
            reasons += [f"refers to {each}, which would be replaced" for each in _names(other) if each in replaced]
            if reasons:
                replaced[name] = "; ".join(reasons)
    return replaced


def _differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    return [
        f"{key}: {_as_text(one.get(key))} -> {_as_text(other.get(key))}"
        for key in sorted(one.keys() | other.keys())
        if one.get(key) != other.get(key)
    ]


def _as_text(value: object) -> str:
    text = "absent" if value is None else json.dumps(value, sort_keys=True, ensure_ascii=False)
    return text if len(text) <= _MAX_WIDTH else f"{text[: _MAX_WIDTH - 4]} ..."


def _list(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _ref(value: object) -> str:
    """Return the logical id that a value refers to; an empty text if it refers to none."""
    return next(_names(value), "")


def _names(value: object) -> Iterator[str]:
    match value:
        case {"Ref": str() as name}:
            yield name
        case {"Fn::GetAtt": [str() as name, *_]}:
            yield name
        case {"Fn::GetAtt": str() as whole}:
            yield whole.partition(".")[0]
        case dict() | list():
            for each in value.values() if isinstance(value, dict) else value:
                yield from _names(each)
