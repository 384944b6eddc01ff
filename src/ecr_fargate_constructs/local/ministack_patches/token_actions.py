"""Keep JWT validation actions in the records of rules and listeners: MiniStack keeps their type alone.

Written for MiniStack 1.5.33, and applied by ``ministack_patches``.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from ecr_fargate_constructs.local.ministack_patches.internals import Properties, find

if TYPE_CHECKING:
    from collections.abc import Callable

CONFIG = "JwtValidationConfig"
_TEXTS = ("Issuer", "JwksEndpoint")


def keep_validations(alb: Any, provisioners: Any) -> None:  # noqa: ANN401 - untyped packages
    """Keep ``JwtValidationConfig`` of requests and templates, and show it in answers.

    Args:
        alb: MiniStack's load-balancing module.
        provisioners: MiniStack's module of resource types.
    """
    _from_requests(alb)
    _in_answers(alb)
    _from_templates(provisioners)


def _from_requests(alb: Any) -> None:  # noqa: ANN401 - an untyped package
    parse, parameter = find(alb, "_parse_actions"), find(alb, "_p")

    def parse_actions(parameters: Properties, prefix: str = "DefaultActions") -> list[Properties]:
        actions: list[Properties] = parse(parameters, prefix)
        for number, action in enumerate(actions, start=1):
            at = f"{prefix}.member.{number}.{CONFIG}"
            given = {each: parameter(parameters, f"{at}.{each}") for each in _TEXTS}
            if any(given.values()):
                action[CONFIG] = {**given, "AdditionalClaims": _claims(lambda name: parameter(parameters, name), at)}
        return actions

    alb._parse_actions = parse_actions  # noqa: SLF001 - what this module is for


def _claims(parameter: Callable[[str], str], at: str) -> list[Properties]:
    claims: list[Properties] = []
    while name := parameter(f"{at}.AdditionalClaims.member.{len(claims) + 1}.Name"):
        claim = f"{at}.AdditionalClaims.member.{len(claims) + 1}"
        values: list[str] = []
        for number in count(1):
            value = parameter(f"{claim}.Values.member.{number}")
            if not value:
                break
            values.append(value)
        claims.append({"Name": name, "Format": parameter(f"{claim}.Format"), "Values": values})
    return claims


def _in_answers(alb: Any) -> None:  # noqa: ANN401 - an untyped package
    render = find(alb, "_action_xml")

    def action_xml(action: Properties) -> str:
        config = action.get(CONFIG)
        if not config:
            return str(render(action))
        texts = "".join(f"<{each}>{escape(str(config[each]))}</{each}>" for each in _TEXTS)
        claims = "".join(map(_claim_xml, config.get("AdditionalClaims") or ()))
        shown = f"<{CONFIG}>{texts}<AdditionalClaims>{claims}</AdditionalClaims></{CONFIG}>"
        return str(render(action)).removesuffix("</member>") + f"{shown}</member>"

    alb._action_xml = action_xml  # noqa: SLF001 - what this module is for


def _claim_xml(claim: Properties) -> str:
    values = "".join(f"<member>{escape(str(each))}</member>" for each in claim["Values"])
    texts = "".join(f"<{each}>{escape(str(claim[each]))}</{each}>" for each in ("Format", "Name"))
    return f"<member>{texts}<Values>{values}</Values></member>"


def _from_templates(provisioners: Any) -> None:  # noqa: ANN401 - an untyped package
    read = find(provisioners, "_elbv2_listener_actions")

    def listener_actions(
        properties: Properties, balancer: str | None, prop: str = "DefaultActions"
    ) -> list[Properties]:
        actions: list[Properties] = read(properties, balancer, prop)
        given = [each for each in properties.get(prop) or [] if isinstance(each, dict)]
        for action, asked in zip(actions, given, strict=True):
            if isinstance(asked.get(CONFIG), dict):
                action[CONFIG] = dict(asked[CONFIG])
        return actions

    provisioners._elbv2_listener_actions = listener_actions  # noqa: SLF001 - what this module is for
