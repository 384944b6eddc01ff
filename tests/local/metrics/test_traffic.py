"""The metrics of load balancers."""

from __future__ import annotations

import pytest

from ecr_fargate_constructs.local.metrics.statistics import statistic
from ecr_fargate_constructs.local.metrics.traffic import Answered, Group, Measured, Traffic, hosts, requests_per_target

_BALANCER, _GROUP = "app/web/1", "targetgroup/blue/2"
_ALONE = (("LoadBalancer", _BALANCER),)
_BOTH = (("LoadBalancer", _BALANCER), ("TargetGroup", _GROUP))


def _sums(measured: list[Measured]) -> dict[tuple[str, tuple[tuple[str, str], ...]], float | None]:
    assert {metric.namespace for metric, _ in measured} == {"AWS/ApplicationELB"}
    return {
        (metric.name, metric.dimensions): statistic("Sum", [sample])
        for metric, sample in measured
        if metric.name != "TargetResponseTime"
    }


def test_requests_are_counted_by_who_answered_them() -> None:
    traffic = Traffic()
    for status, seconds in ((200, 0.01), (204, 0.02), (302, 0.01), (404, 0.01), (500, 0.5), (502, None), (504, None)):
        traffic.record(Answered(_BALANCER, _GROUP, status, seconds), 61)
    for status in (503, 403, 301, 200):  # no target was chosen
        traffic.record(Answered(_BALANCER, "", status), 119.9)
    assert list(traffic.take(119)) == []
    measured = list(traffic.take(120))
    expected = {"RequestCount": 7, "HTTPCode_Target_2XX_Count": 2}
    expected |= {f"HTTPCode_Target_{family}XX_Count": 1 for family in (3, 4, 5)}
    of_balancer = {"HTTPCode_ELB_5XX_Count": 3, "HTTPCode_ELB_4XX_Count": 1}
    of_balancer |= {f"HTTPCode_ELB_{status}_Count": 1 for status in (502, 503, 504)}
    of_targets = {(name, dimensions): number for name, number in expected.items() for dimensions in (_ALONE, _BOTH)}
    assert _sums(measured) == of_targets | {(name, _ALONE): number for name, number in of_balancer.items()}
    assert {sample.time for _, sample in measured} == {60}
    assert list(traffic.take(999)) == []


def test_response_times_have_percentiles() -> None:
    traffic = Traffic()
    for number in range(1, 1001):
        traffic.record(Answered(_BALANCER, _GROUP, 200, number / 1000), 0)
    measured = list(traffic.take(60))
    samples = {metric.dimensions: sample for metric, sample in measured if metric.name == "TargetResponseTime"}
    assert set(samples) == {_ALONE, _BOTH}
    assert statistic("p90", [samples[_BOTH]]) == pytest.approx(0.9, abs=0.01)
    assert statistic("Maximum", [samples[_BOTH]]) == 1


def test_many_different_response_times_are_few_values() -> None:
    traffic = Traffic()
    for number in range(50_000):
        traffic.record(Answered(_BALANCER, _GROUP, 200, 0.001 + number / 50_000), 0)
    assert max(len(sample.values) for _, sample in traffic.take(60)) < 3000


def test_targets_are_counted_by_their_health() -> None:
    measured = list(hosts([Group(_BALANCER, _GROUP, healthy=2, unhealthy=1)], 60))
    assert _sums(measured) == {("HealthyHostCount", _BOTH): 2, ("UnHealthyHostCount", _BOTH): 1}


def test_requests_per_target_are_a_rate_and_reported_without_requests() -> None:
    traffic = Traffic()
    for _ in range(10):
        traffic.record(Answered(_BALANCER, _GROUP, 200, 0.1), 60)
    groups = [Group(_BALANCER, _GROUP, 2, 0), Group(_BALANCER, "targetgroup/idle/3", 1, 0), Group("b", "empty", 0, 0)]
    measured = list(requests_per_target(groups, list(traffic.take(120)), 60, speed=60))
    idle = (("TargetGroup", "targetgroup/idle/3"),)
    assert _sums(measured) == {
        ("RequestCountPerTarget", (("TargetGroup", _GROUP),)): 300,
        ("RequestCountPerTarget", _BOTH): 300,
        ("RequestCountPerTarget", idle): 0,
        ("RequestCountPerTarget", (("LoadBalancer", _BALANCER), *idle)): 0,
    }
