"""The metrics of services and tasks."""

from __future__ import annotations

from ecr_fargate_constructs.local.metrics.statistics import statistic
from ecr_fargate_constructs.local.metrics.usage import Meter, Service, Usage

_SERVICE = Service("cluster", "web", desired=3, running=2, pending=1, insights=True)
_GIB = 1 << 30


def _usage(task: str, time: float, cpu: float, memory: float = _GIB / 4) -> Usage:
    return Usage(task, time, cpu, memory, cpus=0.5, memory_limit=_GIB)


def _values(meter: Meter, usages: list[Usage], service: Service = _SERVICE) -> dict[str, float | None]:
    measured = list(meter.measure(service, usages, 60))
    assert all(metric.dimensions == (("ClusterName", "cluster"), ("ServiceName", "web")) for metric, _ in measured)
    return {f"{metric.namespace} {metric.name}": statistic("Average", [sample]) for metric, sample in measured}


def test_cpu_and_memory_are_shares_of_the_size_of_the_task() -> None:
    meter = Meter()
    first = _values(meter, [_usage("a", 0, 10), _usage("b", 0, 0)])
    assert "AWS/ECS CPUUtilization" not in first  # it needs two measurements
    assert first["AWS/ECS MemoryUtilization"] == 25
    second = _values(meter, [_usage("a", 60, 40), _usage("b", 60, 0), _usage("new", 60, 5)])
    assert second["AWS/ECS CPUUtilization"] == 50  # 30 of 60 seconds on half a CPU, and nothing


def test_a_restarted_container_does_not_make_it_negative() -> None:
    meter = Meter()
    _values(meter, [_usage("a", 0, 100)])
    assert _values(meter, [_usage("a", 60, 1)])["AWS/ECS CPUUtilization"] == 0


def test_forgotten_tasks_start_anew() -> None:
    meter = Meter()
    _values(meter, [_usage("a", 0, 0), _usage("b", 0, 0)])
    meter.keep(["b"])
    assert statistic("SampleCount", [
        sample
        for metric, sample in meter.measure(_SERVICE, [_usage("a", 60, 30), _usage("b", 60, 30)], 60)
        if metric.name == "CPUUtilization"
    ]) == 1  # fmt: skip


def test_numbers_of_tasks_need_container_insights() -> None:
    assert _values(Meter(), []) == {
        "ECS/ContainerInsights RunningTaskCount": 2,
        "ECS/ContainerInsights DesiredTaskCount": 3,
        "ECS/ContainerInsights PendingTaskCount": 1,
    }
    assert _values(Meter(), [], Service("cluster", "web", 1, 1, 0, insights=False)) == {}
