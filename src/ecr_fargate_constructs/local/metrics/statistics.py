"""Statistics of samples, in CloudWatch's words.

Source: "CloudWatch statistics definitions" in the Amazon CloudWatch user guide.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ecr_fargate_constructs.local.metrics.store import Sample

_BASIC: dict[str, Callable[[Sequence[Sample]], float]] = {
    "SampleCount": lambda samples: sum(each.number for each in samples),
    "Sum": lambda samples: sum(each.total for each in samples),
    "Average": lambda samples: sum(each.total for each in samples) / sum(each.number for each in samples),
    "Minimum": lambda samples: min(each.low for each in samples),
    "Maximum": lambda samples: max(each.high for each in samples),
}
BASIC_STATISTICS = tuple(_BASIC)
"""The statistics that need no distribution of values."""

_PERCENTILE = re.compile(r"p(\d{1,3}(?:\.\d+)?)", re.IGNORECASE)
_TRIMMED = re.compile(r"(tm|wm|tc|ts)(\d{1,3}(?:\.\d+)?)", re.IGNORECASE)
_RANGE = re.compile(r"(TM|WM|TC|TS|PR)\((?:(\d+(?:\.\d+)?)(%?))?:(?:(\d+(?:\.\d+)?)(%?))?\)", re.IGNORECASE)


class UnknownStatisticError(ValueError):
    """A statistic that CloudWatch does not have."""


def statistic(name: str, samples: Sequence[Sample]) -> float | None:
    """Return a statistic of samples; None if there are none, or their values are not known.

    Raises:
        UnknownStatisticError: CloudWatch has no such statistic.
    """
    samples = [each for each in samples if each.number > 0]
    computed = _BASIC.get(name) or _extended(name)
    return computed(samples) if samples else None


def _extended(name: str) -> Callable[[Sequence[Sample]], float | None]:
    if matched := _PERCENTILE.fullmatch(name):
        percent = float(matched[1])
        return lambda samples: _of_values(samples, lambda values: _percentile(values, percent))
    if name.upper() == "IQM":
        return lambda samples: _of_values(samples, lambda values: _between(values, "TM", 25, 75))
    if matched := _TRIMMED.fullmatch(name):
        kind, high = matched[1].upper(), float(matched[2])
        return lambda samples: _of_values(samples, lambda values: _between(values, kind, 0, high))
    if matched := _RANGE.fullmatch(name):
        kind, low, low_percent, high_text, high_percent = matched.groups()
        if kind.upper() != "PR" and (low_percent or high_percent):
            bounds = float(low or 0), float(high_text or 100)
            return lambda samples: _of_values(samples, lambda values: _between(values, kind.upper(), *bounds))
        limits = float(low) if low else float("-inf"), float(high_text) if high_text else float("inf")
        return lambda samples: _of_values(samples, lambda values: _within(values, kind.upper(), *limits))
    raise UnknownStatisticError(name)


def _of_values(samples: Sequence[Sample], compute: Callable[[list[tuple[float, float]]], float | None]) -> float | None:
    """Compute from values; a set of statistics counts only if all its values are equal."""
    values: list[tuple[float, float]] = []
    for each in samples:
        if not each.values and each.low != each.high:
            return None
        values.extend(each.values or [(each.low, each.number)])
    return compute(sorted(values))


def _percentile(values: list[tuple[float, float]], percent: float) -> float:
    """Interpolate between the two nearest ranks, each value repeated as often as it was counted."""
    rank = percent / 100 * (sum(count for _, count in values) - 1)
    low = _at(values, int(rank))
    return low + (rank - int(rank)) * (_at(values, int(rank) + 1) - low)


def _at(values: list[tuple[float, float]], rank: int) -> float:
    seen = 0.0
    for value, count in values:
        seen += count
        if rank < seen:
            return value
    return values[-1][0]


def _between(values: list[tuple[float, float]], kind: str, low: float, high: float) -> float | None:
    """Return a trimmed statistic between two percentiles."""
    bounds = _percentile(values, low), _percentile(values, high)
    if kind == "WM":
        clipped = [(min(max(value, bounds[0]), bounds[1]), count) for value, count in values]
        return sum(value * count for value, count in clipped) / sum(count for _, count in clipped)
    return _within(values, kind, *bounds)


def _within(values: list[tuple[float, float]], kind: str, low: float, high: float) -> float | None:
    """Return a statistic of the values between two limits, both included."""
    kept = [(value, count) for value, count in values if low <= value <= high]
    count, total = sum(count for _, count in kept), sum(value * count for value, count in kept)
    if kind == "TC":
        return count
    if kind == "TS":
        return total
    if kind == "PR":
        return 100 * count / sum(each for _, each in values)
    return total / count if count else None
