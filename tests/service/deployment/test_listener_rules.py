"""Nothing but ECS touches a rule with which it shifts traffic: what each change of a service does to it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import aws_cdk as cdk
import pytest

import shift_changes
from ecr_fargate_constructs import AppContainer, BlueGreen, LoadBalancedFargateService, PublicHttp
from ecr_fargate_constructs.testing import assert_traffic_rules_unchanged
from shift_changes import BEGIN, CHANGES, END, GROUP, PAGE, RULE, STRATEGIES, Change, Made, build, touched
from tests.support.templates import of_type, template_of

pytestmark = pytest.mark.integration

RESETS = {("shared", "another `Route`"), ("alone", "`protocol_version`"), ("shared", "`protocol_version`")}
"""What has to change a rule; docs/deployments.md says how to do it."""
IN_PLACE = {"health check", "deregistration delay", "stickiness"}
"""What changes a target group where it is, which moves no weight."""


@pytest.fixture(scope="module")
def base() -> dict[str, Any]:
    return build(Made())[0]


@pytest.fixture(scope="module")
def seen() -> list[tuple[str, dict[str, dict[str, tuple[str, str]]]]]:
    return []


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.said)
def test_a_change_touches_no_rule_and_no_target_group(
    change: Change, base: dict[str, Any], seen: list[tuple[str, dict[str, dict[str, tuple[str, str]]]]]
) -> None:
    new, tags = build(change.make(Made()))
    assert new != base or tags, "the change changes something"
    places = {
        place: {own: touched(base, new, f"{place.capitalize()}{own}") for own in STRATEGIES}
        for place in shift_changes.PLACES
    }
    seen.append((change.said, places))
    for place, strategies in places.items():
        resets = (place, change.said) in RESETS
        for own, (rule, group) in strategies.items():
            assert (rule != "-") == resets, f"{place} {own}"
            assert (group == "updated") == (change.said in IN_PLACE), f"{place} {own}"
            assert (group == "**replaced**") == (change.said == "`protocol_version`"), f"{place} {own}"
    if any(change.said == said for _, said in RESETS):
        with pytest.raises(AssertionError, match="this update would reset the traffic of"):
            assert_traffic_rules_unchanged(base, new)
    else:
        assert_traffic_rules_unchanged(base, new)


def test_the_page_has_the_table(seen: list[tuple[str, dict[str, dict[str, tuple[str, str]]]]]) -> None:
    if len(seen) < len(CHANGES):
        pytest.skip("not all changes were looked at in this run")
    text = PAGE.read_text(encoding="utf-8")
    assert BEGIN in text
    assert END in text
    assert shift_changes.with_table(text, shift_changes.table(seen)) == text, "run python scripts/shift_changes.py"


def test_tags_reach_all_else(base: dict[str, Any]) -> None:
    """The tag that is kept from rules and groups is on what lies around them."""
    (change,) = (change for change in CHANGES if change.said.startswith("`Tags.of(app)`"))
    new, _ = build(change.make(Made()))
    tag = {"Key": "release", "Value": "2"}
    for kind in ("AWS::ElasticLoadBalancingV2::Listener", "AWS::ECS::Service", "AWS::ECS::TaskDefinition"):
        for resource in of_type(new, kind).values():
            assert tag in resource["Properties"]["Tags"]
    for kind in (RULE, GROUP):
        assert of_type(new, kind) == of_type(base, kind)
        assert not any("Tags" in resource["Properties"] for resource in of_type(new, kind).values())


def test_both_groups_are_alike() -> None:
    """Their ports too: another one replaces a group, and targets bring their own."""
    stack = cdk.Stack(cdk.App(), "Stack")
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer("public.ecr.aws/nginx/nginx:1.29", 8080),
        ingress=PublicHttp(),
        deployment=BlueGreen(),
    )
    one, other = (each["Properties"] for each in of_type(template_of(stack), GROUP).values())
    assert one == other
    assert one["Port"] == 80


def test_a_service_that_rolls_keeps_its_tags() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    LoadBalancedFargateService(
        stack, "Web", container=AppContainer("public.ecr.aws/nginx/nginx:1.29", 8080), ingress=PublicHttp()
    )
    cdk.Tags.of(stack).add("team", "shop")
    (group,) = of_type(template_of(stack), GROUP).values()
    assert group["Properties"]["Tags"] == [{"Key": "team", "Value": "shop"}]


def test_tags_of_the_app_are_the_stacks_too_without_the_feature_flag() -> None:
    """Then CloudFormation itself hands them on: the page says so, and the doctor names the change."""
    app = cdk.App(context={"@aws-cdk/core:explicitStackTags": False})
    cdk.Stack(app, "Stack")
    cdk.Tags.of(app).add("release", "2", exclude_resource_types=["aws:cdk:stack"])
    cdk.Tags.of(app).add("team", "shop")
    assert app.synth().get_stack_by_name("Stack").tags == {"team": "shop"}


def test_a_strategy_is_changed_without_a_change_of_the_rule(base: dict[str, Any]) -> None:
    rotated, _ = build(replace(Made(), strategies=("Linear", "BlueGreen", "Canary")))
    assert of_type(rotated, RULE) == of_type(base, RULE)
