"""Statistics of samples."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecr_fargate_constructs.local.metrics.statistics import BASIC_STATISTICS, UnknownStatisticError, statistic
from ecr_fargate_constructs.local.metrics.store import Sample

_HUNDRED = [Sample.of(0, [(value, 1)]) for value in range(1, 101)]
_SET = Sample(0, 4, 10, 1, 4)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SampleCount", 100), ("Sum", 5050), ("Average", 50.5), ("Minimum", 1), ("Maximum", 100), ("p0", 1),
        ("p50", 50.5), ("p90", pytest.approx(90.1)), ("p99.9", pytest.approx(99.901)), ("p100", 100),
        ("tm90", pytest.approx(45.5)), ("TM(10%:90%)", pytest.approx(50.5)), ("TM(2:4)", 3), ("tc90", 90),
        ("ts90", 4095), ("PR(:50)", 50), ("PR(91:)", 10), ("IQM", pytest.approx(50.5)),
        ("WM(0%:50%)", pytest.approx((sum(range(1, 51)) + 50 * 50.5) / 100)),
    ],
)  # fmt: skip
def test_statistics(name: str, value: float) -> None:
    assert statistic(name, _HUNDRED) == value


def test_a_value_counts_as_often_as_it_was_seen() -> None:
    samples = [Sample.of(0, [(0.1, 98), (5, 2)])]
    assert statistic("Average", samples) == pytest.approx(0.198)
    assert statistic("p90", samples) == 0.1
    assert statistic("p99", samples) == pytest.approx(5)


def test_a_set_of_statistics_has_no_percentiles_unless_all_values_are_equal() -> None:
    assert [statistic(name, [_SET]) for name in (*BASIC_STATISTICS, "p50")] == [4, 10, 2.5, 1, 4, None]
    assert statistic("p99", [Sample(0, 3, 6, 2, 2)]) == 2


def test_nothing_has_no_statistics() -> None:
    assert statistic("Sum", []) is None
    assert statistic("p99", [Sample(0, 0, 0, 0, 0)]) is None


@pytest.mark.parametrize("name", ["", "Median", "p", "p1000", "TM(a:b)", "px"])
def test_other_statistics_are_refused(name: str) -> None:
    with pytest.raises(UnknownStatisticError):
        statistic(name, _HUNDRED)


@given(st.lists(st.floats(0, 1e6), min_size=2), st.integers(1, 99))
def test_percentiles_are_those_of_the_standard_library(values: list[float], percent: int) -> None:
    computed = statistic(f"p{percent}", [Sample.of(0, [(value, 1)]) for value in values])
    expected = statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
    assert computed == pytest.approx(expected, abs=1e-3)
