"""The samples of metrics."""

from __future__ import annotations

import threading
from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Scope: TypeAlias = tuple[str, str]
"""Account and region."""


class Metric(NamedTuple):
    """The identity of a metric: each combination of dimensions is a metric of its own."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, namespace: str, name: str, dimensions: Mapping[str, str]) -> Metric:
        """Return the metric with these dimensions, whatever their order."""
        return cls(namespace, name, tuple(sorted(dimensions.items())))


class Sample(NamedTuple):
    """Values at a time: either each value with its count, or a set of statistics without values.

    Attributes:
        time: Seconds since 1970.
        number: Number of values.
        total: Sum of the values.
        low: Least value.
        high: Greatest value.
        values: Pairs of value and count; empty if only the statistics are known.
        unit: Unit, in CloudWatch's words.
    """

    time: float
    number: float
    total: float
    low: float
    high: float
    values: tuple[tuple[float, float], ...] = ()
    unit: str = "None"

    @classmethod
    def of(cls, time: float, values: Iterable[tuple[float, float]], unit: str = "None") -> Sample:
        """Return the sample of at least one value, given as pairs of value and count."""
        pairs = tuple(values)
        numbers = [value for value, _ in pairs]
        total = sum(value * count for value, count in pairs)
        return cls(time, sum(count for _, count in pairs), total, min(numbers), max(numbers), pairs, unit)


class Store:
    """The samples of all metrics, by account and region, in the order of their times."""

    def __init__(self) -> None:
        """Start without any."""
        self._samples: dict[Scope, dict[Metric, list[Sample]]] = {}
        self._lock = threading.Lock()

    def add(self, scope: Scope, metric: Metric, sample: Sample) -> None:
        """Add a sample; times may come in any order."""
        with self._lock:
            samples = self._samples.setdefault(scope, {}).setdefault(metric, [])
            if samples and samples[-1].time > sample.time:
                samples.insert(bisect_left(samples, (sample.time,)), sample)
            else:
                samples.append(sample)

    def samples(self, scope: Scope, metric: Metric, start: float, end: float) -> list[Sample]:
        """Return the samples from a time on, and before another one."""
        with self._lock:
            samples = self._samples.get(scope, {}).get(metric, [])
            return samples[bisect_left(samples, (start,)) : bisect_left(samples, (end,))]

    def metrics(self, scope: Scope) -> list[Metric]:
        """Return the metrics that have samples."""
        with self._lock:
            return sorted(self._samples.get(scope, {}))

    def forget_before(self, time: float) -> None:
        """Delete the samples before a time, and metrics without any left."""
        with self._lock:
            for metrics in self._samples.values():
                for metric in list(metrics):
                    del metrics[metric][: bisect_left(metrics[metric], (time,))]
                    if not metrics[metric]:
                        del metrics[metric]

    def clear(self) -> None:
        """Delete all samples."""
        with self._lock:
            self._samples.clear()
