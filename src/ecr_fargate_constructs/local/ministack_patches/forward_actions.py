"""Keep the weights of forward actions: MiniStack keeps the first target group alone.

Written for MiniStack 1.5.33, and applied by ``ministack_patches``.
"""

from __future__ import annotations

from typing import Any

from ecr_fargate_constructs.local.balancing.weights import Forward
from ecr_fargate_constructs.local.ministack_patches.internals import Properties, find


def keep_weights(alb: Any, provisioners: Any) -> None:  # noqa: ANN401 - untyped packages
    """Keep ``ForwardConfig`` in the records of rules and listeners, from requests and from templates.

    Args:
        alb: MiniStack's load-balancing module.
        provisioners: MiniStack's module of resource types.
    """
    _from_requests(alb)
    _in_answers(alb)
    _complete_full_names(alb)
    _from_templates(alb, provisioners)


def _from_requests(alb: Any) -> None:  # noqa: ANN401 - an untyped package
    parse, parameter = find(alb, "_parse_actions"), find(alb, "_p")

    def parse_actions(parameters: Properties, prefix: str = "DefaultActions") -> list[Properties]:
        actions: list[Properties] = parse(parameters, prefix)
        for number, action in enumerate(actions, start=1):
            config = f"{prefix}.member.{number}.ForwardConfig"
            groups: list[Properties] = []
            while arn := parameter(parameters, f"{config}.TargetGroups.member.{len(groups) + 1}.TargetGroupArn"):
                weight = parameter(parameters, f"{config}.TargetGroups.member.{len(groups) + 1}.Weight")
                groups.append({"TargetGroupArn": arn, "Weight": int(weight or 1)})
            if groups:
                sticky = f"{config}.TargetGroupStickinessConfig"
                enabled, seconds = (
                    parameter(parameters, f"{sticky}.{each}") for each in ("Enabled", "DurationSeconds")
                )
                action["ForwardConfig"] = _config(groups, {"Enabled": enabled, "DurationSeconds": seconds})
                action.setdefault("TargetGroupArn", groups[0]["TargetGroupArn"])
        return actions

    alb._parse_actions = parse_actions  # noqa: SLF001 - what this module is for


def _complete_full_names(alb: Any) -> None:  # noqa: ANN401 - an untyped package
    """Return ``targetgroup/NAME/ID`` as a group's full name, which metrics have: MiniStack omits the first part."""
    name_of = find(alb, "_target_group_full_name_from_arn")

    def full_name(arn: str) -> str:
        name = str(name_of(arn))
        return f"targetgroup/{name}" if name and not name.startswith("targetgroup/") else name

    alb._target_group_full_name_from_arn = full_name  # noqa: SLF001 - what this module is for


def _in_answers(alb: Any) -> None:  # noqa: ANN401 - an untyped package
    """Return ``ForwardConfig`` for each forward action, and ``TargetGroupArn`` if there is one group, as AWS does."""
    render = find(alb, "_action_xml")

    def action_xml(action: Properties) -> str:
        forward = Forward.of(action)
        if str(action.get("Type")).lower() != "forward" or not forward.groups:
            return str(render(action))
        if len(forward.groups) > 1:
            action = {name: value for name, value in action.items() if name != "TargetGroupArn"}
        groups = "".join(
            f"<member><TargetGroupArn>{arn}</TargetGroupArn><Weight>{weight}</Weight></member>"
            for arn, weight in forward.groups
        )
        sticky = f"<Enabled>{str(forward.sticky_seconds is not None).lower()}</Enabled>"
        if forward.sticky_seconds is not None:
            sticky += f"<DurationSeconds>{forward.sticky_seconds}</DurationSeconds>"
        config = (
            f"<ForwardConfig><TargetGroups>{groups}</TargetGroups>"
            f"<TargetGroupStickinessConfig>{sticky}</TargetGroupStickinessConfig></ForwardConfig>"
        )
        return str(render(action)).removesuffix("</member>") + f"{config}</member>"

    alb._action_xml = action_xml  # noqa: SLF001 - what this module is for


def _from_templates(alb: Any, provisioners: Any) -> None:  # noqa: ANN401 - untyped packages
    read, groups = find(provisioners, "_elbv2_listener_actions"), find(alb, "_tgs")

    def listener_actions(
        properties: Properties, balancer: str | None, prop: str = "DefaultActions"
    ) -> list[Properties]:
        actions: list[Properties] = read(properties, balancer, prop)
        given = [each for each in properties.get(prop) or [] if isinstance(each, dict)]
        for action, asked in zip(actions, given, strict=True):
            config = asked.get("ForwardConfig")
            if isinstance(config, dict) and config.get("TargetGroups"):
                sticky = config.get("TargetGroupStickinessConfig") or {}
                action["ForwardConfig"] = _config(
                    [
                        {"TargetGroupArn": each["TargetGroupArn"], "Weight": int(each.get("Weight", 1))}
                        for each in config["TargetGroups"]
                    ],
                    sticky,
                )
            for arn, _ in Forward.of(action).groups if balancer else ():
                balancers = groups[arn].setdefault("LoadBalancerArns", []) if arn in groups else [balancer]
                if balancer not in balancers:
                    balancers.append(balancer)
        return actions

    provisioners._elbv2_listener_actions = listener_actions  # noqa: SLF001 - what this module is for


def _config(groups: list[Properties], sticky: Properties) -> Properties:
    enabled = str(sticky.get("Enabled", False)).lower() == "true"
    seconds = {"DurationSeconds": int(sticky["DurationSeconds"])} if sticky.get("DurationSeconds") else {}
    return {"TargetGroups": groups, "TargetGroupStickinessConfig": {"Enabled": enabled, **seconds}}
