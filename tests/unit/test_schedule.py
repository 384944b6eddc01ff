"""The arithmetic of deployments, against AWS's pages of LinearConfiguration and CanaryConfiguration."""

from __future__ import annotations

import re

import aws_cdk as cdk
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecr_fargate_constructs import Approval, BlueGreen, Canary, ConfigurationError, Linear
from ecr_fargate_constructs.service.deployment.schedule import LONGEST_SCHEDULE, TIMEOUT, Schedule, waits_of

MINUTES = cdk.Duration.minutes

# Steps: "(100 / StepPercent) - 1" where it divides evenly, else the floor of 100 / StepPercent: 11 % makes 9 and 50 %
# makes 1, which are AWS's own examples.
STEPS = [
    (100, 0),
    (50, 1),
    (33.3, 3),
    (33, 3),
    (25, 3),
    (20, 4),
    (12.5, 7),
    (11, 9),
    (10, 9),
    (7, 14),
    (3.3, 30),
    (3, 33),
]

TOTALS = [
    ("blue/green", BlueGreen(bake_time=MINUTES(1440)), 1440),
    ("no bake", BlueGreen(bake_time=MINUTES(0), alarms=None), 0),
    ("the default canary", Canary(), 20),
    ("the longest canary", Canary(canary_bake_time=MINUTES(1440), bake_time=MINUTES(540)), 1980),
    ("a canary of a tenth of a percent", Canary(percent=0.1, canary_bake_time=MINUTES(5), bake_time=MINUTES(1)), 6),
    ("the default steps", Linear(), 64),
    ("in halves", Linear(step_percent=50, step_bake_time=MINUTES(30), bake_time=MINUTES(15)), 45),
    ("eleven percent", Linear(step_percent=11, step_bake_time=MINUTES(10), bake_time=MINUTES(10)), 100),
    ("at once", Linear(step_percent=100, step_bake_time=MINUTES(1440), bake_time=MINUTES(1)), 1),
    ("the longest steps", Linear(step_percent=50, step_bake_time=MINUTES(1440), bake_time=MINUTES(540)), 1980),
    ("the smallest steps", Linear(step_percent=3, step_bake_time=MINUTES(59), bake_time=MINUTES(33)), 1980),
]

REFUSED = [
    ("canary", lambda: Canary(canary_bake_time=MINUTES(1440), bake_time=MINUTES(541)), "33 h 1 min"),
    ("both days", lambda: Canary(canary_bake_time=MINUTES(1440), bake_time=MINUTES(1440)), "48 h"),
    ("halves", lambda: Linear(step_percent=50, step_bake_time=MINUTES(1440), bake_time=MINUTES(541)), "33 h 1 min"),
    ("eleven", lambda: Linear(step_percent=11, step_bake_time=MINUTES(220), bake_time=MINUTES(10)), "33 h 10 min"),
    ("ten", lambda: Linear(step_percent=10, step_bake_time=MINUTES(219), bake_time=MINUTES(10)), "33 h 1 min"),
    ("three", lambda: Linear(step_percent=3, step_bake_time=MINUTES(60), bake_time=MINUTES(1)), "33 h 1 min"),
]


@pytest.mark.parametrize(("step_percent", "waits"), STEPS)
def test_waits_of_a_linear_deployment(step_percent: float, waits: int) -> None:
    assert waits_of(step_percent) == waits


@pytest.mark.parametrize(("deployment", "total"), [case[1:] for case in TOTALS], ids=[case[0] for case in TOTALS])
def test_the_total(deployment: BlueGreen | Canary | Linear, total: int) -> None:
    assert deployment.schedule is not None
    assert deployment.schedule.total_minutes == total


@pytest.mark.parametrize(("make", "time"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_cloudformation_refuses_is_refused(make: object, time: str) -> None:
    assert callable(make)
    with pytest.raises(ConfigurationError, match=f"= {time}, and CloudFormation refuses more than 33 h"):
        make()


@pytest.mark.parametrize(("bake", "allowed"), [(720, True), (721, False)])
def test_the_approval_counts_in_what_cloudformation_waits_for(bake: int, *, allowed: bool) -> None:
    if allowed:
        assert BlueGreen(bake_time=MINUTES(bake), approval=Approval()).schedule is not None
        return
    with pytest.raises(ConfigurationError, match=re.escape("approval=Approval(timeout=…)")):
        BlueGreen(bake_time=MINUTES(bake), approval=Approval())
    assert BlueGreen(bake_time=MINUTES(bake), approval=Approval(timeout=MINUTES(60))).schedule is not None


def test_a_schedule_reads_as_a_sentence() -> None:
    assert str(Linear(step_percent=20, step_bake_time=MINUTES(5), approval=Approval(timeout=MINUTES(90))).schedule) == (
        "Linear: 20 % of the traffic a step; 4 x 5 min of waiting + 10 min of baking = 30 min in all, and up to "
        "1 h 30 min for the approval, on top of the time that tasks and hooks take"
    )


@given(st.integers(30, 1000))
def test_the_waits_are_those_of_the_steps_that_are_taken(tenths: int) -> None:
    """Played through: shift, and wait unless everything has moved."""
    moved = waits = 0
    while True:
        moved = min(1000, moved + tenths)
        if moved == 1000:
            break
        waits += 1
    assert waits_of(tenths / 10) == waits


@given(st.integers(0, 33), st.integers(0, 1440), st.integers(0, 1440), st.integers(0, 1440))
def test_nothing_passes_that_would_time_out(waits: int, wait: int, bake: int, approval: int) -> None:
    schedule = Schedule(
        strategy="Linear", shifts="", waits=waits, wait_minutes=wait, bake_minutes=bake, approval_minutes=approval
    )
    total = waits * wait + bake
    assert schedule.total_minutes == total
    if total <= LONGEST_SCHEDULE and total + approval <= TIMEOUT:
        schedule.check()
    else:
        with pytest.raises(ConfigurationError):
            schedule.check()
