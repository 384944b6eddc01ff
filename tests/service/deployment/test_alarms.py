"""Alarms that roll a deployment back."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs import (
    AppContainer,
    BlueGreen,
    Canary,
    ConfigurationError,
    Deployment,
    Linear,
    LoadBalancedEc2Service,
    LoadBalancedFargateService,
    PublicHttp,
    RollbackAlarms,
    Rolling,
)
from tests.support.templates import attributes, of_type, only, template_of

pytestmark = pytest.mark.integration

NGINX = "public.ecr.aws/nginx/nginx:1.29"
ALARM = "AWS::CloudWatch::Alarm"
ALL = [Rolling(), BlueGreen(), Canary(), Linear()]


def _build(deployment: Deployment | None = None, container: AppContainer | None = None) -> dict[str, Any]:
    stack = cdk.Stack(cdk.App(), "Stack")
    LoadBalancedFargateService(
        stack, "Web", container=container or AppContainer(NGINX, 80), ingress=PublicHttp(), deployment=deployment
    )
    return template_of(stack)


def _watched(template: dict[str, Any]) -> dict[str, Any]:
    alarms: dict[str, Any] = only(template, "AWS::ECS::Service")["Properties"]["DeploymentConfiguration"]["Alarms"]
    return alarms


def _alarm(template: dict[str, Any], name: str) -> dict[str, Any]:
    [found] = [item["Properties"] for key, item in of_type(template, ALARM).items() if key.startswith(f"Web{name}")]
    properties: dict[str, Any] = found
    return properties


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return _build()


@pytest.mark.parametrize("deployment", ALL, ids=lambda each: type(each).__name__)
def test_every_strategy_watches_every_target_group(deployment: Deployment) -> None:
    template = _build(deployment)
    watched = _watched(template)
    assert (watched["Enable"], watched["Rollback"]) == (True, True)
    assert {name["Ref"] for name in watched["AlarmNames"]} == set(of_type(template, ALARM))
    groups = set(of_type(template, "AWS::ElasticLoadBalancingV2::TargetGroup"))
    assert len(groups) == (1 if isinstance(deployment, Rolling) else 2)
    seen = [
        dimension["Value"]["Fn::GetAtt"][0]
        for alarm in of_type(template, ALARM).values()
        for metric in [
            alarm["Properties"],
            *(each.get("MetricStat", {}).get("Metric", {}) for each in alarm["Properties"].get("Metrics", [])),
        ]
        for dimension in metric.get("Dimensions", [])
        if dimension["Name"] == "TargetGroup"
    ]
    # Two of one metric, and one of two, a group.
    assert sorted(seen) == sorted(list(groups) * 4)


def test_alarms_are_made_before_the_service_and_know_nothing_of_it(template: dict[str, Any]) -> None:
    """The reference makes CloudFormation wait; one back would be a circle."""
    service = next(iter(of_type(template, "AWS::ECS::Service")))
    for alarm in of_type(template, ALARM).values():
        assert service not in str(alarm)
        assert alarm["Properties"]["TreatMissingData"] == "notBreaching"


def test_the_share_of_failed_requests(template: dict[str, Any]) -> None:
    alarm = _alarm(template, "TargetErrors")
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (5, "GreaterThanThreshold")
    assert (alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == (2, 2)
    [expression] = [each["Expression"] for each in alarm["Metrics"] if "Expression" in each]
    assert expression == "100 * FILL(errors, 0) / requests"
    metrics = {each["Id"]: each["MetricStat"] for each in alarm["Metrics"] if "MetricStat" in each}
    assert metrics["errors"]["Metric"]["MetricName"] == "HTTPCode_Target_5XX_Count"
    assert metrics["requests"]["Metric"]["MetricName"] == "RequestCount"
    assert {(each["Stat"], each["Period"]) for each in metrics.values()} == {("Sum", 60)}


def test_unhealthy_tasks(template: dict[str, Any]) -> None:
    alarm = _alarm(template, "TargetUnhealthy")
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (1, "GreaterThanOrEqualToThreshold")
    assert (alarm["MetricName"], alarm["Statistic"]) == ("UnHealthyHostCount", "Maximum")


@pytest.mark.parametrize(("start", "minutes"), [(0, 2), (90, 4), (290, 8)])
def test_tasks_that_start_slowly_are_not_taken_for_unhealthy(start: int, minutes: int) -> None:
    check = ecs.HealthCheck(command=["CMD-SHELL", "true"], start_period=cdk.Duration.seconds(start))
    alarm = _alarm(_build(container=AppContainer(NGINX, 80, health_check=check)), "TargetUnhealthy")
    assert (alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == (minutes, minutes)


def test_a_grace_period_says_so_too() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    LoadBalancedFargateService(
        stack, "Web", container=AppContainer(NGINX, 80), health_check_grace_period=cdk.Duration.seconds(240)
    )
    alarm = _alarm(template_of(stack), "TargetUnhealthy")
    assert (alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == (6, 6)


def test_a_rollout_takes_170_seconds_at_most(template: dict[str, Any]) -> None:
    """20 until the targets are healthy, 30 of draining, and two minutes of watching: the longest of the alarms."""
    longest = max(
        alarm["Properties"]["EvaluationPeriods"]
        * max([alarm["Properties"].get("Period", 0), *(each.get("Period", 0) for each in _metrics(alarm))])
        for alarm in of_type(template, ALARM).values()
    )
    group = only(template, "AWS::ElasticLoadBalancingV2::TargetGroup")
    checks = group["Properties"]["HealthCheckIntervalSeconds"] * group["Properties"]["HealthyThresholdCount"]
    draining = int(attributes(group, "TargetGroupAttributes")["deregistration_delay.timeout_seconds"])
    assert (checks, draining, longest) == (20, 30, 120)


def _metrics(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    return [each.get("MetricStat", {}) for each in alarm["Properties"].get("Metrics", [])]


def test_a_threshold_that_only_the_deployment_knows_is_passed_on_unread() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    known_later = cdk.Duration.seconds(cdk.CfnParameter(stack, "Limit", type="Number").value_as_number)
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(NGINX, 80),
        ingress=PublicHttp(),
        deployment=Rolling(alarms=RollbackAlarms(latency=known_later)),
    )
    assert _alarm(template_of(stack), "TargetLatency")["Threshold"] == {"Ref": "Limit"}
    in_minutes = cdk.Duration.minutes(cdk.CfnParameter(stack, "Minutes", type="Number").value_as_number)
    with pytest.raises(
        ConfigurationError,
        match="latency is a CDK token in another unit than seconds",
    ):
        RollbackAlarms(latency=in_minutes)


def test_slow_answers(template: dict[str, Any]) -> None:
    alarm = _alarm(template, "TargetLatency")
    assert (alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == (2, 2)
    assert (alarm["MetricName"], alarm["ExtendedStatistic"]) == ("TargetResponseTime", "p90")
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (3, "GreaterThanThreshold")


def test_thresholds_are_options() -> None:
    alarms = RollbackAlarms(error_percent=0.5, unhealthy_hosts=2, latency=cdk.Duration.millis(250))
    template = _build(Rolling(alarms=alarms))
    found = [_alarm(template, name)["Threshold"] for name in ("TargetErrors", "TargetUnhealthy", "TargetLatency")]
    assert found == [0.5, 2, 0.25]


def test_an_explicit_zero_is_a_threshold() -> None:
    assert _alarm(_build(Rolling(alarms=RollbackAlarms(error_percent=0))), "TargetErrors")["Threshold"] == 0


@pytest.mark.parametrize("left_out", ["error_percent", "unhealthy_hosts", "latency"])
def test_each_alarm_can_be_left_out(left_out: str) -> None:
    options: dict[str, Any] = {left_out: None}
    template = _build(Rolling(alarms=RollbackAlarms(**options)))
    assert len(of_type(template, ALARM)) == 2
    assert len(_watched(template)["AlarmNames"]) == 2


def test_alarms_of_yours_roll_back_too() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    mine = cloudwatch.Alarm(
        stack,
        "Mine",
        metric=cloudwatch.Metric(namespace="Shop", metric_name="FailedCheckouts"),
        threshold=1,
        evaluation_periods=1,
    )
    alarms = RollbackAlarms(error_percent=None, unhealthy_hosts=None, latency=None, existing=[mine, "another"])
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(NGINX, 80),
        ingress=PublicHttp(),
        deployment=BlueGreen(alarms=alarms),
    )
    template = template_of(stack)
    [(name, _)] = of_type(template, ALARM).items()
    assert _watched(template)["AlarmNames"] == [{"Ref": name}, "another"]


def test_no_alarms_is_said_to_ecs() -> None:
    """A service that once had some must not keep them."""
    template = _build(BlueGreen(alarms=None, bake_time=cdk.Duration.minutes(0)))
    assert not of_type(template, ALARM)
    assert _watched(template) == {"AlarmNames": [], "Enable": False, "Rollback": False}


def test_a_service_on_machines_has_them() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    LoadBalancedEc2Service(stack, "Web", container=AppContainer(NGINX, 80), ingress=PublicHttp())
    assert len(_watched(template_of(stack))["AlarmNames"]) == 3


def test_tokens_pass() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    number = cdk.CfnParameter(stack, "Number", type="Number").value_as_number
    alarms = RollbackAlarms(error_percent=number, unhealthy_hosts=number, existing=[cdk.Fn.ref("Name")])
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(NGINX, 80),
        ingress=PublicHttp(),
        deployment=Rolling(alarms=alarms),
    )
    template = template_of(stack)
    assert _alarm(template, "TargetErrors")["Threshold"] == {"Ref": "Number"}
    assert _alarm(template, "TargetUnhealthy")["Threshold"] == {"Ref": "Number"}
