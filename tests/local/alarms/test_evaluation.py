"""Data points and the state that they mean: CloudWatch's own tables, and what holds for all points."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecr_fargate_constructs.local.alarms.evaluation import (
    ALARM,
    COMPARISONS,
    INSUFFICIENT_DATA,
    OK,
    Missing,
    Rule,
    judge,
)

KEPT = "kept"
_TREATMENTS = (Missing.MISSING, Missing.IGNORE, Missing.BREACHING, Missing.NOT_BREACHING)

# "How alarm state is evaluated when data is missing" in the Amazon CloudWatch user guide: three evaluation periods, a
# range of five; columns missing, ignore, breaching and notBreaching.
_THREE_OUT_OF_THREE = {
    "0 - X - X": (OK, OK, OK, OK),
    "- - - - 0": (OK, OK, OK, OK),
    "- - - - -": (INSUFFICIENT_DATA, KEPT, ALARM, OK),
    "0 X X - X": (ALARM, ALARM, ALARM, ALARM),
    "- - X - -": (ALARM, KEPT, ALARM, OK),
}
_TWO_OUT_OF_THREE = {
    "0 - X - X": (ALARM, ALARM, ALARM, ALARM),
    "0 0 X 0 X": (ALARM, ALARM, ALARM, ALARM),
    "0 - X - -": (OK, OK, ALARM, OK),
    "- - - - 0": (OK, OK, ALARM, OK),
    "- - - X -": (ALARM, KEPT, ALARM, OK),
}
_ROWS = [
    pytest.param(points, to_alarm, treatment, state, id=f"{points} {to_alarm} of 3 {treatment.value}")
    for to_alarm, table in ((3, _THREE_OUT_OF_THREE), (2, _TWO_OUT_OF_THREE))
    for points, states in table.items()
    for treatment, state in zip(_TREATMENTS, states, strict=True)
]

_POINTS = st.lists(st.none() | st.sampled_from([0.0, 10.0]), min_size=3, max_size=8)


def _points(text: str) -> list[float | None]:
    return [{"0": 0.0, "X": 10.0, "-": None}[each] for each in text.split()]


def _rule(to_alarm: int, treatment: Missing, periods: int = 3) -> Rule:
    return Rule("GreaterThanThreshold", 5, periods, to_alarm, treatment)


@pytest.mark.parametrize(("points", "to_alarm", "treatment", "state"), _ROWS)
@pytest.mark.parametrize("current", [OK, ALARM, INSUFFICIENT_DATA])
def test_the_tables_of_cloudwatch(points: str, to_alarm: int, treatment: Missing, state: str, current: str) -> None:
    expected = current if state == KEPT else state
    assert judge(_points(points), _rule(to_alarm, treatment), current).state == expected


@pytest.mark.parametrize("points", ["- - - - X", "- - - X -", "- - - X 0", "- - X - 0"])
def test_a_point_that_may_be_followed_by_a_good_one_raises_no_alarm(points: str) -> None:
    # "Avoiding premature transitions to alarm state"
    assert judge(_points(points), _rule(3, Missing.MISSING), OK).state == OK


@pytest.mark.parametrize(
    ("comparison", "below", "at", "above"),
    [
        ("GreaterThanThreshold", OK, OK, ALARM),
        ("GreaterThanOrEqualToThreshold", OK, ALARM, ALARM),
        ("LessThanThreshold", ALARM, OK, OK),
        ("LessThanOrEqualToThreshold", ALARM, ALARM, OK),
    ],
)
def test_comparisons(comparison: str, below: str, at: str, above: str) -> None:
    assert comparison in COMPARISONS
    states = [judge([None, None, value], Rule(comparison, 5), OK).state for value in (4, 5, 6)]
    assert states == [below, at, above]


def test_the_reason_says_which_points_crossed_the_threshold() -> None:
    raised = judge([None, None, 12.5], Rule("GreaterThanThreshold", 5), OK)
    assert raised.reason == (
        "Threshold Crossed: 1 out of the last 1 datapoints [12.5] was greater than the threshold (5)."
    )
    quiet = judge([None] * 5, _rule(3, Missing.NOT_BREACHING), ALARM)
    assert quiet.reason == (
        "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as "
        "[NonBreaching]."
    )
    unknown = judge([None] * 3, Rule("GreaterThanThreshold", 5), OK)
    assert unknown.reason == "Insufficient Data: 1 datapoint was unknown."


@given(
    points=_POINTS, to_alarm=st.integers(1, 3), treatment=st.sampled_from(Missing), current=st.sampled_from([OK, ALARM])
)
def test_enough_points_need_no_treatment(
    points: list[float | None], to_alarm: int, treatment: Missing, current: str
) -> None:
    real = [value for value in points if value is not None]
    if len(real) >= 3:
        expected = ALARM if sum(value > 5 for value in real[-3:]) >= to_alarm else OK
        assert judge(points, _rule(to_alarm, treatment), current).state == expected


@given(points=_POINTS, to_alarm=st.integers(1, 3), current=st.sampled_from([OK, ALARM]))
def test_breaching_alarms_at_least_as_often_as_not_breaching(
    points: list[float | None], to_alarm: int, current: str
) -> None:
    states = {each: judge(points, _rule(to_alarm, each), current).state for each in Missing}
    assert INSUFFICIENT_DATA not in (states[Missing.BREACHING], states[Missing.NOT_BREACHING], states[Missing.IGNORE])
    if states[Missing.NOT_BREACHING] == ALARM:
        assert set(states.values()) == {ALARM}
    if states[Missing.BREACHING] == OK:
        assert states[Missing.NOT_BREACHING] == OK


@given(points=_POINTS, to_alarm=st.integers(1, 3), treatment=st.sampled_from(Missing))
def test_without_a_breaching_point_only_missing_ones_raise_an_alarm(
    points: list[float | None], to_alarm: int, treatment: Missing
) -> None:
    calm = [None if value is None else 0.0 for value in points]
    if treatment is not Missing.BREACHING:
        assert judge(calm, _rule(to_alarm, treatment), OK).state != ALARM


@given(points=_POINTS, to_alarm=st.integers(1, 3), current=st.sampled_from([OK, ALARM, INSUFFICIENT_DATA]))
def test_insufficient_data_means_no_data_at_all(points: list[float | None], to_alarm: int, current: str) -> None:
    state = judge(points, _rule(to_alarm, Missing.MISSING), current).state
    assert (state == INSUFFICIENT_DATA) == all(value is None for value in points)
