"""Services behind a shared load balancer whose traffic shifts from one version to the next."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest

from ecr_fargate_constructs import (
    AppContainer,
    BlueGreen,
    Canary,
    ConfigurationError,
    Deployment,
    Linear,
    PublicHttp,
    Rolling,
    Route,
    RoutedEc2Service,
    RoutedFargateService,
    Scaling,
    SharedLoadBalancer,
    TestTrafficHeader,
    TestTrafficPort,
)
from tests.support.inputs import guarded
from tests.support.templates import of_type, template_of

pytestmark = pytest.mark.integration

RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"
GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"
SERVICE = "AWS::ECS::Service"
CONTAINER = AppContainer("public.ecr.aws/nginx/nginx:1.29", 80)
HEADER = TestTrafficHeader(name="X-Preview", values=("yes",))


def _shared(scope: cdk.Stack) -> SharedLoadBalancer:
    return SharedLoadBalancer(scope, "Shared", ingress=PublicHttp())


def _build(deployment: Deployment | None) -> dict[str, Any]:
    stack = cdk.Stack(cdk.App(), "Stack")
    shared = _shared(stack)
    RoutedFargateService(stack, "Web", load_balancer=shared, route=Route(path="/*"), container=CONTAINER)
    RoutedFargateService(
        stack, "Api", load_balancer=shared, route=Route(path="/api/*"), container=CONTAINER, deployment=deployment
    )
    return template_of(stack)


def _of(template: dict[str, Any], kind: str, prefix: str) -> dict[str, Any]:
    return {name: item for name, item in of_type(template, kind).items() if name.startswith(prefix)}


@pytest.fixture(scope="module")
def shifted() -> dict[str, Any]:
    return _build(Canary(test_traffic=HEADER))


def test_the_route_holds_both_groups_and_ecs_may_move_them(shifted: dict[str, Any]) -> None:
    [service] = _of(shifted, SERVICE, "Api").values()
    [balancer] = service["Properties"]["LoadBalancers"]
    advanced = balancer["AdvancedConfiguration"]
    blue, green = balancer["TargetGroupArn"]["Ref"], advanced["AlternateTargetGroupArn"]["Ref"]
    assert {blue, green} == set(_of(shifted, GROUP, "Api"))
    rules = _of(shifted, RULE, "Api")
    assert {advanced["ProductionListenerRule"]["Ref"], advanced["TestListenerRule"]["Ref"]} == set(rules)
    for rule in rules.values():
        [action] = rule["Properties"]["Actions"]
        assert [
            (each["TargetGroupArn"]["Ref"], each["Weight"]) for each in action["ForwardConfig"]["TargetGroups"]
        ] == [
            (blue, 100),
            (green, 0),
        ]
    one, other = (shifted["Resources"][name]["Properties"] for name in (blue, green))
    assert {name: value for name, value in one.items() if name != "Name"} == other
    assert service["Properties"]["DeploymentConfiguration"]["Strategy"] == "CANARY"
    assert service["Properties"]["DeploymentConfiguration"]["MaximumPercent"] == 200
    assert any(name.startswith("ApiInfrastructureRole") for name in service["DependsOn"])


def test_a_preview_takes_the_route_with_the_header_and_comes_first(shifted: dict[str, Any]) -> None:
    rules = _of(shifted, RULE, "Api")
    advanced = next(iter(_of(shifted, SERVICE, "Api").values()))["Properties"]["LoadBalancers"][0][
        "AdvancedConfiguration"
    ]
    preview, production = (
        rules[advanced[name]["Ref"]]["Properties"] for name in ("TestListenerRule", "ProductionListenerRule")
    )
    assert preview["Priority"] < production["Priority"]
    assert preview["Conditions"] == [
        *production["Conditions"],
        {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "x-preview", "Values": ["yes"]}},
    ]


def test_no_other_service_changes(shifted: dict[str, Any]) -> None:
    rolling = _build(None)
    same = {**_of(rolling, RULE, "Web"), **_of(rolling, SERVICE, "Web"), **_of(rolling, GROUP, "Api")}
    assert len(same) == 3
    for name, item in same.items():
        assert shifted["Resources"][name] == item


def test_the_way_back_keeps_groups_and_rules(shifted: dict[str, Any]) -> None:
    ready = _build(Rolling(ready_for=Canary(test_traffic=HEADER)))
    changed = [name for name, item in shifted["Resources"].items() if item != ready["Resources"].get(name)]
    assert set(shifted["Resources"]) == set(ready["Resources"])
    assert changed == list(_of(shifted, SERVICE, "Api"))


def test_a_twin_on_machines() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    RoutedEc2Service(
        stack,
        "Web",
        load_balancer=_shared(stack),
        route=Route(path="/*"),
        container=CONTAINER,
        deployment=Linear(),
    )
    template = template_of(stack)
    [service] = of_type(template, SERVICE).values()
    assert service["Properties"]["DeploymentConfiguration"]["Strategy"] == "LINEAR"
    assert len(of_type(template, GROUP)) == 2


@pytest.mark.parametrize(
    ("route", "deployment", "said"),
    [
        (
            Route(path="/*"),
            BlueGreen(test_traffic=TestTrafficPort(port=8080)),
            r"TestTrafficPort\(port=8080\) would be a listener",
        ),
        (
            Route(path="/*", header={"x-preview": "no"}),
            BlueGreen(test_traffic=HEADER),
            r"TestTrafficHeader\.name='X-Preview' is a header that Route\(.*\) already requires",
        ),
        (
            Route(path="/*", priority=1),
            BlueGreen(test_traffic=HEADER),
            r"Route\.priority=1 leaves none; use 2 or more",
        ),
    ],
)
def test_previews_that_cannot_be(route: Route, deployment: Deployment, said: str) -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    shared = _shared(stack)
    with pytest.raises(ConfigurationError, match=rf"\[Stack/Web\] .*{said}"):
        RoutedFargateService(
            stack, "Web", load_balancer=shared, route=route, container=CONTAINER, deployment=deployment
        )
    assert stack.node.try_find_child("Web") is None


def test_a_preview_of_a_numbered_route_has_the_number_before() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    RoutedFargateService(
        stack,
        "Web",
        load_balancer=_shared(stack),
        route=Route(path="/*", priority=7),
        container=CONTAINER,
        deployment=BlueGreen(test_traffic=HEADER),
    )
    numbers = [rule["Properties"]["Priority"] for rule in of_type(template_of(stack), RULE).values()]
    assert sorted(numbers) == [6, 7]


def test_one_route_is_moved_and_no_second_one() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    web = RoutedFargateService(
        stack,
        "Web",
        load_balancer=_shared(stack),
        route=Route(path="/*"),
        container=CONTAINER,
        deployment=BlueGreen(),
    )
    with pytest.raises(ConfigurationError, match=r"\[Stack/Web/More\] .*ECS moves one rule only"):
        web.add_route("More", Route(path="/more"))
    assert web.node.try_find_child("More") is None


def test_what_a_shift_cannot_go_with() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    behind_a_sign_in = SharedLoadBalancer(stack, "Guarded", ingress=guarded(stack))
    with pytest.raises(ConfigurationError, match="bypasses the sign-in"):
        RoutedFargateService(
            stack,
            "Web",
            load_balancer=behind_a_sign_in,
            route=Route(path="/*"),
            container=CONTAINER,
            deployment=BlueGreen(),
        )
    with pytest.raises(ConfigurationError, match="requests_per_target cannot be combined with BlueGreen"):
        RoutedFargateService(
            stack,
            "Web",
            load_balancer=_shared(stack),
            route=Route(path="/*"),
            container=CONTAINER,
            scaling=Scaling(min_capacity=2, max_capacity=4, requests_per_target=100),
            deployment=BlueGreen(),
        )
