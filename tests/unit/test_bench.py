"""The arithmetic of the benchmark."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import templates
from bench.figures import Line, ratio, regressions
from bench.goals import Goal, between_markers, table
from bench.programs import check_same
from bench.suite import wall_time

if TYPE_CHECKING:
    from pathlib import Path


def test_a_ratio_is_the_median_of_the_pairs_and_not_that_of_the_medians() -> None:
    assert ratio([1, 20, 3], [1, 10, 2]) == 1.5
    assert ratio([2, 2], [1, 2]) == 1.5


def test_pairs_are_whole() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratio([1, 2], [1])


@given(st.floats(-1e3, 1e3), st.floats(0.1, 1e3))
def test_a_line_through_points_of_a_line_is_that_line(start: float, slope: float) -> None:
    line = Line.through([(x, start + slope * x) for x in (1, 10, 50, 100)])
    assert line.slope == pytest.approx(slope, rel=1e-6)
    assert line.start == pytest.approx(start, abs=1e-6)
    assert line.r_squared == pytest.approx(1)
    assert line.deviation == pytest.approx(0, abs=1e-6)


def test_a_curve_is_told_from_a_line() -> None:
    curve = Line.through([(x, x**3) for x in (1, 10, 50, 100)])
    assert curve.r_squared < 0.95
    assert curve.deviation > 0.1


def test_points_that_do_not_rise_are_a_line() -> None:
    flat = Line.through([(1, 5), (2, 5), (3, 5)])
    assert (flat.slope, flat.r_squared, flat.deviation) == (0, 1, 0)


def test_a_regression_is_more_than_the_tolerance_and_new_ratios_are_none() -> None:
    before = {"P1 1": 1.0, "P4": 1.1}
    assert regressions(before, {"P1 1": 1.1, "P4": 1.0, "P9": 7}, 0.1) == []
    [sentence] = regressions(before, {"P1 1": 1.12, "P4": 1.1}, 0.1)
    assert sentence == "P1 1: 1 before, 1.12 now (+12%)"


def test_the_table_says_met_missed_and_nothing() -> None:
    goals = [
        Goal(name=f"P{n}", measure="m", goal="g", figure="f", met=met) for n, met in enumerate([True, False, None])
    ]
    rows = table(goals).splitlines()[2:]
    assert rows == ["| P0 | m | g | f | met |", "| P1 | m | g | f | **missed** |", "| P2 | m | g | f |  |"]


def test_content_is_put_between_markers_and_replaces_what_was_there() -> None:
    page = "a\n<!-- table -->\nold\n<!-- /table -->\nb\n"
    once = between_markers(page, "table", "new")
    assert once == "a\n<!-- table -->\nnew\n<!-- /table -->\nb\n"
    assert between_markers(once, "table", "new") == once
    with pytest.raises(ValueError, match="table"):
        between_markers("a\n<!-- table -->\n", "table", "new")


def test_a_rollout_is_bounded_by_what_a_template_says_and_else_by_aws() -> None:
    silent = {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": {}}
    assert templates.rollout_bound({"Resources": {"a": silent}}) == (150, 300)
    said = {
        "HealthCheckIntervalSeconds": 10,
        "HealthyThresholdCount": 2,
        "TargetGroupAttributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}],
    }
    assert templates.rollout_bound({"Resources": {"a": {**silent, "Properties": said}}}) == (20, 30)


def test_what_changes_between_templates_is_named_by_type() -> None:
    one = {"Resources": {"a": {"Type": "A"}, "b": {"Type": "B", "Properties": 1}, "c": {"Type": "C"}}}
    other = {"Resources": {"a": {"Type": "A"}, "b": {"Type": "B", "Properties": 2}, "d": {"Type": "D"}}}
    assert templates.changed(one, other) == ["B", "C", "D"]


def test_programs_that_make_different_things_are_not_compared() -> None:
    check_same(Counter(A=1), Counter(A=1), "two")
    with pytest.raises(RuntimeError, match=r"two make different resources: \{'A': 1\} and \{'B': 1\}"):
        check_same(Counter(A=1), Counter(B=1), "two")


def test_the_time_of_a_suite_is_read_from_its_report(tmp_path: Path) -> None:
    report = tmp_path / "junit.xml"
    report.write_text('<testsuites><testsuite time="12.5"><testcase time="3"/></testsuite></testsuites>')
    assert wall_time(report) == 12.5
