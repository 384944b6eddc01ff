"""Weights of listener rules: ECS sets them during a deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.ministack_patches.internals import Properties

_FINER = 10  # weights are whole numbers up to 999; ECS's percentages have one decimal


def set_weights(alb: Any, rule: str, groups: tuple[str, str], percentages: tuple[float, float]) -> None:  # noqa: ANN401
    """Set the weights of a rule's two target groups.

    Args:
        alb: MiniStack's load-balancing module.
        rule: ARN of a rule, or of a listener: then its default action is set.
        groups: ARNs of the two target groups.
        percentages: Their shares of the traffic.
    """
    factor = 1 if all(float(each).is_integer() for each in percentages) else _FINER
    weights = [round(each * factor) for each in percentages]
    for record, name in ((alb._rules.get(rule), "Actions"), (alb._listeners.get(rule), "DefaultActions")):  # noqa: SLF001
        if record is None:
            continue
        actions = record.get(name) or []
        before: Properties = next((each for each in actions if each.get("Type") == "forward"), {})
        config = {
            **(before.get("ForwardConfig") or {}),
            "TargetGroups": [
                {"TargetGroupArn": arn, "Weight": weight} for arn, weight in zip(groups, weights, strict=True)
            ],
        }
        heavier = groups[0] if weights[0] >= weights[1] else groups[1]
        forward = {"Order": 1, **before, "Type": "forward", "TargetGroupArn": heavier, "ForwardConfig": config}
        record[name] = [*(each for each in actions if each.get("Type") != "forward"), forward]
