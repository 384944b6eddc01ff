"""Measurements of MiniStack's records and of the engine."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.local.metrics.traffic import Answered
from ecr_fargate_constructs.local.ministack_patches.monitoring import measurements

if TYPE_CHECKING:
    from tests.local.ministack_patches.monitoring.conftest import World

_BALANCER = "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/web/1"
_BLUE, _GREEN = (f"arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/{name}/1" for name in ("blue", "green"))
_CLUSTER = "arn:aws:ecs:us-east-1:1:cluster/main"


def _sum(world: World, namespace: str, name: str, statistic: str = "Sum", **dimensions: str) -> list[float]:
    metric = {
        "Namespace": namespace,
        "MetricName": name,
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
    }
    queries = [{"Id": "m", "MetricStat": {"Metric": metric, "Period": 60, "Stat": statistic}}]
    times = {"StartTime": world.machine - 3600, "EndTime": world.machine, "ScanBy": "TimestampAscending"}
    [result] = world.ask("_get_metric_data", MetricDataQueries=queries, **times)["MetricDataResults"]
    values: list[float] = result["Values"]
    return values


def test_a_healthy_target_is_not_checked_again_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    alb, asked, machine = world.modules["alb"], list[str](), [0.0]

    def check(target: dict[str, Any], *_: object) -> SimpleNamespace:
        asked.append(target["Id"])
        return SimpleNamespace(state="healthy" if target["Id"] == "a" else "unhealthy")

    monkeypatch.setattr(measurements, "check", check)
    monkeypatch.setattr("time.monotonic", lambda: machine[0])
    alb._listeners["l"] = {
        "ListenerArn": "l",
        "LoadBalancerArn": _BALANCER,
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": _BLUE}],
    }
    alb._tgs[_BLUE] = {"TargetType": "ip"}
    alb._targets[_BLUE] = [{"Id": each, "Port": 80} for each in ("a", "b")]
    for seconds, expected in ((0, ["a", "b", "b"]), (1.5, ["b", "b"]), (2.5, ["a", "b", "b"])):
        asked.clear()
        machine[0] = seconds
        world.minutes(1)
        assert sorted(asked) == expected


def test_one_failed_check_or_a_target_that_is_gone_is_not_unhealthy(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    alb, answers = world.modules["alb"], {"late": ["unhealthy", "healthy"], "bad": ["unhealthy"] * 4}

    def check(target: dict[str, Any], *_: object) -> SimpleNamespace:
        if target["Id"] == "gone":
            alb._targets[_BLUE] = [each for each in alb._targets[_BLUE] if each["Id"] != "gone"]
            return SimpleNamespace(state="unhealthy")
        return SimpleNamespace(state=answers[target["Id"]].pop(0))

    monkeypatch.setattr(measurements, "check", check)
    alb._listeners["l"] = {
        "ListenerArn": "l",
        "LoadBalancerArn": _BALANCER,
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": _BLUE}],
    }
    alb._tgs[_BLUE] = {"TargetType": "ip", "UnhealthyThresholdCount": 2, "HealthCheckIntervalSeconds": 0.001}
    alb._targets[_BLUE] = [{"Id": each, "Port": 80} for each in ("late", "bad", "gone")]
    world.minutes(2)
    both = {"LoadBalancer": "app/web/1", "TargetGroup": "targetgroup/blue/1"}
    assert _sum(world, "AWS/ApplicationELB", "HealthyHostCount", **both) == [1, 1]
    assert _sum(world, "AWS/ApplicationELB", "UnHealthyHostCount", **both) == [0, 1]


def test_requests_and_targets_of_a_load_balancer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    alb = world.modules["alb"]
    monkeypatch.setattr(
        measurements,
        "check",
        lambda target, *_: SimpleNamespace(state="healthy" if target["Id"] == "a" else "unhealthy"),
    )
    alb._listeners["l"] = {
        "ListenerArn": "l",
        "LoadBalancerArn": _BALANCER,
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": _BLUE}],
    }
    weighted = {"TargetGroups": [{"TargetGroupArn": _BLUE, "Weight": 0}, {"TargetGroupArn": _GREEN, "Weight": 1}]}
    alb._rules["r"] = {"ListenerArn": "l", "Actions": [{"Type": "forward", "ForwardConfig": weighted}]}
    for arn, targets in ((_BLUE, ["a", "b"]), (_GREEN, ["a"]), ("unused", ["a"])):
        alb._tgs[arn] = {"TargetType": "ip"}
        alb._targets[arn] = [{"Id": each, "Port": 80} for each in targets]

    def minute() -> None:
        for status in (200, 200, 500):
            world.monitoring.observe(Answered("app/web/1", "targetgroup/blue/1", status, 0.2))
        world.monitoring.observe(Answered("app/web/1", "", 503))

    world.minutes(2, minute)
    both = {"LoadBalancer": "app/web/1", "TargetGroup": "targetgroup/blue/1"}
    sums = {
        name: _sum(world, "AWS/ApplicationELB", name, **both)
        for name in ("RequestCount", "HTTPCode_Target_5XX_Count", "HealthyHostCount", "UnHealthyHostCount")
    }
    assert sums == {
        "RequestCount": [3, 3],
        "HTTPCode_Target_5XX_Count": [1, 1],
        "HealthyHostCount": [1, 1],
        "UnHealthyHostCount": [0, 1],  # it is initial for a minute: two checks at an interval of 30 seconds
    }
    assert _sum(world, "AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", LoadBalancer="app/web/1") == [1, 1]
    assert _sum(world, "AWS/ApplicationELB", "TargetResponseTime", "p90", **both) == [0.2, 0.2]
    assert _sum(world, "AWS/ApplicationELB", "RequestCountPerTarget", TargetGroup="targetgroup/blue/1") == [3, 3]
    assert _sum(world, "AWS/ApplicationELB", "RequestCountPerTarget", TargetGroup="targetgroup/green/1") == [0, 0]
    names = {each["MetricName"] for each in world.ask("_list_metrics", Namespace="AWS/ApplicationELB")["Metrics"]}
    assert "HTTPCode_Target_2XX_Count" in names


def _service(world: World, *, insights: str = "enabled") -> dict[str, Any]:
    ecs = world.modules["ecs"]
    ecs._clusters["main"] = {"clusterArn": _CLUSTER, "settings": [{"name": "containerInsights", "value": insights}]}
    ecs._task_defs["web:1"] = {
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [{"cpu": 64, "memoryReservation": 128}, {"memory": 128}],
    }
    ecs._services["main/web"] = {
        "status": "ACTIVE",
        "clusterArn": _CLUSTER,
        "desiredCount": 3,
        "runningCount": 2,
        "pendingCount": 1,
    }
    for name in ("one", "two"):
        ecs._tasks[name] = {
            "taskArn": name,
            "group": "service:web",
            "clusterArn": _CLUSTER,
            "lastStatus": "RUNNING",
            "taskDefinitionArn": "arn:aws:ecs:us-east-1:1:task-definition/web:1",
            "_docker_ids": [name],
        }
    definition: dict[str, Any] = ecs._task_defs["web:1"]
    return definition


def _engine(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let each task use a tenth of a CPU, and 100 MiB and a cache; one of them cannot be asked. Return who is asked."""
    asked: list[str] = []

    def stats(identifier: str, **_: object) -> dict[str, Any]:
        asked.append(identifier)
        if identifier == "two":
            raise OSError("the container has ended")
        mebi = 1 << 20
        return {
            "cpu_stats": {"cpu_usage": {"total_usage": world.machine * 0.1 * 1e9}},
            "memory_stats": {"usage": 150 * mebi, "stats": {"inactive_file": 50 * mebi}},
        }

    engine = SimpleNamespace(api=SimpleNamespace(stats=stats))
    monkeypatch.setattr(world.monitoring.measurements, "_engine", lambda: engine)
    return asked


def test_cpu_and_memory_of_a_service(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    definition = _service(world)
    _engine(world, monkeypatch)
    world.minutes(3)
    own = {"ClusterName": "main", "ServiceName": "web"}
    assert _sum(world, "AWS/ECS", "CPUUtilization", "Average", **own) == [pytest.approx(40)] * 2
    assert _sum(world, "AWS/ECS", "MemoryUtilization", "Average", **own) == [pytest.approx(100 * 100 / 512)] * 3
    for name in ("cpu", "memory"):  # on EC2 a task may have no size of its own
        del definition[name]
    world.minutes(1)
    assert _sum(world, "AWS/ECS", "CPUUtilization", "Average", **own)[-1] == pytest.approx(160)
    assert _sum(world, "AWS/ECS", "MemoryUtilization", "Average", **own)[-1] == pytest.approx(100 * 100 / 256)


@pytest.mark.parametrize("speed", [60])
def test_a_fast_clock_asks_the_engine_no_more_often(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _service(world)
    asked = _engine(world, monkeypatch)
    world.minutes(20)
    assert asked.count("one") <= 5
    own = {"ClusterName": "main", "ServiceName": "web"}
    assert len(_sum(world, "AWS/ECS", "MemoryUtilization", "Average", **own)) == 20
    assert len(_sum(world, "AWS/ECS", "CPUUtilization", "Average", **own)) >= 14


@pytest.mark.parametrize(("insights", "values"), [("enabled", [3]), ("enhanced", [3]), ("disabled", [])])
def test_numbers_of_tasks_need_container_insights(world: World, insights: str, values: list[float]) -> None:
    _service(world, insights=insights)
    world.minutes(1)
    own = {"ClusterName": "main", "ServiceName": "web"}
    assert _sum(world, "ECS/ContainerInsights", "DesiredTaskCount", **own) == values


@pytest.mark.parametrize("speed", [60])
def test_queues_with_a_fast_clock(world: World) -> None:
    now = world.machine
    world.modules["sqs"]._queues["http://localhost:4566/1/jobs"] = {
        "messages": [
            {"sent_at": now - 2, "visible_at": now - 2},
            {"sent_at": now, "visible_at": now},
            {"sent_at": now, "visible_at": now + 100},
        ]
    }
    world.minutes(1)
    assert _sum(world, "AWS/SQS", "ApproximateNumberOfMessagesVisible", QueueName="jobs") == [2]
    assert _sum(world, "AWS/SQS", "ApproximateNumberOfMessagesNotVisible", QueueName="jobs") == [1]
    [age] = _sum(world, "AWS/SQS", "ApproximateAgeOfOldestMessage", QueueName="jobs")
    assert 120 <= age <= 180
