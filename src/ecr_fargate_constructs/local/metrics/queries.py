"""Answer queries for metrics, as ``GetMetricData`` and alarms ask them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from ecr_fargate_constructs.local.metrics.expressions import Context, parse
from ecr_fargate_constructs.local.metrics.functions import ExpressionError
from ecr_fargate_constructs.local.metrics.statistics import statistic
from ecr_fargate_constructs.local.metrics.store import Metric

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ecr_fargate_constructs.local.metrics.functions import Series, Value
    from ecr_fargate_constructs.local.metrics.store import Scope, Store

_Properties: TypeAlias = "Mapping[str, Any]"


@dataclass(frozen=True)
class Grid:
    """Consecutive periods.

    Attributes:
        start: Start of the first one, in seconds since 1970.
        period: Seconds per period.
        count: Number of periods.
    """

    start: float
    period: int
    count: int

    @classmethod
    def until(cls, end: float, period: int, count: int) -> Grid:
        """Return the periods that end at a time: an alarm's window slides, it is not aligned to the clock.

        Source: "Alarm evaluation" in the Amazon CloudWatch user guide.
        """
        return cls(end - period * count, period, count)

    @classmethod
    def covering(cls, start: float, end: float, period: int) -> Grid:
        """Return the periods, aligned to the clock, from that of a time on, and before another time."""
        first = start // period * period
        return cls(first, period, max(0, -int(-(end - first) // period)))

    @property
    def times(self) -> list[int]:
        """Start of each period."""
        return [int(self.start) + self.period * index for index in range(self.count)]


@dataclass(frozen=True)
class Query:
    """A query of ``MetricDataQueries``: of a metric, or an expression on other queries.

    Attributes:
        identifier: Its id.
        metric: The metric; None for an expression.
        statistic: Statistic of the metric.
        expression: The expression; empty for a metric.
        period: Seconds per period; None if the others decide.
        label: Label of the result.
        returned: Whether it is part of the answer.
    """

    identifier: str
    metric: Metric | None = None
    statistic: str = "Average"
    expression: str = ""
    period: int | None = None
    label: str = ""
    returned: bool = True

    @classmethod
    def of(cls, query: _Properties) -> Query:
        """Read a query in the words of the API."""
        identifier = str(query.get("Id", ""))
        label = str(query.get("Label") or "")
        returned = str(query.get("ReturnData", True)).lower() != "false"
        asked, period = query.get("MetricStat"), query.get("Period")
        if not isinstance(asked, dict):
            expression = str(query.get("Expression") or "")
            return cls(identifier, None, "", expression, int(period) if period else None, label or identifier, returned)
        metric = metric_of(asked["Metric"])
        return cls(
            identifier,
            metric,
            str(asked.get("Stat") or "Average"),
            "",
            int(asked.get("Period") or 60),
            label or metric.name,
            returned,
        )


def metric_of(properties: _Properties) -> Metric:
    """Read a metric in the words of the API."""
    dimensions = {
        str(each["Name"]): str(each.get("Value", "")) for each in properties.get("Dimensions") or [] if each.get("Name")
    }
    return Metric.of(str(properties.get("Namespace") or ""), str(properties.get("MetricName") or ""), dimensions)


def series(store: Store, scope: Scope, metric: Metric, name: str, grid: Grid) -> Series:
    """Return a statistic of a metric for each period that has values.

    Raises:
        UnknownStatisticError: CloudWatch has no such statistic.
    """
    samples = store.samples(scope, metric, grid.start, grid.start + grid.period * grid.count)
    periods: dict[int, list[Any]] = {}
    for sample in samples:
        periods.setdefault(int((sample.time - grid.start) // grid.period), []).append(sample)
    values = {index: statistic(name, each) for index, each in periods.items()}
    times = grid.times
    return {times[index]: value for index, value in sorted(values.items()) if value is not None}


def period_of(queries: Iterable[Query]) -> int:
    """Return the period of expressions: the longest one of the queries."""
    return max((query.period for query in queries if query.period), default=60)


def answers(store: Store, scope: Scope, queries: Sequence[Query], grid: Grid) -> dict[str, Value]:
    """Compute all queries over the same periods, by id.

    Raises:
        ExpressionError: An expression cannot be computed, or depends on itself.
        UnknownStatisticError: CloudWatch has no such statistic.
    """
    metrics = {
        query.identifier: series(store, scope, query.metric, query.statistic, grid)
        for query in queries
        if query.metric is not None
    }
    values: dict[str, Value] = dict(metrics)
    expressions = {query.identifier: parse(query.expression) for query in queries if query.metric is None}
    while expressions:
        ready = [name for name, expression in expressions.items() if not expression.names & set(expressions)]
        if not ready:
            raise ExpressionError(f"{', '.join(expressions)}, which depend on each other")
        for name in ready:
            values[name] = expressions.pop(name).value(Context(values, metrics, grid.times, grid.period))
    return values
