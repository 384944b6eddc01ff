"""The arithmetic of the benchmark."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import __main__ as command
from bench import growth, templates
from bench.command_help import HELP
from bench.command_help import described as command_help
from bench.deployments import PHASES, PROGRAMS, seconds_table, times
from bench.embedded import App, Deployment, brought
from bench.figures import Line, in_shares, ratio, regressions
from bench.floor import EMPTY, NODE, STEPS
from bench.floor import described as floor
from bench.goals import Goal, between_markers, table
from bench.processes import Program, Sample, at_once, in_turn
from bench.programs import check_same
from bench.suite import wall_time
from bench.tools import described as commands

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
    assert regressions(before, {"P1 1": 1.1, "P4": 1.0, "P9": 7}, 0.1) == {}
    worse = regressions(before, {"P1 1": 1.12, "P4": 1.1}, 0.1)
    assert worse == {"P1 1": "P1 1: 1 before, 1.12 now (+12%)"}


@pytest.mark.parametrize(("second", "failed"), [(1.1, 0), (1.2, 1)])
def test_what_is_worse_is_measured_again_and_nothing_else(
    second: float, failed: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    baseline = tmp_path / "baseline.json"
    baseline.write_text('{"ratios": {"P1 1": 1.0, "P1 50": 1.0, "P4": 1.0}}', encoding="utf-8")
    monkeypatch.setattr(command, "BASELINE", baseline)
    asked: list[list[str]] = []

    def again(only: list[str]) -> dict[str, float]:
        asked.append(only)
        return {"P1 1": second, "P1 50": 2.0}

    assert command.check({"P1 1": 1.3, "P1 50": 1.0, "P4": 1.05}, again) == failed
    assert asked == [["P1"]]
    assert command.check({"P1 1": 1.0, "P1 50": 1.0, "P4": 1.05}, again) == 0
    assert asked == [["P1"]]


def test_a_slow_round_changes_no_share() -> None:
    assert in_shares([[1, 10, 1], [3, 30, 3]]) == [0.25, 0.75]
    assert in_shares([[1, 1, 2], [3, 1, 2]]) == [0.5, 0.5]


def test_what_is_measured_at_once_and_in_turn_runs_as_often_as_it_should(tmp_path: Path) -> None:
    programs = {
        name: Program(
            command=[sys.executable, "-c", f"open({str(tmp_path / 'log')!r}, 'a').write({name!r})"], environment={}
        )
        for name in "ab"
    }
    once = at_once(programs, 2)
    assert {name: len(samples) for name, samples in once.items()} == {"a": 2, "b": 2}
    (tmp_path / "log").unlink()
    turns = in_turn(programs, 2)
    assert {name: len(samples) for name, samples in turns.items()} == {"a": 2, "b": 2}
    assert (tmp_path / "log").read_text(encoding="utf-8") == "abbaab"  # the first round only warms
    assert all(sample.seconds > 0 for sample in (*once["a"], *turns["b"]))


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


@pytest.mark.parametrize(
    ("alarms", "seconds"),
    [
        ({}, 0),
        ({"a": {"Period": 60, "EvaluationPeriods": 3}}, 180),
        ({"a": {"Period": 10, "EvaluationPeriods": 3}, "b": {"Period": 60, "EvaluationPeriods": 2}}, 120),
        ({"a": {"Metrics": [{"MetricStat": {"Period": 60}}, {"Expression": "x"}], "EvaluationPeriods": 2}}, 120),
        ({"a": {"Metrics": [{"Expression": "x", "Period": 300}], "EvaluationPeriods": 1}}, 300),
    ],
)
def test_a_deployment_bakes_as_long_as_its_slowest_alarm_looks_back(
    alarms: dict[str, dict[str, object]], seconds: float
) -> None:
    resources: dict[str, object] = {
        name: {"Type": "AWS::CloudWatch::Alarm", "Properties": alarm} for name, alarm in alarms.items()
    }
    resources["other"] = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Period": 900, "EvaluationPeriods": 9}}
    configuration = {"Alarms": {"AlarmNames": [{"Ref": name} for name in alarms]}} if alarms else {}
    resources["service"] = {"Type": "AWS::ECS::Service", "Properties": {"DeploymentConfiguration": configuration}}
    assert templates.bake_seconds({"Resources": resources}) == seconds


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


LOG = """\
registry: PATCH /v2/web/blobs/uploads/1
registry: PATCH /v2/web/blobs/uploads/1 brought 300 bytes
registry: PUT /v2/web/manifests/1.2 brought 40 bytes
registry: GET /v2/web/manifests/1.2
registry: POST /v2/cdk/assets/blobs/uploads/ brought 5 bytes
INFO: registry: PUT /v2/web/manifests/1 brought 9 bytes
"""


def test_what_the_registry_was_brought_is_read_from_its_log() -> None:
    assert brought(LOG) == {"web": 340, "cdk/assets": 5}
    assert brought(LOG, "blobs") == {"web": 300, "cdk/assets": 5}
    assert brought("") == {}


def test_the_seconds_of_a_deployment_are_what_the_command_line_says_of_them() -> None:
    said = """
✨  Synthesis time: 2.5s
✨  Deployment time: 0.25s
✨  Deployment time: 1s
✨  Total time: 5s
"""
    found = Deployment.of(7.5, said, LOG)
    assert (found.seconds, found.start, found.synthesis, found.assets, found.stacks) == (7.5, 2.5, 2.5, 1.25, 1.25)
    assert found.brought == {"web": 340, "cdk/assets": 5}
    assert found.blobs == {"web": 300, "cdk/assets": 5}


def _deployments(copy: float, direct: float) -> dict[tuple[str, str], list[Deployment]]:
    seconds = {"ours": copy, "direct": direct, "handwritten": 1.5, "bare": 1.0}
    return {
        (name, phase): [
            Deployment(seconds=seconds[name], start=1, synthesis=2, assets=0.5, stacks=0, brought={}, blobs={})
        ]
        for name in PROGRAMS
        for phase in PHASES
    }


@pytest.mark.parametrize(("copy", "direct", "met"), [(1.15, 1.0, True), (1.16, 1.0, False), (1.0, 1.16, False)])
def test_either_way_of_delivery_has_to_be_quick(copy: float, direct: float, met: bool) -> None:  # noqa: FBT001
    goal = times(_deployments(copy, direct))
    assert goal.met is met
    assert goal.ratios["P7 direct, no change"] == direct
    assert goal.figure.startswith(f"copy {copy:.2f} · {copy:.2f} · {copy:.2f}; direct")
    assert goal.figure.endswith("written by hand, 1.50 · 1.50 · 1.50")


def test_the_table_of_the_seconds_has_a_row_for_each_program_and_phase() -> None:
    rows = seconds_table(_deployments(3, 2)).splitlines()
    assert rows[2] == "| first, ours | 3.00 | 1.00 | 2.00 | 0.50 | 0.00 |"
    assert len(rows) == 2 + len(PROGRAMS) * len(PHASES)


def test_no_program_builds_what_another_has_built_or_edited(tmp_path: Path) -> None:
    app = App(tmp_path / "bench", 4799)
    for program in ("ours", "bare"):
        app.add(program)
    ours, bare = (tmp_path / "bench" / "images" / program / "server.py" for program in ("ours", "bare"))
    before = ours.read_text(encoding="utf-8")
    assert before != bare.read_text(encoding="utf-8")
    app.edit("bare")
    assert ours.read_text(encoding="utf-8") == before
    assert bare.read_text(encoding="utf-8").endswith("# version 3, for bare\n")


@pytest.mark.parametrize(
    ("curved", "met"),
    [("", True), (growth.PEAK, True), (growth.TIME, False), (growth.HELD, False), (growth.TEMPLATE, False)],
)
def test_all_but_the_peak_of_memory_has_to_grow_in_a_line(curved: str, met: bool) -> None:  # noqa: FBT001
    points = {
        what: [(size, size**3 + 100.0 if what == curved else 100 + 2.0 * size) for size in growth.SIZES]
        for what in (growth.TIME, growth.HELD, growth.PEAK, growth.TEMPLATE)
    }
    goal = growth.described(points, 14, 5)
    assert goal.met is met
    assert growth.described(points, 15, 5).met is False
    assert goal.figure.count("R²") == len(points)
    assert "time: a service adds 2.0%" in goal.figure or curved == growth.TIME


def test_a_step_of_the_floor_is_what_it_takes_beyond_the_one_before() -> None:
    shares = dict(zip(STEPS, (0.02, 0.27, 0.4, 0.7, 1.0), strict=True)) | {NODE: 0.05, "1": 1.6, "50": 4.125}
    row = floor(shares)
    assert row.figure.startswith(
        "Python starts 2%, `import constructs`, for which Node starts and loads jsii's kernel 25%,"
    )
    assert f"{EMPTY} 30% (Node by itself 5%); services 1.60 · 4.12" in row.figure
    assert (row.name, row.met, row.ratios) == ("", None, {})


@pytest.mark.parametrize(("doctor", "many", "met"), [(1, 9.9, True), (3, 9.9, False), (1, 10.1, False)])
def test_the_commands_are_compared_by_cpu_time(doctor: float, many: float, met: bool) -> None:  # noqa: FBT001 - a table
    cpu = {"doctor": doctor, "cost": 1, "diagram": 1, "cfn-lint": 50}
    pairs = {name: [Sample(seconds=99, cpu=used, memory=0)] for name, used in cpu.items()}
    goal = commands(pairs, {"doctor": 1, "cost": many, "diagram": 1}, [700, 10_000])
    assert goal.met is met
    assert goal.ratios == {"P11 doctor": doctor / 50, "P11 cost": 0.02, "P11 diagram": 0.02}
    assert "700 resources" in goal.measure


@pytest.mark.parametrize(("second", "met"), [(0.2, True), (0.21, False)])
def test_each_help_is_compared_with_the_imports(second: float, *, met: bool) -> None:
    of = {HELP[0]: 0.15, HELP[1]: second, "import typer, rich": 0.1, "help of the smallest command of Typer": 0.19}
    goal = command_help({name: [Sample(seconds=time, cpu=time / 2, memory=0)] * 3 for name, time in of.items()})
    assert goal.met is met
    assert goal.ratios == pytest.approx({"P12 --help": 1.5, "P12 doctor --help": second * 10})
    assert goal.figure.startswith("1.50 · 2.")
    assert goal.figure.endswith("; help of the smallest command of Typer 1.90")
