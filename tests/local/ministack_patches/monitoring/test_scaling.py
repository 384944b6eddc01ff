"""Scaling of ECS services on MiniStack: limits, policies, schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.local.metrics.store import Metric, Sample
from ecr_fargate_constructs.local.ministack_patches.monitoring.scaling import SCALABLE_TARGET, SCALING_POLICY

if TYPE_CHECKING:
    from tests.local.ministack_patches.monitoring.conftest import World

_LIMITS = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/main/web",
    "ScalableDimension": "ecs:service:DesiredCount",
    "MinCapacity": 2,
    "MaxCapacity": "8",
}
_TARGET = "service/main/web|ecs:service:DesiredCount|ecs"
_LABEL = "app/web/1/targetgroup/blue/1"


class _Service:
    """A service whose number of tasks is set."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch, desired: int = 2) -> None:
        self._world = world
        self.record: dict[str, Any] = {"desiredCount": desired, "deployments": []}
        self.scope = world.monitoring.scope()
        world.modules["ecs"]._services["main/web"] = self.record

        def update_service(request: dict[str, Any]) -> tuple[int, dict[str, str], str]:
            assert (request["cluster"], request["service"]) == ("main", "web")
            self.record["desiredCount"] = request["desiredCount"]
            return 200, {}, "{}"

        monkeypatch.setattr(world.modules["ecs"], "_update_service", update_service)

    @property
    def desired(self) -> int:
        return int(self.record["desiredCount"])

    def measured(self, name: str, value: float) -> None:
        namespace, dimensions = "AWS/ECS", {"ClusterName": "main", "ServiceName": "web"}
        if name == "RequestCountPerTarget":
            namespace = "AWS/ApplicationELB"
            dimensions = {"LoadBalancer": "app/web/1", "TargetGroup": "targetgroup/blue/1"}
        sample = Sample.of(self._world.clock.now(), [(value, 1)])
        self._world.monitoring.store.add(self.scope, Metric.of(namespace, name, dimensions), sample)


def _tracking(kind: str, target: float, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    metric: dict[str, Any] = {"PredefinedMetricType": kind}
    if kind.startswith("ALB"):
        metric["ResourceLabel"] = _LABEL
    config = {"TargetValue": target, "PredefinedMetricSpecification": metric, **more}
    return {
        "PolicyType": "TargetTrackingScaling",
        "ScalingTargetId": _TARGET,
        "TargetTrackingScalingPolicyConfiguration": config,
    }


def _register(world: World, **changes: Any) -> None:  # noqa: ANN401
    target, _ = world.handlers[SCALABLE_TARGET]["create"]("Target", {**_LIMITS, **changes}, "Stack")
    assert target == _TARGET


def _policy(world: World, name: str, properties: dict[str, Any]) -> str:
    arn, _ = world.handlers[SCALING_POLICY]["create"](name, {"PolicyName": name, **properties}, "Stack")
    return str(arn)


@pytest.mark.parametrize(("wanted", "inside"), [(1, 2), (5, 5), (9, 8)])
def test_registering_limits_brings_the_number_of_tasks_inside(
    world: World, monkeypatch: pytest.MonkeyPatch, wanted: int, inside: int
) -> None:
    service = _Service(world, monkeypatch, wanted)
    _register(world)
    assert service.desired == inside
    handler = world.handlers[SCALABLE_TARGET]
    handler["update"](_TARGET, _LIMITS, {**_LIMITS, "MinCapacity": 0, "MaxCapacity": 0}, "Stack")
    assert service.desired == 0
    handler["update"](_TARGET, _LIMITS, _LIMITS, "Stack")
    assert service.desired == 2
    handler["delete"](_TARGET, _LIMITS)
    assert service.desired == 2


def test_tasks_follow_the_requests(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    service = _Service(world, monkeypatch)
    _register(world)
    _policy(world, "Requests", _tracking("ALBRequestCountPerTarget", 100, ScaleOutCooldown=60, ScaleInCooldown=300))
    numbers = []

    def minute(rate: float) -> None:
        numbers.append(service.desired)
        service.measured("RequestCountPerTarget", rate / service.desired)

    world.minutes(8, lambda: minute(500))
    assert numbers == [2, 2, 2, 5, 5, 5, 5, 5]  # after three minutes above the target
    numbers.clear()
    world.minutes(20, lambda: minute(120))
    assert numbers[:15] == [5] * 15  # fifteen minutes more than a tenth below it
    assert numbers[-1] == 2


def test_tasks_follow_cpu_and_both_policies_have_to_agree_to_scale_in(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = _Service(world, monkeypatch, 4)
    _register(world)
    _policy(world, "Cpu", _tracking("ECSServiceAverageCPUUtilization", 50))
    _policy(world, "Memory", _tracking("ECSServiceAverageMemoryUtilizationHighResolution", 50))

    def minute(memory: float) -> None:
        service.measured("CPUUtilization", 10)
        service.measured("MemoryUtilization", memory)

    world.minutes(20, lambda: minute(50))
    assert service.desired == 4
    world.minutes(20, lambda: minute(20))
    assert service.desired == 2


def test_nothing_scales_in_during_a_deployment(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    service = _Service(world, monkeypatch, 4)
    service.record["deployments"] = [{"rolloutState": "IN_PROGRESS"}]
    _register(world)
    _policy(world, "Cpu", _tracking("ECSServiceAverageCPUUtilization", 50))
    world.minutes(20, lambda: service.measured("CPUUtilization", 1))
    assert service.desired == 4
    service.record["deployments"] = [{"rolloutState": "COMPLETED"}]
    world.minutes(1, lambda: service.measured("CPUUtilization", 1))
    assert service.desired == 2


def test_steps_follow_the_alarm_that_names_the_policy(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    service = _Service(world, monkeypatch)
    _register(world)
    steps = [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 3}]
    config = {"AdjustmentType": "ChangeInCapacity", "Cooldown": 120, "StepAdjustments": steps}
    policy = {**_tracking("", 1), "PolicyType": "StepScaling", "StepScalingPolicyConfiguration": config}
    arn = _policy(world, "Backlog", policy)
    alarm = {
        "AlarmName": "backlog",
        "Namespace": "N",
        "MetricName": "Backlog",
        "Threshold": 10,
        "ComparisonOperator": "GreaterThanThreshold",
        "AlarmActions": [arn],
    }
    world.handlers["AWS::CloudWatch::Alarm"]["create"]("Alarm", alarm, "Stack")
    numbers = []
    world.minutes(4, lambda: (numbers.append(service.desired), world.put(Backlog=50))[1])  # type: ignore[func-returns-value]
    assert numbers == [2, 5, 5, 8]


def test_a_schedule_changes_the_limits(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    service = _Service(world, monkeypatch)
    every = {"ScheduledActionName": "busy", "Schedule": "rate(3 minutes)", "ScalableTargetAction": {"MinCapacity": 5}}
    calm = {
        "ScheduledActionName": "calm",
        "Schedule": "rate(5 minutes)",
        "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": "1"},
    }
    _register(world, ScheduledActions=[every, calm])
    numbers = []
    world.minutes(7, lambda: numbers.append(service.desired))
    assert numbers == [2, 2, 2, 5, 5, 1, 1]


def test_the_alarms_of_a_policy_come_and_go_with_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _Service(world, monkeypatch)
    _register(world)
    properties = _tracking("ECSServiceAverageCPUUtilization", 50)
    arn = _policy(world, "Cpu", properties)

    def alarms() -> dict[str, tuple[str, float, int]]:
        found = world.ask("_describe_alarms")["MetricAlarms"]
        return {
            each["AlarmName"].rpartition("-Alarm")[2][:3]: (
                each["ComparisonOperator"],
                each["Threshold"],
                each["EvaluationPeriods"],
            )
            for each in found
        }

    assert alarms() == {"Hig": ("GreaterThanThreshold", 50, 3), "Low": ("LessThanThreshold", 45, 15)}
    changed = _tracking("ECSServiceAverageCPUUtilization", 60, DisableScaleIn=True)
    world.handlers[SCALING_POLICY]["update"](arn, properties, changed, "Stack")
    assert alarms() == {"Hig": ("GreaterThanThreshold", 60, 3)}
    world.handlers[SCALING_POLICY]["delete"](arn, changed)
    assert alarms() == {}


def test_a_metric_of_ones_own_and_an_expression(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    service = _Service(world, monkeypatch)
    _register(world)
    own = {"Namespace": "N", "MetricName": "Backlog", "Statistic": "Average"}
    query = {"Id": "m", "MetricStat": {"Metric": own, "Stat": "Average"}, "ReturnData": False}
    for name, metric in (("Own", own), ("Math", {"Metrics": [query, {"Id": "e", "Expression": "m * 2"}]})):
        config = {"TargetValue": 10, "CustomizedMetricSpecification": metric}
        _policy(world, name, {"ScalingTargetId": _TARGET, "TargetTrackingScalingPolicyConfiguration": config})
    world.minutes(3, lambda: world.put(Backlog=15))
    assert service.desired == 6  # by the expression, which wants more


@pytest.mark.parametrize(
    ("kind", "properties", "what"),
    [
        (SCALABLE_TARGET, {**_LIMITS, "ServiceNamespace": "dynamodb"}, "scaling of dynamodb"),
        (SCALING_POLICY, _tracking("KafkaBrokerStorageUtilization", 1), "target tracking of Kafka"),
        (SCALING_POLICY, {"ScalingTargetId": _TARGET, "PolicyName": "p"}, "neither target tracking nor step"),
        (
            SCALING_POLICY,
            {**_tracking("ECSServiceAverageCPUUtilization", 1), "ScalingTargetId": "service/main/other|x|ecs"},
            "No scalable target registered for resource ID: service/main/other",
        ),
    ],
)
def test_what_is_not_emulated_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: str, properties: dict[str, Any], what: str
) -> None:
    _Service(world, monkeypatch)
    _register(world)
    with pytest.raises(ValueError, match=what):
        world.handlers[kind]["create"]("Any", properties, "Stack")
