"""The alarm factory: alarms on any metric, one for each severity. Knows no service and no signal."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as cloudwatch_actions
from aws_cdk import aws_sns as sns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs import Construct

Action: TypeAlias = "sns.ITopic | sns.TopicBase | cloudwatch.IAlarmAction"
"""A topic, or anything that an alarm can set off."""


class AlarmFactory:
    """Makes alarms that go off after 3 minutes of 5, and sets off the actions of their severity."""

    def __init__(self, scope: Construct, actions: Mapping[str, Sequence[Action]]) -> None:
        """Make alarms in ``scope``."""
        self._scope = scope
        self._actions = actions
        self._made: list[cloudwatch.Alarm] = []

    @property
    def made(self) -> tuple[cloudwatch.Alarm, ...]:
        """All that were made."""
        return tuple(self._made)

    def above(self, signal: str, metric: cloudwatch.IMetric, limits: Mapping[str, float], what: str) -> None:
        """Alarms on too much: missing data is no failure."""
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
            self._tell(alarm, severity)

    def below(self, signal: str, metric: cloudwatch.IMetric, limits: Mapping[str, float], what: str) -> None:
        """Alarms on too little: missing data is the failure."""
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
            self._tell(alarm, severity)

    def _tell(self, alarm: cloudwatch.Alarm, severity: str) -> None:
        for action in self._actions.get(severity, ()):
            bound = action if _is_action(action) else cloudwatch_actions.SnsAction(action)  # type: ignore[arg-type]
            alarm.add_alarm_action(bound)  # type: ignore[arg-type]
            alarm.add_ok_action(bound)  # type: ignore[arg-type]
        self._made.append(alarm)


def _is_action(value: object) -> bool:
    """Whether it is an alarm action; interfaces of CDK cannot be asked for by class."""
    return hasattr(value, "bind")
