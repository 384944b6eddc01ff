"""The alarms of a job."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import aws_cloudwatch as cloudwatch

from ecr_fargate_constructs._cdk.durations import of_minutes, seconds_in
from ecr_fargate_constructs._cdk.warning import warn
from ecr_fargate_constructs._rules.cron import Cron
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.service.job.runs import LONGEST_WINDOW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_sqs as sqs
    from aws_cdk import aws_stepfunctions as sfn
    from constructs import Construct

    from ecr_fargate_constructs.service.job.plan import JobPlan

_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60  # seconds
_UNITS = {"minute": _MINUTE, "hour": _HOUR, "day": _DAY}
_CLOCK_CHANGE = _HOUR
_SHORT = 3 * _HOUR  # a window up to which it is divided into periods of five minutes, and else of an hour
_SLACK = 300  # seconds for Scheduler, which invokes within a minute, and for metrics to arrive


@dataclass(frozen=True, kw_only=True)
class Alarms:
    """The alarms of a job; ``missed`` is None if there is none."""

    failed: cloudwatch.Alarm
    missed: cloudwatch.Alarm | None
    dead_letter: cloudwatch.Alarm


def add_alarms(
    scope: Construct,
    plan: JobPlan,
    machine: sfn.StateMachine,
    dead_letters: sqs.Queue,
    actions: Sequence[cloudwatch.IAlarmAction],
    *,
    enabled: bool,
) -> Alarms:
    """Create the alarms."""
    failed = _alarm(
        scope,
        "Failed",
        machine.metric_failed(statistic="Sum", period=of_minutes(5)),  # for which it stays on
        what="A run of the job failed, and no further attempt is left: its last lines are in the log group.",
        actions=actions,
    )
    dead_letter = _alarm(
        scope,
        "DeadLetter",
        dead_letters.metric_approximate_number_of_messages_visible(statistic="Maximum", period=of_minutes(1)),
        what="EventBridge Scheduler could not start a run of the job; the dead-letter queue says why.",
        actions=actions,
    )
    return Alarms(
        failed=failed, missed=_missed(scope, plan, machine, actions) if enabled else None, dead_letter=dead_letter
    )


def _missed(
    scope: Construct, plan: JobPlan, machine: sfn.StateMachine, actions: Sequence[cloudwatch.IAlarmAction]
) -> cloudwatch.Alarm | None:
    window = _window(plan)
    if window is None:
        return None
    if window > LONGEST_WINDOW:
        warn(
            scope,
            "jobTooRareForAlarm",
            "no alarm reports a job that does not run: there may be more than 7 days between two successes, and "
            "CloudWatch looks back no further; set JobAlarms(succeeds_within=…) if they are closer",
        )
        return None
    period = 5 if window <= _SHORT else 60
    count = math.ceil(window / (period * _MINUTE))
    alarm = cloudwatch.Alarm(
        scope,
        "Missed",
        metric=machine.metric_succeeded(statistic="Sum", period=of_minutes(period)),
        threshold=1,
        comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
        evaluation_periods=count,
        datapoints_to_alarm=count,
        treat_missing_data=cloudwatch.TreatMissingData.BREACHING,  # Step Functions reports no zero
        alarm_description=f"No run of the job has succeeded for {_text(count * period)}.",
    )
    if actions:
        alarm.add_alarm_action(*actions)
    return alarm


def _window(plan: JobPlan) -> float | None:
    """Return the seconds in which a run has to succeed; None if the schedule ends, or is known to nobody yet."""
    if plan.alarms.succeeds_within is not None:
        return seconds_in(plan.alarms.succeeds_within)
    gap, longest = longest_gap(plan.schedule.expression_string), plan.runs.longest
    return None if gap is None or longest is None else gap + longest + _SLACK


def longest_gap(expression: str) -> float | None:
    """Return the greatest number of seconds between two runs."""
    if is_token(expression):
        return None
    inside = expression.partition("(")[2].removesuffix(")")
    if expression.startswith("rate("):
        number, unit = inside.split()
        return int(number) * _UNITS[unit.removesuffix("s")]
    if expression.startswith("cron("):
        gap = Cron.of(expression).longest_gap()
        return None if gap is None else gap + _CLOCK_CHANGE if gap > _HOUR else gap
    return None


def _text(minutes: int) -> str:
    return f"{minutes} minutes" if minutes % 60 else f"{minutes // 60} hours"


def _alarm(
    scope: Construct,
    construct_id: str,
    metric: cloudwatch.Metric,
    *,
    what: str,
    actions: Sequence[cloudwatch.IAlarmAction],
) -> cloudwatch.Alarm:
    alarm = cloudwatch.Alarm(
        scope,
        construct_id,
        metric=metric,
        threshold=1,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluation_periods=1,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        alarm_description=what,
    )
    if actions:
        alarm.add_alarm_action(*actions)
    return alarm
