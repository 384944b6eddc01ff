"""The number of tasks that a policy wants."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecr_fargate_constructs.local.scaling.policies import Steps, Tracking


@pytest.mark.parametrize(
    ("capacity", "value", "wanted"),
    [(2, 90, 4), (2, 50, 2), (4, 50.1, 5), (10, 10, 2), (3, 0, 0), (1, 500, 10), (3, 16.6666666666667, 1)],
)
def test_target_tracking_is_proportional_and_rounds_up(capacity: int, value: float, wanted: int) -> None:
    assert Tracking("cpu", 50).wanted(capacity, value) == wanted


@given(st.integers(1, 100), st.floats(0, 1000), st.floats(1, 100))
def test_the_wanted_tasks_bring_the_metric_to_the_target(capacity: int, value: float, target: float) -> None:
    wanted = Tracking("any", target).wanted(capacity, value)
    assert wanted * target >= capacity * value - 1e-6
    assert (wanted - 1) * target < capacity * value or wanted == 0


def test_a_policy_is_read_as_the_api_says_it() -> None:
    assert Tracking.of("a", {"TargetValue": "50"}) == Tracking("a", 50, 300, 300, scales_in=True)
    config = {"TargetValue": 1, "ScaleOutCooldown": 0, "ScaleInCooldown": "10", "DisableScaleIn": "true"}
    assert Tracking.of("a", config) == Tracking("a", 1, 0, 10, scales_in=False)


def _steps(kind: str, *steps: tuple[float | None, float | None, float], **more: int) -> Steps:
    adjustments = [
        {"MetricIntervalLowerBound": lower, "MetricIntervalUpperBound": upper, "ScalingAdjustment": adjustment}
        for lower, upper, adjustment in steps
    ]
    return Steps.of("steps", {"AdjustmentType": kind, "StepAdjustments": adjustments, **more})


# The example of "Step scaling policies": a threshold of 50, ten tasks.
_OUT = _steps("PercentChangeInCapacity", (0, 10, 0), (10, 20, 10), (20, None, 30))
_IN = _steps("PercentChangeInCapacity", (-10, 0, 0), (-20, -10, -10), (None, -20, -30))


@pytest.mark.parametrize(
    ("policy", "capacity", "value", "wanted"),
    [
        (_OUT, 10, 59.9, 10), (_OUT, 10, 60, 11), (_OUT, 11, 70, 14),
        (_IN, 14, 40.1, 14), (_IN, 14, 40, 13), (_IN, 13, 30, 10),
    ],
)  # fmt: skip
def test_the_example_of_the_user_guide(policy: Steps, capacity: int, value: float, wanted: int) -> None:
    assert policy.wanted(capacity, value, 50) == wanted


@pytest.mark.parametrize(
    ("policy", "capacity", "wanted"),
    [
        (_steps("ChangeInCapacity", (0, None, 5)), 3, 8),
        (_steps("ChangeInCapacity", (0, None, -5)), 3, 0),
        (_steps("ExactCapacity", (0, None, 5)), 3, 5),
        (_steps("PercentChangeInCapacity", (0, None, 10)), 3, 4),  # 0.3 is rounded to 1
        (_steps("PercentChangeInCapacity", (0, None, -10)), 3, 2),
        (_steps("PercentChangeInCapacity", (0, None, 25), MinAdjustmentMagnitude=2), 4, 6),
        (_steps("ExactCapacity", (None, -1, 5)), 3, 3),  # no step fits
    ],
)
def test_kinds_of_adjustments(policy: Steps, capacity: int, wanted: int) -> None:
    assert policy.wanted(capacity, 50, 50) == wanted
