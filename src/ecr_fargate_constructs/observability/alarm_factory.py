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
        """Use ``scope`` as the parent of the alarms."""
        self._scope = scope
        self._actions = actions
        self._alarms: list[cloudwatch.Alarm] = []

    @property
    def alarms(self) -> tuple[cloudwatch.Alarm, ...]:
        """The alarms made so far."""
        return tuple(self._alarms)

    def above(self, signal: str, metric: cloudwatch.IMetric, limits: Mapping[str, float], what: str) -> None:
        """Add alarms on values that are too high; missing data counts as good."""
        for severity, limit in limits.items():
            alarm = cloudwatch.Alarm(
                self._scope,
                f"{signal}{severity}",
                metric=metric,
                threshold=limit,
                comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
                datapoints_to_alarm=3,
                evaluation_periods=5,
                treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
                alarm_description=f"{severity}: {what}.",
            )
            self._add_actions(alarm, severity)

    def below(self, signal: str, metric: cloudwatch.IMetric, limits: Mapping[str, float], what: str) -> None:
        """Add alarms on values that are too low; missing data counts as bad."""
        for severity, limit in limits.items():
            alarm = cloudwatch.Alarm(
                self._scope,
                f"{signal}{severity}",
                metric=metric,
                threshold=limit,
                comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
                datapoints_to_alarm=3,
                evaluation_periods=5,
                treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
                alarm_description=f"{severity}: {what}.",
            )
            self._add_actions(alarm, severity)

    def _add_actions(self, alarm: cloudwatch.Alarm, severity: str) -> None:
        for action in bound(self._actions.get(severity, ())):
            alarm.add_alarm_action(action)
            alarm.add_ok_action(action)
        self._alarms.append(alarm)
