"""Judge data points: the state of an alarm, and the reason in CloudWatch's words.

Source: "Configuring how CloudWatch alarms treat missing data" in the Amazon CloudWatch user guide, with its tables.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

OK, ALARM, INSUFFICIENT_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"
"""The states of an alarm."""

EXTRA_PERIODS = 2
"""Periods before the evaluation periods that CloudWatch retrieves, too: five for three in its tables."""


class Missing(Enum):
    """The ways in which an alarm treats missing data points."""

    MISSING = "missing"
    IGNORE = "ignore"
    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"


COMPARISONS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}
"""Comparison operators of alarms on a fixed threshold, and their words."""


@dataclass(frozen=True)
class Rule:
    """When data points mean an alarm.

    Attributes:
        comparison: One of ``COMPARISONS``.
        threshold: What the data points are compared with.
        periods: Number of data points that are evaluated.
        to_alarm: Number of them that have to breach the threshold.
        missing: How missing data points are treated.
    """

    comparison: str
    threshold: float
    periods: int = 1
    to_alarm: int = 1
    missing: Missing = Missing.MISSING

    def breaches(self, value: float) -> bool:
        """Return whether a value breaches the threshold."""
        return COMPARISONS[self.comparison][0](value, self.threshold)


@dataclass(frozen=True)
class Verdict:
    """The state of an alarm, and the reason."""

    state: str
    reason: str


def judge(points: Sequence[float | None], rule: Rule, current: str) -> Verdict:
    """Return the state that data points mean.

    If enough of the points exist, only the newest of these count. Otherwise as few missing points as possible are
    filled in, as the alarm treats them; points that are treated as missing raise an alarm only if all others breach the
    threshold and the oldest of them is old enough.

    Args:
        points: Values of the latest periods, the oldest first and None where there is none: the evaluation periods, and
            ``EXTRA_PERIODS`` before them.
        rule: When they mean an alarm.
        current: The current state, which ``ignore`` keeps.
    """
    real = [(age, value) for age, value in enumerate(reversed(points)) if value is not None]
    evaluated = [value for _, value in real[: rule.periods]]
    breaching = sum(map(rule.breaches, evaluated))
    absent = rule.periods - len(evaluated)
    if absent and rule.missing is Missing.BREACHING:
        breaching += absent
    undecided = rule.missing in (Missing.MISSING, Missing.IGNORE) and breaching < rule.to_alarm
    if absent and undecided and all(rule.breaches(value) for _, value in real):
        return _without_enough(real, rule, current)
    state = ALARM if breaching >= rule.to_alarm else OK
    return Verdict(state, _crossed(evaluated, rule, state, absent))


def _without_enough(real: Sequence[tuple[int, float]], rule: Rule, current: str) -> Verdict:
    """Judge points that are missing, or breach the threshold but are too few."""
    unknown = f"{rule.periods - len(real)} datapoint{'s were' if rule.periods - len(real) > 1 else ' was'} unknown."
    if rule.missing is Missing.IGNORE:
        return Verdict(current, f"The state is kept: {unknown}")
    if not real:
        return Verdict(INSUFFICIENT_DATA, f"Insufficient Data: {unknown}")
    # "Avoiding premature transitions to alarm state": a later point could still be within the threshold.
    oldest_age = real[-1][0] + 1
    state = ALARM if oldest_age >= rule.to_alarm else OK
    return Verdict(state, _crossed([value for _, value in real], rule, state, rule.periods - len(real)))


def _crossed(evaluated: Sequence[float], rule: Rule, state: str, absent: int) -> str:
    words = COMPARISONS[rule.comparison][1]
    matching = [value for value in evaluated if rule.breaches(value) == (state == ALARM)]
    verb = ("was" if len(matching) == 1 else "were") + ("" if state == ALARM else " not")
    parts = []
    if matching or not absent:
        shown = ", ".join(f"{value:g}" for value in matching[:5])
        parts.append(
            f"{len(matching)} out of the last {rule.periods} datapoints [{shown}] {verb} {words} the threshold "
            f"({rule.threshold:g})"
        )
    if absent:
        kind = {Missing.BREACHING: "[Breaching]", Missing.NOT_BREACHING: "[NonBreaching]"}.get(rule.missing)
        received = f"no datapoints were received for {absent} period{'s' if absent > 1 else ''}"
        treated = f" and {absent} missing datapoint{'s were' if absent > 1 else ' was'} treated as {kind}"
        parts.append(received + (treated if kind else ""))
    return f"Threshold Crossed: {'; '.join(parts)}."
