"""From a strategy that shifts traffic to one that rolls, and back: nothing moves that holds traffic."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest

from ecr_fargate_constructs import (
    AppContainer,
    Approval,
    BlueGreen,
    Canary,
    ConfigurationError,
    Deployment,
    Linear,
    LoadBalancedFargateService,
    PublicHttp,
    Rolling,
    Scaling,
    TestTrafficHeader,
    TestTrafficPort,
)
from support import guarded, only, template_of

NGINX = "public.ecr.aws/nginx/nginx:1.29"


def _build(deployment: Deployment, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - passed on as they are
    stack = cdk.Stack(cdk.App(), "Stack")
    options.setdefault("ingress", PublicHttp())
    LoadBalancedFargateService(stack, "Web", container=AppContainer(NGINX, 80), deployment=deployment, **options)
    return template_of(stack)


@pytest.mark.parametrize(
    "shift",
    [
        BlueGreen(),
        Canary(test_traffic=TestTrafficHeader(name="X-Preview")),
        Linear(test_traffic=TestTrafficPort(port=8080)),
    ],
    ids=["blue/green", "canary", "linear"],
)
def test_the_strategy_is_all_that_changes(shift: BlueGreen | Canary | Linear) -> None:
    """Weights of a rule are reset by a change of the rule; the live version may be in either group."""
    before, after = _build(shift), _build(Rolling(ready_for=shift))
    changed = [name for name in before["Resources"] if before["Resources"][name] != after["Resources"].get(name)]
    assert set(before["Resources"]) == set(after["Resources"])
    [service] = changed
    one, other = (each["Resources"][service]["Properties"] for each in (before, after))
    assert [name for name in one if one[name] != other[name]] == ["DeploymentConfiguration"]
    configuration = other["DeploymentConfiguration"]
    assert configuration["Strategy"] == "ROLLING"
    assert configuration["DeploymentCircuitBreaker"]["Enable"] is True
    assert configuration["EarlySuccessCriteria"] == {"Enable": False}
    assert "BakeTimeInMinutes" not in configuration, "ECS works it out of the alarms, and it cannot be set"
    assert other["LoadBalancers"][0]["AdvancedConfiguration"]


def test_hooks_and_approval_wait_for_the_strategy() -> None:
    configuration = only(_build(Rolling(ready_for=BlueGreen(approval=Approval()))), "AWS::ECS::Service")["Properties"][
        "DeploymentConfiguration"
    ]
    assert configuration["LifecycleHooks"] == []


def test_no_schedule_is_told_while_it_rolls() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(NGINX, 80),
        ingress=PublicHttp(),
        deployment=Rolling(ready_for=Canary()),
    )
    assert not cdk.assertions.Annotations.from_stack(stack).find_info("*", cdk.assertions.Match.any_value())


def test_what_a_shift_cannot_have_a_service_that_is_ready_for_it_cannot_have() -> None:
    ready = Rolling(ready_for=Canary())
    with pytest.raises(ConfigurationError, match=r"\[Stack/Web\] scaling by requests_per_target .*ready_for=Canary"):
        _build(ready, scaling=Scaling(min_capacity=2, max_capacity=4, requests_per_target=100))
    stack = cdk.Stack(cdk.App(), "Other")
    with pytest.raises(ConfigurationError, match="go around the sign-in"):
        _build(ready, ingress=guarded(stack))
    with pytest.raises(ConfigurationError, match=r"TestTrafficPort\.port=80 is the load balancer's already"):
        _build(Rolling(ready_for=Canary(test_traffic=TestTrafficPort(port=80))))
