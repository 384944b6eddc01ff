"""Metric math."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecr_fargate_constructs.local.metrics.expressions import Context, parse
from ecr_fargate_constructs.local.metrics.functions import ExpressionError, Series, Value

_TIMES = (0, 60, 120, 180)
_A: Series = {0: 1.0, 60: 2.0, 180: 4.0}
_B: Series = {0: 10.0, 120: 0.0, 180: 20.0}


def _value(text: str) -> Value:
    metrics = {"a": _A, "b": _B, "none": {}}
    return parse(text).value(Context(metrics, metrics, _TIMES, 60))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7.0),
        ("(1 + 2) * 3", 9.0),
        ("-2 ^ 2", -4.0),
        ("2 ^ 3 ^ 2", 512.0),
        ("7 - 2 - 1", 4.0),
        ("1e3 / 10", 100.0),
        ("a + b", {0: 11.0, 180: 24.0}),
        ("a / b", {0: 0.1, 180: 0.2}),
        ("FILL(a, 5) / b", {0: 0.1, 180: 0.2}),  # nothing where the divisor is 0
        ("100 * FILL(none, 0) / b", {0: 0.0, 180: 0.0}),
        ("FILL(a, 0)", {0: 1.0, 60: 2.0, 120: 0.0, 180: 4.0}),
        ("FILL(a, REPEAT)", {0: 1.0, 60: 2.0, 120: 2.0, 180: 4.0}),
        ("FILL(a, LINEAR)", {0: 1.0, 60: 2.0, 120: 3.0, 180: 4.0}),
        ("FILL(a, b)", {0: 1.0, 60: 2.0, 120: 0.0, 180: 4.0}),
        ("a > 1", {0: 0.0, 60: 1.0, 180: 1.0}),
        ("a > 1 AND b > 10", {0: 0.0, 180: 1.0}),
        ("a > 1 || a == 1", {0: 1.0, 60: 1.0, 180: 1.0}),
        ("IF(a > 1, a, 0)", {0: 0.0, 60: 2.0, 180: 4.0}),
        ("IF(a > 1, a)", {60: 2.0, 180: 4.0}),
        ("IF(a > 1 AND FILL(none, 0) < 1, 1, 0)", {0: 0.0, 60: 1.0, 180: 1.0}),  # messages wait, and no task runs
        ("IF(1, a, b)", _A),
        ("IF(0, a, b)", _B),
        ("SUM(a)", 7.0),
        ("SUM([a, b])", {0: 11.0, 60: 2.0, 120: 0.0, 180: 24.0}),
        ("SUM(METRICS())", {0: 11.0, 60: 2.0, 120: 0.0, 180: 24.0}),
        ('SUM(METRICS("b"))', _B),
        ("MAX([a, b])", {0: 10.0, 60: 2.0, 120: 0.0, 180: 20.0}),
        ("MIN([a, b])", {0: 1.0, 60: 2.0, 120: 0.0, 180: 4.0}),
        ("AVG([a, b])", {0: 5.5, 60: 2.0, 120: 0.0, 180: 12.0}),
        ("AVG(b)", 10.0),
        ("[a, b] * 2", [{0: 2.0, 60: 4.0, 180: 8.0}, {0: 20.0, 120: 0.0, 180: 40.0}]),
        ("FIRST([a, b])", _A),
        ("LAST([a, b])", _B),
        ("METRIC_COUNT([a, b])", 2.0),
        ("DATAPOINT_COUNT(a)", 3.0),
        ("CEIL(a / 3)", {0: 1, 60: 1, 180: 2}),
        ("FLOOR(a / 3)", {0: 0, 60: 0, 180: 1}),
        ("ABS(0 - a)", _A),
        ("LOG10(b)", {0: 1.0, 180: pytest.approx(1.30103)}),
        ("DIFF(a)", {60: 1.0, 180: 2.0}),
        ("RATE(a)", {60: 1 / 60, 180: 2 / 120}),
        ("RUNNING_SUM(a)", {0: 1.0, 60: 3.0, 180: 7.0}),
        ("a / PERIOD(a)", {0: 1 / 60, 60: 2 / 60, 180: 4 / 60}),
        ("TIME_SERIES(3)", {0: 3.0, 60: 3.0, 120: 3.0, 180: 3.0}),
        ("STDDEV([a, a])", {0: 0.0, 60: 0.0, 180: 0.0}),
        ("fill(a, 0) + fill(b, 0)", {0: 11.0, 60: 2.0, 120: 0.0, 180: 24.0}),
    ],
)
def test_values(text: str, value: Value) -> None:
    assert _value(text) == value


@pytest.mark.parametrize(
    "text",
    ["", "a +", "a b", "(a", "[a", "a ! b", "SEARCH('x', 'Sum')", "ANOMALY_DETECTION_BAND(a, 2)", "nobody", "'text'",
     "FILL(a)", "IF(a)", "[a] + [b]", "FILL(1, 0)", "SUM(1)", "FIRST(a)", "+ a"],
)  # fmt: skip
def test_what_cannot_be_computed_is_an_error(text: str) -> None:
    with pytest.raises(ExpressionError):
        _value(text)


def test_the_names_of_other_queries_are_known() -> None:
    assert parse("IF(m1 > 1, FILL(m2, REPEAT), 0) + SUM(METRICS('m'))").names == {"m1", "m2"}


@given(st.text(alphabet="ab1+-*/^()[],<>=! FILSUM.", max_size=30))
def test_any_text_is_an_expression_or_an_error(text: str) -> None:
    try:
        _value(text)
    except ExpressionError:
        return


@given(st.dictionaries(st.sampled_from(_TIMES), st.floats(-1e6, 1e6)), st.floats(-1e6, 1e6))
def test_filling_gives_each_period_a_value_and_changes_none(series: Series, filler: float) -> None:
    metrics = {"a": series}
    filled = parse(f"FILL(a, {abs(filler):.3f})").value(Context(metrics, metrics, _TIMES, 60))
    assert isinstance(filled, dict)
    assert set(filled) == set(_TIMES)
    assert {time: filled[time] for time in series} == series
