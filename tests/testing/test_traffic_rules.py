"""``assert_traffic_rules_unchanged`` on templates written by hand."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ecr_fargate_constructs.testing import assert_traffic_rules_unchanged
from ecr_fargate_constructs.tools.assembly.traffic import TrafficEffect, traffic_changes

ELB = "AWS::ElasticLoadBalancingV2::"


def _template() -> dict[str, Any]:
    group = {"Type": f"{ELB}TargetGroup", "Properties": {"Port": 80, "HealthCheckPath": "/", "VpcId": "vpc-1"}}
    forward = {
        "TargetGroups": [
            {"TargetGroupArn": {"Ref": "Blue"}, "Weight": 100},
            {"TargetGroupArn": {"Ref": "Green"}, "Weight": 0},
        ]
    }
    advanced = {"AlternateTargetGroupArn": {"Ref": "Green"}, "ProductionListenerRule": {"Ref": "Rule"}}
    return {
        "Resources": {
            "Listener": {"Type": f"{ELB}Listener", "Properties": {"LoadBalancerArn": "arn:one", "Port": 80}},
            "Blue": copy.deepcopy(group),
            "Green": copy.deepcopy(group),
            "Rule": {
                "Type": f"{ELB}ListenerRule",
                "Properties": {
                    "ListenerArn": {"Ref": "Listener"},
                    "Priority": 7,
                    "Conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}],
                    "Actions": [{"Type": "forward", "ForwardConfig": forward}],
                },
                "Metadata": {"aws:cdk:path": "Stack/Rule"},
            },
            "Service": {
                "Type": "AWS::ECS::Service",
                "Properties": {
                    "LoadBalancers": [{"TargetGroupArn": {"Ref": "Blue"}, "AdvancedConfiguration": advanced}]
                },
            },
        }
    }


def _changed(name: str, **properties: object) -> dict[str, Any]:
    template = _template()
    template["Resources"][name]["Properties"].update(properties)
    return template


@pytest.mark.parametrize(
    "new",
    [
        _template(),
        _changed("Blue", HealthCheckPath="/healthz"),
        _changed("Green", Tags=[{"Key": "a", "Value": "b"}]),
        _changed("Listener", Certificates=[]),
        _changed("Service", DesiredCount=3),
        {"Resources": {}},
    ],
    ids=["nothing", "health check", "tags of a group", "listener", "service", "all gone"],
)
def test_what_leaves_the_weights_alone(new: dict[str, Any]) -> None:
    assert_traffic_rules_unchanged(_template(), new)


@pytest.mark.parametrize(
    ("new", "effects", "said"),
    [
        (_changed("Rule", Priority=8), {"Rule": TrafficEffect.WEIGHTS_RESET}, "Priority: 7 -> 8"),
        (
            _changed("Rule", Tags=[{"Key": "a", "Value": "b"}]),
            {"Rule": TrafficEffect.WEIGHTS_RESET},
            r"Tags: absent -> \[",
        ),
        (
            _changed("Green", Port=8080),
            {"Rule": TrafficEffect.WEIGHTS_RESET, "Green": TrafficEffect.REPLACED},
            "refers to Green, which would be replaced",
        ),
        (
            _changed("Listener", LoadBalancerArn="arn:two"),
            {"Rule": TrafficEffect.REPLACED},
            "refers to Listener, which would be replaced",
        ),
    ],
    ids=["priority", "tags", "port of a group", "load balancer"],
)
def test_what_resets_them(new: dict[str, Any], effects: dict[str, TrafficEffect], said: str) -> None:
    assert {change.logical_id: change.effect for change in traffic_changes(_template(), new)} == effects
    with pytest.raises(AssertionError, match=said):
        assert_traffic_rules_unchanged(_template(), new)
    assert_traffic_rules_unchanged(_template(), new, allow=["Service"])


def test_a_rule_that_goes_or_is_called_otherwise() -> None:
    new = _template()
    new["Resources"]["Other"] = new["Resources"].pop("Rule")
    (change,) = traffic_changes(_template(), new)
    assert (change.effect, change.reasons) == (TrafficEffect.GONE, ("the new template has Other of the same type",))
    del new["Resources"]["Other"]
    (change,) = traffic_changes(_template(), new)
    assert change.reasons == ("the new template does not have it",)


def test_the_way_to_a_plain_rolling_service_is_named() -> None:
    new = _template()
    del new["Resources"]["Rule"], new["Resources"]["Green"]
    del new["Resources"]["Service"]["Properties"]["LoadBalancers"][0]["AdvancedConfiguration"]
    assert {change.logical_id for change in traffic_changes(_template(), new)} == {"Rule", "Green"}


def test_services_that_do_not_shift_are_not_looked_at() -> None:
    old, new = _template(), _changed("Rule", Priority=8)
    del old["Resources"]["Service"]["Properties"]["LoadBalancers"][0]["AdvancedConfiguration"]
    assert not traffic_changes(old, new)


def test_the_fixture_is_the_function(assert_traffic_rules_unchanged: object) -> None:
    assert assert_traffic_rules_unchanged is globals()["assert_traffic_rules_unchanged"]
