"""Bad input of deployments: refused where it was written, before anything exists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_lambda as lambda_

from ecr_fargate_constructs import (
    AppContainer,
    Approval,
    BlueGreen,
    Canary,
    ConfigurationError,
    DeploymentHook,
    EarlySuccess,
    EcrFargateService,
    Linear,
    LoadBalancedEc2Service,
    LoadBalancedFargateService,
    PublicHttp,
    PublicHttps,
    RollbackAlarms,
    Rolling,
    Scaling,
    TestTrafficHeader,
    TestTrafficPort,
)
from tests.support.inputs import guarded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MINUTES = cdk.Duration.minutes
STAGE = ecs.DeploymentLifecycleStage
NGINX = "public.ecr.aws/nginx/nginx:1.29"


def _hook(**options: Any) -> DeploymentHook:  # noqa: ANN401 - passed on as they are
    stack = cdk.Stack(cdk.App(), "Hooks")
    function = lambda_.Function.from_function_name(stack, "Function", "probe")
    return DeploymentHook(**{"function": function, "stages": [STAGE.POST_SCALE_UP], **options})


VALUES: list[tuple[str, Callable[[], object], str, str]] = [
    ("bake", lambda: BlueGreen(bake_time=MINUTES(1441)), "BlueGreen.bake_time is 1441 minutes", "0 to 1440"),
    (
        "seconds",
        lambda: BlueGreen(bake_time=cdk.Duration.seconds(90)),
        "BlueGreen.bake_time is 1.5 minutes",
        "whole minutes",
    ),
    ("zero", lambda: Canary(bake_time=MINUTES(0)), "Canary.bake_time is zero", "alarms=None"),
    ("none", lambda: Canary(percent=0), "Canary.percent=0 is not a share", "use 0.1 to 100"),
    ("fine", lambda: Canary(percent=0.15), "Canary.percent=0.15", "in tenths"),
    ("more", lambda: Canary(percent=100.1), "Canary.percent=100.1", "use 0.1 to 100"),
    ("true", lambda: Canary(percent=True), "Canary.percent=True is not a number", "use 0.1 to 100"),
    ("not a number", lambda: Canary(percent=float("nan")), "Canary.percent=nan", "use 0.1 to 100"),
    ("text", lambda: Canary(percent="10"), "Canary.percent='10' is not a number", "0.1 to 100"),  # type: ignore[arg-type]
    ("wait", lambda: Canary(canary_bake_time=MINUTES(2000)), "Canary.canary_bake_time is 2000 minutes", "0 to 1440"),
    ("step", lambda: Linear(step_percent=2.9), "Linear.step_percent=2.9", "use 3 to 100"),
    ("step wait", lambda: Linear(step_bake_time=cdk.Duration.seconds(1)), "Linear.step_bake_time is", "whole minutes"),
    (
        "no test traffic",
        lambda: Linear(hooks=[_hook(stages=[STAGE.TEST_TRAFFIC_SHIFT])]),
        "Linear stops at TEST_TRAFFIC_SHIFT, but without test_traffic=",
        "test_traffic=TestTrafficPort(…)",
    ),
    (
        "no test traffic to approve",
        lambda: BlueGreen(approval=Approval(stage=STAGE.POST_TEST_TRAFFIC_SHIFT)),
        "BlueGreen stops at POST_TEST_TRAFFIC_SHIFT",
        "POST_SCALE_UP",
    ),
    ("impatient", lambda: Approval(timeout=MINUTES(0)), "Approval.timeout is 0 minutes", "1 to 1440"),
    ("never", lambda: _hook(stages=[]), "DeploymentHook.stages is empty", "POST_SCALE_UP"),
    ("twice", lambda: _hook(stages=[STAGE.PRE_SCALE_UP] * 2), "names a stage twice", "once"),
    ("details", lambda: _hook(details={"a": object()}), "DeploymentHook.details is not JSON", "plain values"),
    ("port", lambda: TestTrafficPort(port=0), "TestTrafficPort.port=0", "use 1 to 65535"),
    ("nobody", lambda: TestTrafficPort(port=8080, allow_from=[]), "TestTrafficPort.allow_from is empty", "name peers"),
    ("header", lambda: TestTrafficHeader(name="X Preview"), "TestTrafficHeader.name='X Preview'", "'X-Preview'"),
    ("host", lambda: TestTrafficHeader(name="Host"), "TestTrafficHeader.name='Host'", "use another header"),
    ("no values", lambda: TestTrafficHeader(name="X", values=[]), "TestTrafficHeader.values=[]", "one to four"),
    ("one text", lambda: TestTrafficHeader(name="X", values="yes"), "TestTrafficHeader.values='yes'", "('yes',)"),
    ("empty value", lambda: TestTrafficHeader(name="X", values=[""]), "TestTrafficHeader.values has ''", "1 to 128"),
    ("all", lambda: RollbackAlarms(error_percent=100), "RollbackAlarms.error_percent=100", "0 to below 100"),
    ("negative", lambda: RollbackAlarms(error_percent=-1), "RollbackAlarms.error_percent=-1", "or None"),
    ("healthy", lambda: RollbackAlarms(unhealthy_hosts=0), "RollbackAlarms.unhealthy_hosts=0", "use 1 or more"),
    ("at once", lambda: RollbackAlarms(latency=MINUTES(0)), "RollbackAlarms.latency is zero", "seconds(3)"),
    ("one name", lambda: RollbackAlarms(existing="mine"), "existing='mine' is a string", "in a list"),
    ("no name", lambda: RollbackAlarms(existing=[""]), "has an empty name", "name an alarm"),
    ("one alarm twice", lambda: RollbackAlarms(existing=["a", "a"]), "has 'a' twice", "once"),
    (
        "no alarm",
        lambda: RollbackAlarms(error_percent=None, unhealthy_hosts=None, latency=None),
        "RollbackAlarms has no alarm",
        "alarms=None",
    ),
    ("early", lambda: EarlySuccess(healthy_percent=101), "EarlySuccess.healthy_percent=101", "use 0 to 100"),
    (
        "too early",
        lambda: Rolling(early_success=EarlySuccess(healthy_percent=99)),
        "healthy_percent=99, below min_healthy_percent=100",
        "lower the other",
    ),
]


@pytest.mark.parametrize(("make", "wrong", "fix"), [case[1:] for case in VALUES], ids=[case[0] for case in VALUES])
def test_a_value_that_cannot_work_is_refused_at_once(make: Callable[[], object], wrong: str, fix: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert wrong in str(caught.value)
    assert fix in str(caught.value)


@pytest.mark.parametrize("strategy", [BlueGreen, Canary, Linear])
def test_breaker_and_early_success_are_of_rolling_alone(strategy: Any) -> None:  # noqa: ANN401 - a class
    with pytest.raises(ConfigurationError, match=r"has no option 'failure_threshold'; use .*bake_time.*alarms"):
        strategy(failure_threshold=3)
    with pytest.raises(ConfigurationError, match=r"has no option 'early_success'; use .*bake_time"):
        strategy(early_success=EarlySuccess(healthy_percent=100))


SERVICES: list[tuple[str, dict[str, Any], str, str]] = [
    (
        "requests",
        {"deployment": Canary(), "scaling": Scaling(min_capacity=2, max_capacity=4, requests_per_target=100)},
        "scaling by requests_per_target cannot be combined with Canary",
        "cpu_percent=",
    ),
    (
        "port",
        {"deployment": BlueGreen(test_traffic=TestTrafficPort(port=80))},
        "TestTrafficPort.port=80 is already the load",
        "8443",
    ),
]


@pytest.mark.parametrize("service", [LoadBalancedFargateService, LoadBalancedEc2Service])
@pytest.mark.parametrize(
    ("options", "wrong", "fix"), [case[1:] for case in SERVICES], ids=[case[0] for case in SERVICES]
)
def test_a_service_that_cannot_work_is_refused_before_it_exists(
    service: Any,  # noqa: ANN401 - one of two classes
    options: dict[str, Any],
    wrong: str,
    fix: str,
) -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    with pytest.raises(ConfigurationError) as caught:
        service(stack, "Web", container=AppContainer(NGINX, 80), ingress=PublicHttp(), **options)
    assert str(caught.value).startswith("[Stack/Web] ")
    assert wrong in str(caught.value)
    assert fix in str(caught.value)
    assert not stack.node.children


def test_the_front_door_refuses_too(directory: Path) -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    with pytest.raises(ConfigurationError, match=r"\[Stack/Web\] TestTrafficPort.port=80"):
        EcrFargateService(
            stack,
            "Web",
            directory=directory,
            container_port=80,
            deployment=BlueGreen(test_traffic=TestTrafficPort(port=80)),
        )
    assert not stack.node.children


def test_a_sign_in_cannot_be_gone_around() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    with pytest.raises(
        ConfigurationError, match=r"a sign-in at the listener cannot be combined with Canary.*Rolling\(\)"
    ):
        LoadBalancedFargateService(
            stack,
            "Web",
            container=AppContainer(NGINX, 80),
            ingress=guarded(stack),
            deployment=Canary(),
        )


def test_port_443_is_taken_with_https_only() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    certificate = acm.Certificate.from_certificate_arn(stack, "C", "arn:aws:acm:us-east-1:123456789012:certificate/a")
    deployment = BlueGreen(test_traffic=TestTrafficPort(port=443))
    with pytest.raises(ConfigurationError, match=r"TestTrafficPort\.port=443 is already the load balancer's"):
        LoadBalancedFargateService(
            stack,
            "Web",
            container=AppContainer(NGINX, 80),
            ingress=PublicHttps(certificate=certificate),
            deployment=deployment,
        )
    LoadBalancedFargateService(
        stack, "Web", container=AppContainer(NGINX, 80), ingress=PublicHttp(), deployment=deployment
    )
