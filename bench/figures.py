"""Arithmetic of the benchmark: ratios of pairs, straight lines. Pure."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the median of the ratios of values measured side by side: a slow minute slows both of a pair."""
    return statistics.median(one / other for one, other in zip(ours, theirs, strict=True))


def in_shares(values: Sequence[Sequence[float]]) -> list[float]:
    """Return the medians of values measured in rounds, as shares of their round: slow rounds do not distort them.

    Args:
        values: The values of each program, one per round.
    """
    rounds = [sum(each) for each in zip(*values, strict=True)]
    return [statistics.median(value / whole for value, whole in zip(each, rounds, strict=True)) for each in values]


@dataclass(frozen=True, kw_only=True)
class Line:
    """A straight line through measured points, by least squares.

    Attributes:
        start: The value without any service.
        slope: The increase per service.
        r_squared: Share of the variance that the line explains; 1 is all of it.
        deviation: The largest distance of a point from the line, as a share of the largest value.
    """

    start: float
    slope: float
    r_squared: float
    deviation: float

    @classmethod
    def through(cls, points: Sequence[tuple[float, float]]) -> Line:
        """Fit a line."""
        xs, ys = zip(*points, strict=True)
        slope, start = statistics.linear_regression(xs, ys)
        distances = [y - (start + slope * x) for x, y in points]
        mean = statistics.fmean(ys)
        total = sum((y - mean) ** 2 for y in ys)
        return cls(
            start=start,
            slope=slope,
            r_squared=1 - sum(distance**2 for distance in distances) / total if total else 1.0,
            deviation=max(map(abs, distances)) / max(map(abs, ys)),
        )


def regressions(before: Mapping[str, float], now: Mapping[str, float], tolerance: float) -> dict[str, str]:
    """Return a sentence for each ratio that is worse than the tolerance allows; lower is better for all of them."""
    return {
        name: f"{name}: {before[name]:.3g} before, {value:.3g} now ({value / before[name] - 1:+.0%})"
        for name, value in now.items()
        if name in before and value > before[name] * (1 + tolerance)
    }
