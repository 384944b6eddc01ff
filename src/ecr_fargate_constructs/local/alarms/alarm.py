"""Read an alarm's properties, and evaluate it at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from ecr_fargate_constructs.local.alarms.evaluation import COMPARISONS, EXTRA_PERIODS, Missing, Rule, Verdict, judge
from ecr_fargate_constructs.local.metrics.functions import ExpressionError
from ecr_fargate_constructs.local.metrics.queries import Grid, Query, answers, metric_of, period_of
from ecr_fargate_constructs.local.metrics.statistics import UnknownStatisticError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ecr_fargate_constructs.local.metrics.store import Scope, Store

_Properties: TypeAlias = "Mapping[str, Any]"


class NotEmulatedError(ValueError):
    """An alarm that cannot be evaluated; the text says why."""


@dataclass(frozen=True)
class Alarm:
    """A metric alarm.

    Attributes:
        name: Its name.
        rule: When data points mean an alarm.
        queries: The queries that the data points come from.
        watched: Id of the query that the rule judges.
        period: Seconds per period.
    """

    name: str
    rule: Rule
    queries: tuple[Query, ...]
    watched: str
    period: int

    @classmethod
    def of(cls, properties: _Properties) -> Alarm:
        """Read an alarm in the words of ``PutMetricAlarm``.

        Raises:
            NotEmulatedError: It is on an anomaly, or on several series.
        """
        name, comparison = str(properties["AlarmName"]), str(properties.get("ComparisonOperator"))
        if comparison not in COMPARISONS:
            raise NotEmulatedError(f"it uses {comparison}")
        periods = int(properties.get("EvaluationPeriods") or 1)
        rule = Rule(
            comparison,
            float(properties.get("Threshold") or 0),
            periods,
            int(properties.get("DatapointsToAlarm") or periods),
            _treatment(properties),
        )
        if properties.get("Metrics"):
            queries = tuple(Query.of(each) for each in properties["Metrics"])
            watched = [query.identifier for query in queries if query.returned]
            if len(watched) != 1:
                raise NotEmulatedError(f"it watches {', '.join(watched) or 'none'} of its queries instead of one")
            return cls(name, rule, queries, watched[0], period_of(queries))
        named = str(properties.get("ExtendedStatistic") or properties.get("Statistic") or "Average")
        period = int(properties.get("Period") or 60)
        return cls(name, rule, (Query("m1", metric_of(properties), named, period=period),), "m1", period)

    def points(self, store: Store, scope: Scope, now: float) -> list[float | None]:
        """Return the data points that the rule judges at a time, the oldest first.

        Raises:
            NotEmulatedError: Its expression or statistic is not emulated.
        """
        grid = Grid.until(now, self.period, self.rule.periods + EXTRA_PERIODS)
        try:
            value = answers(store, scope, self.queries, grid)[self.watched]
        except (ExpressionError, UnknownStatisticError) as error:
            raise NotEmulatedError(f"it uses {error}") from error
        if not isinstance(value, dict):
            raise NotEmulatedError(f"its query {self.watched} is not one time series")
        return [value.get(time) for time in grid.times]

    def verdict(self, store: Store, scope: Scope, now: float, current: str) -> Verdict:
        """Evaluate the alarm at a time.

        Raises:
            NotEmulatedError: Its expression or statistic is not emulated.
        """
        return judge(self.points(store, scope, now), self.rule, current)


def _treatment(properties: _Properties) -> Missing:
    """Return how missing data is treated; alarms on DynamoDB's metrics ignore it."""
    if properties.get("Namespace") == "AWS/DynamoDB":
        return Missing.IGNORE
    return Missing(properties.get("TreatMissingData") or "missing")
