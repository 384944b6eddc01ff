"""The alarm factory: alarms on any metric, one for each severity. Independent of services and signals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_cloudwatch as cloudwatch

from ecr_fargate_constructs._cdk.alarm_actions import bound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs import Construct

    from ecr_fargate_constructs._cdk.alarm_actions import Action


class AlarmFactory:
    """Makes alarms that go off after 3 minutes of 5, with the actions of their severity."""

    def __init__(self, scope: Construct, actions: Mapping[str, Sequence[Action]]) -> None:
        self._scope = scope
        self._actions = actions
        self._alarms: list[cloudwatch.Alarm] = []

    @property
    def alarms(self) -> tuple[cloudwatch.Alarm, ...]:
        """The alarms made so far."""
        return tuple(self._alarms)

    def above(self, signal: str, metric: cloudwatch.IMetric, limits: Mapping[str, float], what: str) -> None:
        """Add alarms on values that are too high; missing data counts as good."""
        compare = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
        self._add(signal, metric, limits, what, compare=compare, missing=cloudwatch.TreatMissingData.NOT_BREACHING)

    def below(self, signal: str, metric: cloudwatch.IMetric, limits: Mapping[str, float], what: str) -> None:
        """Add alarms on values that are too low; missing data counts as bad."""
        compare = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
        self._add(signal, metric, limits, what, compare=compare, missing=cloudwatch.TreatMissingData.BREACHING)

    def _add(
        self,
        signal: str,
        metric: cloudwatch.IMetric,
        limits: Mapping[str, float],
        what: str,
        *,
        compare: cloudwatch.ComparisonOperator,
        missing: cloudwatch.TreatMissingData,
    ) -> None:
        for severity, limit in limits.items():
            alarm = cloudwatch.Alarm(
                self._scope,
                f"{signal}{severity}",
                metric=metric,
                threshold=limit,
                comparison_operator=compare,
                datapoints_to_alarm=3,
                evaluation_periods=5,
                treat_missing_data=missing,
                alarm_description=f"{severity}: {what}.",
            )
            for action in bound(self._actions.get(severity, ())):
                alarm.add_alarm_action(action)
                alarm.add_ok_action(action)
            self._alarms.append(alarm)
