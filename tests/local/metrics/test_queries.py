"""Queries for metrics, and the store that they read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ecr_fargate_constructs.local.metrics.queries import Grid, Query, answers, period_of, series
from ecr_fargate_constructs.local.metrics.store import Metric, Sample, Store

_SCOPE, _OTHER = ("111122223333", "eu-central-1"), ("111122223333", "us-east-1")
_METRIC = Metric.of("N", "M", {"B": "2", "A": "1"})


def test_a_metric_is_the_same_whatever_the_order_of_its_dimensions() -> None:
    assert Metric.of("N", "M", {"A": "1", "B": "2"}) == _METRIC
    assert Metric.of("N", "M", {"A": "1"}) != _METRIC


def test_samples_are_kept_by_region_and_in_the_order_of_their_times() -> None:
    store = Store()
    for time in (30.0, 10.0, 20.0):
        store.add(_SCOPE, _METRIC, Sample.of(time, [(1, 1)]))
    assert [each.time for each in store.samples(_SCOPE, _METRIC, 10, 30)] == [10, 20]
    assert store.samples(_OTHER, _METRIC, 0, 99) == []
    assert store.metrics(_SCOPE) == [_METRIC]
    store.forget_before(30)
    assert [each.time for each in store.samples(_SCOPE, _METRIC, 0, 99)] == [30]
    store.forget_before(31)
    assert store.metrics(_SCOPE) == []


def test_periods_are_aligned_to_the_clock_or_end_at_a_time() -> None:
    assert Grid.covering(61, 185, 60).times == [60, 120, 180]
    assert Grid.covering(60, 180, 60).times == [60, 120]
    assert Grid.until(185, 60, 2).times == [65, 125]


@given(st.integers(0, 10**6), st.integers(1, 10**4), st.sampled_from([1, 10, 60, 300]))
def test_aligned_periods_cover_the_asked_time(start: int, length: int, period: int) -> None:
    grid = Grid.covering(start, start + length, period)
    assert grid.times[0] <= start < grid.times[0] + period
    assert grid.times[-1] < start + length <= grid.times[-1] + period


def test_a_query_of_a_metric_and_expressions_on_expressions() -> None:
    store = Store()
    for time, value in ((60, 2.0), (90, 4.0), (180, 10.0)):
        store.add(_SCOPE, _METRIC, Sample.of(time, [(value, 1)]))
    asked = {
        "Namespace": "N",
        "MetricName": "M",
        "Dimensions": [{"Name": "A", "Value": "1"}, {"Name": "B", "Value": "2"}],
    }
    queries = [
        Query.of({"Id": "twice", "Expression": "half * 4", "Label": "doubled"}),
        Query.of({"Id": "half", "Expression": "m / 2", "ReturnData": "false"}),
        Query.of({"Id": "m", "MetricStat": {"Metric": asked, "Period": "60", "Stat": "Sum"}}),
    ]
    assert period_of(queries) == 60
    assert [(each.label, each.returned) for each in queries] == [("doubled", True), ("half", False), ("M", True)]
    values = answers(store, _SCOPE, queries, Grid.covering(0, 240, 60))
    assert values == {
        "m": {60: 6.0, 180: 10.0},
        "half": {60: 3.0, 180: 5.0},
        "twice": {60: 12.0, 180: 20.0},
    }


def test_periods_without_values_are_left_out() -> None:
    store = Store()
    store.add(_SCOPE, _METRIC, Sample(60, 2, 3, 1, 2))
    assert series(store, _SCOPE, _METRIC, "p50", Grid.covering(0, 240, 60)) == {}
    assert series(store, _SCOPE, _METRIC, "Average", Grid.covering(0, 240, 60)) == {60: 1.5}
