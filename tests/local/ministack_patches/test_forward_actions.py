"""Weights of forward actions in MiniStack's records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from ecr_fargate_constructs.local.balancing.weights import Forward
from ecr_fargate_constructs.local.ministack_patches.forward_actions import keep_weights
from tests.local.ministack_patches.modules import restored

if TYPE_CHECKING:
    from collections.abc import Iterator

BLUE, GREEN = (f"arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/{name}/1" for name in ("blue", "green"))
_GROUPS = [{"TargetGroupArn": BLUE, "Weight": 90}, {"TargetGroupArn": GREEN, "Weight": 10}]
_FORWARD = Forward(((BLUE, 90), (GREEN, 10)), 60)


@pytest.fixture
def alb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Load balancing with weights."""
    module = restored(monkeypatch, "alb")
    keep_weights(module, restored(monkeypatch, "cloudformation.provisioners"))
    yield module
    module.reset()


def test_a_template_gives_weights_and_stickiness(alb: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401
    provisioners = restored(monkeypatch, "cloudformation.provisioners")
    alb._tgs[GREEN] = {}
    config = {
        "TargetGroups": _GROUPS,
        "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": "60"},
    }
    properties = {
        "DefaultActions": [
            {"Type": "forward", "ForwardConfig": config},
            {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}},
        ]
    }
    first, second = provisioners._elbv2_listener_actions(properties, "balancer")
    assert Forward.of(first) == _FORWARD
    assert "ForwardConfig" not in second
    assert alb._tgs[GREEN]["LoadBalancerArns"] == ["balancer"]


def test_a_request_gives_weights_and_an_answer_shows_them(alb: Any) -> None:  # noqa: ANN401
    alb._lbs["balancer"] = {"LoadBalancerArn": "balancer", "LoadBalancerName": "web"}
    config = "DefaultActions.member.1.ForwardConfig"
    status, _, body = alb._ACTION_MAP["CreateListener"](
        {
            "LoadBalancerArn": ["balancer"],
            "Port": ["80"],
            "Protocol": ["HTTP"],
            "DefaultActions.member.1.Type": ["forward"],
            f"{config}.TargetGroups.member.1.TargetGroupArn": [BLUE],
            f"{config}.TargetGroups.member.1.Weight": ["90"],
            f"{config}.TargetGroups.member.2.TargetGroupArn": [GREEN],
            f"{config}.TargetGroups.member.2.Weight": ["10"],
            f"{config}.TargetGroupStickinessConfig.Enabled": ["true"],
            f"{config}.TargetGroupStickinessConfig.DurationSeconds": ["60"],
        }
    )
    assert status == 200
    (listener,) = alb._listeners.values()
    assert Forward.of(listener["DefaultActions"][0]) == _FORWARD
    space = "{http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/}"
    shown = ET.fromstring(body).find(f".//{space}DefaultActions/{space}member")  # noqa: S314 - our own answer
    assert shown is not None
    assert shown.find(f"{space}TargetGroupArn") is None  # "if you specify one target group"
    assert [each.text for each in shown.iter(f"{space}Weight")] == ["90", "10"]
    assert [each.text for each in shown.iter(f"{space}DurationSeconds")] == ["60"]


def test_the_full_name_of_a_group_is_that_of_its_metrics(alb: Any) -> None:  # noqa: ANN401
    assert alb._target_group_full_name_from_arn(BLUE) == "targetgroup/blue/1"
    assert alb._target_group_full_name_from_arn("") == ""


def test_one_group_is_shown_in_both_ways(alb: Any) -> None:  # noqa: ANN401
    shown = alb._action_xml({"Type": "forward", "TargetGroupArn": BLUE})
    assert shown.count(f"<TargetGroupArn>{BLUE}</TargetGroupArn>") == 2
    assert "<Weight>1</Weight>" in shown
    assert alb._action_xml({"Type": "redirect"}).count("ForwardConfig") == 0
