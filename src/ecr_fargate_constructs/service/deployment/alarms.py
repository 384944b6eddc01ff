"""Alarms that stop a deployment and bring the old version back."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aws_cdk import aws_cloudwatch as cloudwatch

from ecr_fargate_constructs._cdk.duration_checks import duration, token_in
from ecr_fargate_constructs._cdk.durations import number_of_seconds, of_seconds, seconds_in
from ecr_fargate_constructs._cdk.target_metrics import error_percent, latency, unhealthy_hosts
from ecr_fargate_constructs._regulated.findings import acknowledge_alarm
from ecr_fargate_constructs._rules.checks import whole_number
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import aws_cdk as cdk
    from aws_cdk import aws_elasticloadbalancingv2 as elbv2
    from constructs import Construct

_MINUTE = 60  # seconds; the load balancer measures once a minute
_LONGEST_NAME = 255  # characters: "PutMetricAlarm" in the Amazon CloudWatch API reference
_WATCHED = 2
"""Bad minutes in a row that set an alarm off. ECS watches a rolling deployment for as long as its slowest alarm takes:
a third minute would make every rollout a minute longer."""


@typed
@dataclass(frozen=True, kw_only=True)
class RollbackAlarms:
    """Alarms, one set for each target group, which ECS watches while it deploys.

    ECS rolls back when one of them goes off during the deployment, and ignores one that is off already when it starts:
    then it was not this version that did it. No traffic, no alarm: missing data is no failure.

    Defaults, each for 2 minutes in a row, so that a rolling deployment is watched for 2 minutes before it is done: more
    than 5 % of the requests answered with 5xx by the tasks; a task that fails its health check (where a start period or
    a grace period says that tasks start slowly, for 2 minutes more than that); nine of ten requests not answered within
    3 seconds. CloudWatch charges about 0.40 US dollars a month for the three of a target group, of which
    ``Rolling`` has one and the other strategies two.

    Attributes:
        error_percent: Answers with 5xx, in percent of the requests, from 0 to below 100; None makes no such alarm.
        unhealthy_hosts: Unhealthy tasks that set the alarm off, 1 or more; None makes no such alarm.
        latency: Time within which nine of ten requests are answered; None makes no such alarm.
        existing: Alarms of yours that roll back too: alarms, or their names.

    Raises:
        ConfigurationError: For a threshold that can never, or would always be reached, or the same name twice.
    """

    error_percent: float | None = 5
    unhealthy_hosts: float | None = 1
    latency: cdk.Duration | None = field(default_factory=lambda: of_seconds(3))
    existing: Sequence[cloudwatch.IAlarm | str] = ()

    def __post_init__(self) -> None:
        """Refuse thresholds that judge nothing."""
        percent = self.error_percent
        if percent is not None and not is_token(percent) and not 0 <= percent < 100:  # noqa: PLR2004 - percent
            raise ConfigurationError(
                f"RollbackAlarms.error_percent={percent!r} is not a share of requests; use 0 to below 100, or None"
            )
        if self.unhealthy_hosts is not None:
            whole_number("RollbackAlarms.unhealthy_hosts", self.unhealthy_hosts, minimum=1, what="a number of tasks")
        if self.latency is not None:
            _check_latency(self.latency)
        if isinstance(self.existing, str):
            raise ConfigurationError(f"RollbackAlarms.existing={self.existing!r} is one name; put it in a list")
        names = [name for name in self.existing if isinstance(name, str)]
        for name in names:
            if not name:
                raise ConfigurationError("RollbackAlarms.existing has an empty name; name an alarm")
            if not is_token(name) and len(name) > _LONGEST_NAME:
                raise ConfigurationError(
                    f"RollbackAlarms.existing has a name of {len(name)} characters, and alarms have {_LONGEST_NAME} at "
                    "most; use the alarm's name, not its description"
                )
            if names.count(name) > 1:
                raise ConfigurationError(f"RollbackAlarms.existing has {name!r} twice; name each alarm once")
        if not self._any():
            raise ConfigurationError("RollbackAlarms has no alarm left; say alarms=None if none is meant")

    def _any(self) -> bool:
        return bool(self.existing) or any(
            each is not None for each in (self.error_percent, self.unhealthy_hosts, self.latency)
        )


def _check_latency(latency: cdk.Duration) -> None:
    duration("RollbackAlarms.latency", latency)
    limit = seconds_in(latency)
    if limit is None:
        token_in("RollbackAlarms.latency", latency.to_seconds, "seconds")
    elif limit <= 0:
        raise ConfigurationError("RollbackAlarms.latency is no time at all; use for example Duration.seconds(3)")


def render_alarms(
    scope: Construct,
    alarms: RollbackAlarms | None,
    *,
    targets: Mapping[str, elbv2.ApplicationTargetGroup],
    balancer: str,
    grace: cdk.Duration,
) -> dict[str, object]:
    """Make the alarms of each target group, and return the ``Alarms`` of a service.

    The service names the alarms by reference, so CloudFormation makes them first. They know the target groups and the
    load balancer and not the service: that would be a circle.

    Args:
        scope: Parent of the alarms.
        alarms: Which; None switches alarms off, and says so, or a service that had some would keep them.
        targets: Target groups by a prefix of the alarms' ids.
        balancer: Full name of the load balancer.
        grace: Time that a task may take to start.
    """
    if alarms is None:
        return {"AlarmNames": [], "Enable": False, "Rollback": False}
    names = [each if isinstance(each, str) else each.alarm_name for each in alarms.existing]
    waiting = seconds_in(grace)
    # Tasks that may be slow are unhealthy at first; without a word they pass their checks in their first minute.
    patience = _WATCHED if waiting is None or waiting <= _MINUTE else _WATCHED + math.ceil(waiting / _MINUTE)
    for prefix, group in targets.items():
        if alarms.error_percent is not None:
            names.append(
                _alarm(
                    scope,
                    f"{prefix}Errors",
                    metric=error_percent(group, balancer),
                    threshold=alarms.error_percent,
                    compare=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
                    what="Too many requests are answered with 5xx",
                    minutes=_WATCHED,
                )
            )
        if alarms.unhealthy_hosts is not None:
            names.append(
                _alarm(
                    scope,
                    f"{prefix}Unhealthy",
                    metric=unhealthy_hosts(group, balancer),
                    threshold=alarms.unhealthy_hosts,
                    compare=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
                    what="Tasks fail their health check",
                    minutes=patience,
                )
            )
        if alarms.latency is not None:
            names.append(
                _alarm(
                    scope,
                    f"{prefix}Latency",
                    metric=latency(group, balancer, "p90"),
                    threshold=number_of_seconds(alarms.latency),
                    compare=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
                    what="Requests are answered too slowly",
                    minutes=_WATCHED,
                )
            )
    return {"AlarmNames": names, "Enable": True, "Rollback": True}


def _alarm(
    scope: Construct,
    construct_id: str,
    *,
    metric: cloudwatch.IMetric,
    threshold: float,
    compare: cloudwatch.ComparisonOperator,
    what: str,
    minutes: int,
) -> str:
    alarm = cloudwatch.Alarm(
        scope,
        construct_id,
        metric=metric,
        threshold=threshold,
        comparison_operator=compare,
        datapoints_to_alarm=minutes,
        evaluation_periods=minutes,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        alarm_description=f"{what}; a deployment under way is rolled back.",
    )
    acknowledge_alarm(scope, alarm)
    return alarm.alarm_name
