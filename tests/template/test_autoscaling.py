"""Scaling and capacity. Rows are those of docs/defaults.md."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_applicationautoscaling as appscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs import (
    AppContainer,
    Architecture,
    EcrFargateService,
    LoadBalancedFargateService,
    MetricResolution,
    Mixed,
    OnDemand,
    PublicHttp,
    Rolling,
    Scaling,
    ScheduledCapacity,
    Spot,
)
from support import of_type, only, template_of

if TYPE_CHECKING:
    from pathlib import Path

NGINX = "public.ecr.aws/nginx/nginx:1.29"
TARGET, POLICY = "AWS::ApplicationAutoScaling::ScalableTarget", "AWS::ApplicationAutoScaling::ScalingPolicy"
SERVICE, ASSOCIATION = "AWS::ECS::Service", "AWS::ECS::ClusterCapacityProviderAssociations"
NIGHT = ScheduledCapacity(
    name="night",
    at=appscaling.Schedule.cron(hour="22", minute="0"),
    min_capacity=0,
    max_capacity=0,
    time_zone=cdk.TimeZone.EUROPE_BERLIN,
)
MORNING = ScheduledCapacity(
    name="morning",
    at=appscaling.Schedule.cron(hour="6", minute="0"),
    min_capacity=4,
    max_capacity=9,
    start=datetime(2027, 1, 1, tzinfo=timezone.utc),
    end=datetime(2028, 1, 1, tzinfo=timezone.utc),
)


def _build(**options: Any) -> dict[str, Any]:  # noqa: ANN401 - passed on as they are
    stack = cdk.Stack(cdk.App(), "Stack")
    options.setdefault("container", AppContainer(NGINX, 80))
    LoadBalancedFargateService(stack, "Web", ingress=PublicHttp(), **options)
    return template_of(stack)


def _policies(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = [
        item["Properties"]["TargetTrackingScalingPolicyConfiguration"] for item in of_type(template, POLICY).values()
    ]
    return {item["PredefinedMetricSpecification"]["PredefinedMetricType"]: item for item in found}


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return _build(
        scaling=Scaling(
            min_capacity=3,
            max_capacity=9,
            cpu_percent=60,
            memory_percent=70,
            requests_per_target=500,
            schedule=[NIGHT, MORNING],
        )
    )


def test_the_desired_count_is_not_in_the_template(template: dict[str, Any]) -> None:
    """Row 18: each deployment would set it, whatever the autoscaler has decided."""
    assert "DesiredCount" not in only(template, SERVICE)["Properties"]
    assert only(_build(), SERVICE)["Properties"]["DesiredCount"] == 2


def test_the_limits_are_those_of_the_target(template: dict[str, Any]) -> None:
    properties = only(template, TARGET)["Properties"]
    assert (properties["MinCapacity"], properties["MaxCapacity"]) == (3, 9)
    assert (properties["ServiceNamespace"], properties["ScalableDimension"]) == ("ecs", "ecs:service:DesiredCount")


def test_each_signal_is_followed(template: dict[str, Any]) -> None:
    policies = _policies(template)
    assert {metric: policy["TargetValue"] for metric, policy in policies.items()} == {
        "ECSServiceAverageCPUUtilization": 60,
        "ECSServiceAverageMemoryUtilization": 70,
        "ALBRequestCountPerTarget": 500,
    }
    label = str(policies["ALBRequestCountPerTarget"]["PredefinedMetricSpecification"]["ResourceLabel"])
    assert "TargetGroupFullName" in label


def test_scaling_out_may_follow_quickly_and_scaling_in_may_not(template: dict[str, Any]) -> None:
    """Row 39."""
    for policy in _policies(template).values():
        assert (policy["ScaleOutCooldown"], policy["ScaleInCooldown"]) == (60, 300)


def test_cooldowns_can_be_given() -> None:
    scaling = Scaling(
        min_capacity=1,
        max_capacity=2,
        memory_percent=50,
        scale_out_cooldown=cdk.Duration.seconds(0),
        scale_in_cooldown=cdk.Duration.minutes(10),
    )
    [policy] = _policies(_build(scaling=scaling)).values()
    assert (policy["ScaleOutCooldown"], policy["ScaleInCooldown"]) == (0, 600)


def test_schedules_set_other_limits(template: dict[str, Any]) -> None:
    night, morning = only(template, TARGET)["Properties"]["ScheduledActions"]
    assert night == {
        "ScheduledActionName": "night",
        "Schedule": "cron(0 22 * * ? *)",
        "Timezone": "Europe/Berlin",
        "ScalableTargetAction": {"MinCapacity": 0, "MaxCapacity": 0},
    }
    assert (morning["ScheduledActionName"], morning["StartTime"]) == ("morning", "2027-01-01T00:00:00Z")
    assert (morning["ScalableTargetAction"], morning["EndTime"]) == (
        {"MinCapacity": 4, "MaxCapacity": 9},
        "2028-01-01T00:00:00Z",
    )


def test_metrics_come_once_a_minute_free_of_charge(template: dict[str, Any]) -> None:
    """Row 40."""
    assert "Monitoring" not in only(template, SERVICE)["Properties"]


@pytest.mark.parametrize(
    ("signals", "names", "metrics"),
    [
        ({"cpu_percent": 60}, ["CPUUtilization"], {"ECSServiceAverageCPUUtilizationHighResolution"}),
        (
            {"cpu_percent": 60, "memory_percent": 60, "requests_per_target": 9},
            ["CPUUtilization", "MemoryUtilization"],
            {
                "ECSServiceAverageCPUUtilizationHighResolution",
                "ECSServiceAverageMemoryUtilizationHighResolution",
                "ALBRequestCountPerTarget",
            },
        ),
    ],
)
def test_metrics_may_come_every_20_seconds(signals: dict[str, float], names: list[str], metrics: set[str]) -> None:
    scaling = Scaling(min_capacity=2, max_capacity=9, metric_resolution=MetricResolution.SECONDS_20, **signals)  # type: ignore[arg-type]
    template = _build(scaling=scaling)
    assert only(template, SERVICE)["Properties"]["Monitoring"] == {
        "MetricConfigurations": [{"MetricNames": names, "ResolutionSeconds": 20}]
    }
    assert set(_policies(template)) == metrics


def test_the_breaker_counts_by_what_is_wanted_at_the_time(template: dict[str, Any]) -> None:
    """Row 10."""

    def threshold(built: dict[str, Any]) -> dict[str, Any]:
        breaker = only(built, SERVICE)["Properties"]["DeploymentConfiguration"]["DeploymentCircuitBreaker"]
        found: dict[str, Any] = breaker["ThresholdConfiguration"]
        return found

    assert threshold(template) == {"Type": "BOUNDED_PERCENT", "Value": 50}
    given = _build(scaling=Scaling(min_capacity=2, max_capacity=2), deployment=Rolling(failure_threshold=7))
    assert threshold(given) == {"Type": "COUNT", "Value": 7}


def test_a_paused_service_keeps_everything_but_its_tasks(template: dict[str, Any]) -> None:
    options: dict[str, Any] = {
        "min_capacity": 3,
        "max_capacity": 9,
        "cpu_percent": 60,
        "memory_percent": 70,
        "requests_per_target": 500,
        "schedule": [NIGHT, MORNING],
    }
    paused = _build(scaling=Scaling(**options, paused=True))
    properties = only(paused, TARGET)["Properties"]
    assert (properties["MinCapacity"], properties["MaxCapacity"]) == (0, 0)
    assert "ScheduledActions" not in properties, "a schedule would wake it"
    target = next(iter(of_type(template, TARGET)))
    rest = {name: item for name, item in template["Resources"].items() if name != target}
    assert {name: item for name, item in paused["Resources"].items() if name != target} == rest
    assert _build(scaling=Scaling(**options)) == template, "back to what it was"


def test_on_demand_capacity_is_the_launch_type_as_before() -> None:
    plain = _build(scaling=Scaling(min_capacity=2, max_capacity=2))
    assert _build(scaling=Scaling(min_capacity=2, max_capacity=2, capacity=OnDemand())) == plain
    assert only(plain, SERVICE)["Properties"]["LaunchType"] == "FARGATE"
    assert not of_type(plain, ASSOCIATION)


@pytest.mark.parametrize(
    ("capacity", "strategy"),
    [
        (Spot(), [{"CapacityProvider": "FARGATE_SPOT", "Weight": 1}]),
        (
            Mixed(base=2, spot_weight=3),
            [
                {"CapacityProvider": "FARGATE", "Base": 2, "Weight": 1},
                {"CapacityProvider": "FARGATE_SPOT", "Weight": 3},
            ],
        ),
        (
            Mixed(base=0, on_demand_weight=1),
            [{"CapacityProvider": "FARGATE", "Weight": 1}, {"CapacityProvider": "FARGATE_SPOT", "Weight": 1}],
        ),
    ],
)
@pytest.mark.parametrize("architecture", Architecture)
def test_capacity_can_be_spot(capacity: Spot | Mixed, strategy: list[Any], architecture: Architecture) -> None:
    """Both architectures run on Spot; the strategy replaces the launch type."""
    template = _build(
        container=AppContainer(NGINX, 80, architecture=architecture),
        scaling=Scaling(min_capacity=3, max_capacity=3, capacity=capacity),
    )
    service = only(template, SERVICE)
    assert service["Properties"]["CapacityProviderStrategy"] == strategy
    assert "LaunchType" not in service["Properties"]
    assert service["Properties"]["PlatformVersion"] == "LATEST"
    assert only(template, ASSOCIATION)["Properties"]["CapacityProviders"] == ["FARGATE", "FARGATE_SPOT"]
    assert next(iter(of_type(template, ASSOCIATION))) in service["DependsOn"], "it would start before the cluster knows"


def test_two_services_on_spot_share_the_association() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    for name in ("One", "Two"):
        LoadBalancedFargateService(
            stack,
            name,
            container=AppContainer(NGINX, 80),
            ingress=PublicHttp(),
            scaling=Scaling(min_capacity=2, max_capacity=2, capacity=Spot()),
        )
    only(template_of(stack), ASSOCIATION)


def _with_cluster(stack: cdk.Stack, cluster: ecs.ICluster) -> list[str]:
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(NGINX, 80),
        ingress=PublicHttp(),
        cluster=cluster,
        scaling=Scaling(min_capacity=2, max_capacity=2, capacity=Spot()),
    )
    found = cdk.assertions.Annotations.from_stack(stack).find_warning("*", cdk.assertions.Match.any_value())
    return [str(warning.entry.data) for warning in found]


def test_a_cluster_of_the_app_gets_the_capacity() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    assert not _with_cluster(stack, ecs.Cluster(stack, "Cluster"))
    only(template_of(stack), ASSOCIATION)


def test_a_cluster_of_another_stack_gets_the_capacity() -> None:
    app = cdk.App(context={"@aws-cdk/core:defaultCrossStackReferences": "weak"})
    shared = cdk.Stack(app, "Shared")
    cluster = ecs.Cluster(shared, "Cluster")
    stack = cdk.Stack(app, "Stack")
    assert not _with_cluster(stack, cluster)
    only(template_of(shared), ASSOCIATION)
    assert shared in stack.dependencies


def test_an_imported_cluster_is_asked_for_the_capacity() -> None:
    stack = cdk.Stack(cdk.App(), "Stack", env=cdk.Environment(account="123456789012", region="eu-west-1"))
    vpc = ec2.Vpc.from_lookup(stack, "Vpc", vpc_id="vpc-12345")
    cluster = ecs.Cluster.from_cluster_attributes(stack, "Cluster", cluster_name="theirs", vpc=vpc)
    [warning] = _with_cluster(stack, cluster)
    assert "ecr-fargate-constructs:importedClusterCapacity" in warning
    assert "put-cluster-capacity-providers" in warning
    assert not of_type(template_of(stack), ASSOCIATION)


def test_the_front_door_scales(directory: Path) -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    EcrFargateService(
        stack,
        "Web",
        directory=directory,
        container_port=80,
        ingress=PublicHttp(),
        scaling=Scaling(min_capacity=2, max_capacity=4, cpu_percent=50),
    )
    template = template_of(stack)
    only(template, POLICY)
    assert "DesiredCount" not in only(template, SERVICE)["Properties"]


def test_every_number_may_be_a_token() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")

    def number(name: str) -> float:
        return cdk.CfnParameter(stack, name, type="Number").value_as_number

    scaling = Scaling(
        min_capacity=number("Minimum"),
        max_capacity=number("Maximum"),
        cpu_percent=number("Cpu"),
        memory_percent=number("Memory"),
        requests_per_target=number("Requests"),
        schedule=[
            ScheduledCapacity(
                name="later",
                at=appscaling.Schedule.cron(minute="0"),
                min_capacity=number("Least"),
                max_capacity=number("Most"),
            )
        ],
        capacity=Mixed(base=number("Base"), on_demand_weight=number("Stays"), spot_weight=number("Goes")),
    )
    LoadBalancedFargateService(stack, "Web", container=AppContainer(NGINX, 80), ingress=PublicHttp(), scaling=scaling)
    template = template_of(stack)
    text = str(template["Resources"])
    for name in template["Parameters"]:
        if name != "BootstrapVersion":
            assert f"{{'Ref': '{name}'}}" in text, f"{name} got lost"
    assert "Token" not in text
