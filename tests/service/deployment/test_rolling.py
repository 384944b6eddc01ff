"""Figures that ECS rounds, and times that it waits."""

from __future__ import annotations

import math
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecs as ecs
from hypothesis import given
from hypothesis import strategies as st

from ecr_fargate_constructs import (
    AppContainer,
    ConfigurationError,
    LoadBalancedEc2Service,
    LoadBalancedFargateService,
    Mixed,
    PublicHttp,
    Rolling,
    Route,
    RoutedEc2Service,
    RoutedFargateService,
    Scaling,
    SharedLoadBalancer,
    Sidecar,
    Spot,
    TargetHealthCheck,
)
from ecr_fargate_constructs.service.deployment.rolling import check_progress
from tests.support.templates import only, template_of

pytestmark = pytest.mark.integration

IMAGE = "public.ecr.aws/nginx/nginx:1.29"
SECONDS = cdk.Duration.seconds


def _make(kind: type, scope: cdk.Stack, **options: Any) -> Any:  # noqa: ANN401 - passed on as they are
    options.setdefault("container", AppContainer(IMAGE, 80))
    if kind in (LoadBalancedFargateService, LoadBalancedEc2Service):
        options.setdefault("ingress", PublicHttp(health_check=options.pop("health_check", TargetHealthCheck())))
    else:
        shared = SharedLoadBalancer(scope, "Shared", ingress=PublicHttp())
        options.setdefault("health_check", TargetHealthCheck())
        options.update(load_balancer=shared, route=Route(path="/*"))
    return kind(scope, "Web", **options)


def _service(kind: type, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - passed on as they are
    stack = cdk.Stack(cdk.App(), "Stack")
    _make(kind, stack, **options)
    properties: dict[str, Any] = only(template_of(stack), "AWS::ECS::Service")["Properties"]
    return properties


KINDS = [LoadBalancedFargateService, LoadBalancedEc2Service, RoutedFargateService, RoutedEc2Service]
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


@given(tasks=st.integers(1, 300), least=st.integers(0, 100), most=st.integers(101, 200))
def test_percentages_are_refused_exactly_when_nothing_may_start_or_stop(tasks: int, least: int, most: int) -> None:
    rolling = Rolling(min_healthy_percent=least, max_healthy_percent=most)
    may_start = math.floor(tasks * most / 100) > tasks
    may_stop = math.ceil(tasks * least / 100) < tasks
    try:
        check_progress(rolling, tasks)
    except ConfigurationError as error:
        assert not may_start
        assert not may_stop
        more = int(str(error).split("use max_healthy_percent=")[1].split(" ")[0])
        fewer = int(str(error).split("min_healthy_percent=")[-1].split(" ")[0])
        check_progress(Rolling(min_healthy_percent=least, max_healthy_percent=more), tasks)
        check_progress(Rolling(min_healthy_percent=fewer, max_healthy_percent=most), tasks)
    else:
        assert may_start or may_stop


@each_kind
def test_every_service_refuses_what_cannot_progress_before_anything_exists(kind: type) -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    with pytest.raises(ConfigurationError, match=r"\[Stack/Web\] .*never replaces 2 tasks: .* down to 2 .* up to 2"):
        _make(kind, stack, deployment=Rolling(max_healthy_percent=125))
    assert stack.node.try_find_child("Web") is None


@pytest.mark.parametrize(
    ("options", "stuck"),
    [
        ({"desired_count": 4}, False),
        ({"desired_count": 3}, True),
        ({"scaling": Scaling(min_capacity=1, max_capacity=8, cpu_percent=60)}, True),
        ({"scaling": Scaling(min_capacity=4, max_capacity=8, cpu_percent=60)}, False),
        ({"scaling": Scaling(min_capacity=1, max_capacity=8, cpu_percent=60, paused=True)}, False),
    ],
)
def test_the_count_is_the_one_that_is_known(options: dict[str, Any], *, stuck: bool) -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    if stuck:
        with pytest.raises(ConfigurationError, match="never replaces"):
            _make(LoadBalancedFargateService, stack, deployment=Rolling(max_healthy_percent=125), **options)
    else:
        _make(LoadBalancedFargateService, stack, deployment=Rolling(max_healthy_percent=125), **options)


def test_tokens_are_never_judged() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    number = cdk.CfnParameter(stack, "Number", type="Number").value_as_number
    check_progress(Rolling(max_healthy_percent=number), 2)
    check_progress(Rolling(max_healthy_percent=125, min_healthy_percent=number), 2)
    _make(LoadBalancedFargateService, stack, deployment=Rolling(max_healthy_percent=125), desired_count=number)


@each_kind
def test_the_grace_period_is_an_option(kind: type) -> None:
    slow = _service(kind, health_check_grace_period=SECONDS(600))
    assert slow["HealthCheckGracePeriodSeconds"] == 600


def test_the_grace_period_is_worked_out_unless_it_is_said() -> None:
    starts = AppContainer(IMAGE, 80, health_check=ecs.HealthCheck(command=["CMD", "true"], start_period=SECONDS(120)))
    assert _service(LoadBalancedFargateService)["HealthCheckGracePeriodSeconds"] == 60
    assert _service(LoadBalancedFargateService, container=starts)["HealthCheckGracePeriodSeconds"] == 140
    found = _service(LoadBalancedFargateService, container=starts, health_check_grace_period=SECONDS(0))
    assert found["HealthCheckGracePeriodSeconds"] == 0


def test_a_grace_period_of_the_deployment() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    later = SECONDS(cdk.CfnParameter(stack, "Grace", type="Number").value_as_number)
    _make(LoadBalancedFargateService, stack, health_check_grace_period=later)
    service = only(template_of(stack), "AWS::ECS::Service")["Properties"]
    assert service["HealthCheckGracePeriodSeconds"] == {"Ref": "Grace"}
    with pytest.raises(ConfigurationError, match=r"grace_period is 0\.5 seconds; AWS takes whole seconds, 0 to"):
        _service(LoadBalancedFargateService, health_check_grace_period=cdk.Duration.millis(500))


def test_a_container_health_check_waits_a_minute_at_most() -> None:
    """ECS takes 2 to 60 seconds; CDK says the same, and the AWS::ECS::TaskDefinition page once said 120."""
    check = ecs.HealthCheck(command=["CMD", "true"], timeout=SECONDS(60), interval=SECONDS(90))
    AppContainer(IMAGE, 80, health_check=check)
    too_long = ecs.HealthCheck(command=["CMD", "true"], timeout=SECONDS(61), interval=SECONDS(90))
    with pytest.raises(ConfigurationError, match=r"health_check\.timeout is 61 seconds; .* 2 to 60"):
        AppContainer(IMAGE, 80, health_check=too_long)


def test_a_sidecar_stops_as_the_load_balancer_drains_and_not_as_the_application() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    _make(
        LoadBalancedFargateService,
        stack,
        container=AppContainer(IMAGE, 80, stop_timeout=SECONDS(5)),
        sidecars=[Sidecar("proxy", IMAGE), Sidecar("quick", IMAGE, stop_timeout=SECONDS(7))],
    )
    containers = only(template_of(stack), "AWS::ECS::TaskDefinition")["Properties"]["ContainerDefinitions"]
    assert {each["Name"]: each["StopTimeout"] for each in containers} == {"web": 5, "proxy": 30, "quick": 7}


def test_other_shares_of_spot_force_a_new_deployment_and_nothing_else_does() -> None:
    """ECS refuses another capacity provider strategy without one."""

    def forced(capacity: Any, **options: Any) -> Any:  # noqa: ANN401 - passed on as they are
        scaling = Scaling(min_capacity=2, max_capacity=options.pop("maximum", 4), cpu_percent=60, capacity=capacity)
        return _service(LoadBalancedFargateService, scaling=scaling, **options).get("ForceNewDeployment")

    mixed = forced(Mixed(base=1))
    assert mixed["EnableForceNewDeployment"] is True
    assert mixed == forced(Mixed(base=1), maximum=9, container=AppContainer(f"{IMAGE}.1", 80))
    nonces = {each["ForceNewDeploymentNonce"] for each in (mixed, forced(Spot()), forced(Mixed(base=1, spot_weight=9)))}
    assert len(nonces) == 3
    assert forced(None) is None


def test_machines_force_one_when_they_are_others() -> None:
    found = _service(LoadBalancedEc2Service)["ForceNewDeployment"]
    assert found == _service(LoadBalancedEc2Service, container=AppContainer(f"{IMAGE}.1", 80))["ForceNewDeployment"]
