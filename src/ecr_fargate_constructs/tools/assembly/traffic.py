"""What an update would do to the rules with which ECS shifts traffic. Pure: two templates as plain data.

After a blue/green, canary or linear deployment the weights of the production rule differ from the template's, and the
running version may be in either target group. CloudFormation compares templates only, so it leaves the rule alone until
something in it changes; then it sends the whole rule, with the template's weights, and users are in the empty group
(aws-cdk#36649). An update of a target group in place (its health check, its attributes) changes no weight.
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
"""Properties that only creation sets, of the resources that a rule depends on.

Source: "Update requires: Replacement" on their pages in the CloudFormation template reference.
"""
_WIDTH = 120


class TrafficEffect(Enum):
    """What an update does to a rule or a target group."""

    WEIGHTS_RESET = "would be updated, and its weights with it"
    REPLACED = "would be replaced"
    GONE = "would be gone"


@dataclass(frozen=True, kw_only=True)
class TrafficChange:
    """What an update would do to a rule or a target group while ECS holds the weights.

    Attributes:
        service: Logical id of the service whose traffic shifts.
        logical_id: The rule or the target group.
        effect: What happens to it.
        reasons: What causes it, with both values.
    """

    service: str
    logical_id: str
    effect: TrafficEffect
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        """All of it in a line."""
        return f"{self.logical_id} {self.effect.value}: {'; '.join(self.reasons)}"


def traffic_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[TrafficChange]:
    """What an update from ``old`` to ``new`` does to the rules and target groups of services whose traffic shifts.

    A service that is new, or goes altogether, is not looked at.
    """
    before: Mapping[str, Any] = old.get("Resources", {})
    after: Mapping[str, Any] = new.get("Resources", {})
    replaced = _replaced(before, after)
    found = []
    for name, service in before.items():
        if service.get("Type") == _SERVICE and after.get(name, {}).get("Type") == _SERVICE:
            found += list(_of_service(name, before, after, replaced))
    return found


def shifting_services(template: Mapping[str, Any]) -> list[str]:
    """Logical ids of the services whose traffic ECS shifts, or stands ready to shift."""
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
    """The change of a resource: of a rule by any property, of a target group when it is replaced."""
    if after.get(name, {}).get("Type") != before[name]["Type"]:
        heirs = sorted(
            other for other, each in after.items() if other not in before and each.get("Type") == before[name]["Type"]
        )
        reason = f"{' or '.join(heirs)} of its type is new" if heirs else "the new template does not have it"
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
    """The resources that would be replaced, with the reason: by a property of theirs, or by what it refers to."""
    found: dict[str, str] = {}
    known = -1
    while known != len(found):
        known = len(found)
        for name, resource in before.items():
            kind = resource.get("Type")
            if name in found or kind not in _CREATE_ONLY or after.get(name, {}).get("Type") != kind:
                continue
            one, other = (
                {key: value for key, value in each.get("Properties", {}).items() if key in _CREATE_ONLY[kind]}
                for each in (resource, after[name])
            )
            reasons = _differences(one, other)
            reasons += [f"refers to {each}, which would be replaced" for each in _names(other) if each in found]
            if reasons:
                found[name] = "; ".join(reasons)
    return found


def _differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    return [
        f"{key}: {_shown(one.get(key))} -> {_shown(other.get(key))}"
        for key in sorted(one.keys() | other.keys())
        if one.get(key) != other.get(key)
    ]


def _shown(value: object) -> str:
    text = "absent" if value is None else json.dumps(value, sort_keys=True, ensure_ascii=False)
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 4]} ..."


def _list(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _ref(value: object) -> str:
    """The logical id that a value refers to; nothing for one of another template."""
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
