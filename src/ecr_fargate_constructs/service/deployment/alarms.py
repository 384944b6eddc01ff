"""Alarms that stop a deployment and roll it back."""

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
from ecr_fargate_constructs._rules.tokens import Number, is_token
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
"""Minutes in a row above the threshold that set off an alarm. ECS watches a rolling deployment for as long as its
slowest alarm needs: a third minute would make every deployment a minute longer."""


@typed
@dataclass(frozen=True, kw_only=True)
class RollbackAlarms:
    """Alarms, one set for each target group, that ECS watches during a deployment.

    ECS rolls back when one of them goes off during the deployment, and ignores one that is in alarm when it starts: the
    new version did not cause it. Missing data counts as good: without traffic there is no alarm.

    Defaults, each for 2 minutes in a row, so that a rolling deployment is watched for 2 minutes before it completes:
    tasks answer more than 5 % of the requests with 5xx; a task fails its health check (for 2 minutes more than the
    start period or grace period, if one is set); fewer than nine of ten requests are answered within 3 seconds.
    CloudWatch charges about 0.40 US dollars a month for the three alarms of a target group, of which ``Rolling`` has
    one and the other strategies two.

    Attributes:
        error_percent: Responses with 5xx, in percent of the requests, from 0 to below 100; None for no such alarm;
            default, 5.
        unhealthy_hosts: Number of unhealthy tasks that sets off the alarm, 1 or more; None for no such alarm; default,
            1.
        latency: Time within which nine of ten requests are answered; None for no such alarm; default, 3 seconds.
        existing: Your own alarms that also roll back: alarms, or their names; default, none.

    Raises:
        ConfigurationError: A threshold could never be reached, or always would be, or a name is given twice.
    """

    error_percent: Number | None = 5
    unhealthy_hosts: Number | None = 1
    latency: cdk.Duration | None = field(default_factory=lambda: of_seconds(3))
    existing: Sequence[cloudwatch.IAlarm | str] = ()

    def __post_init__(self) -> None:
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
            raise ConfigurationError(f"RollbackAlarms.existing={self.existing!r} is a string; put it in a list")
        names = [name for name in self.existing if isinstance(name, str)]
        for name in names:
            if not name:
                raise ConfigurationError("RollbackAlarms.existing has an empty name; name an alarm")
            if not is_token(name) and len(name) > _LONGEST_NAME:
                raise ConfigurationError(
                    f"RollbackAlarms.existing has a name of {len(name)} characters, but an alarm's name has at most "
                    f"{_LONGEST_NAME}; use the alarm's name, not its description"
                )
            if names.count(name) > 1:
                raise ConfigurationError(f"RollbackAlarms.existing has {name!r} twice; name each alarm once")
        if not self._any():
            raise ConfigurationError("RollbackAlarms has no alarm; use alarms=None for a deployment without alarms")

    def _any(self) -> bool:
        return bool(self.existing) or any(
            each is not None for each in (self.error_percent, self.unhealthy_hosts, self.latency)
        )


def check_without_targets(alarms: RollbackAlarms | None) -> None:
    """Refuse thresholds of requests for a service that gets none; the defaults have no effect there."""
    if alarms is None:
        return
    default = RollbackAlarms()
    for name in ("error_percent", "unhealthy_hosts", "latency"):
        value = getattr(alarms, name)
        if value is None or value == getattr(default, name):
            continue
        raise ConfigurationError(
            f"RollbackAlarms.{name} is about the requests that a load balancer sends, and a worker has none; omit it, "
            "and name alarms of your own in existing=, for example [queue.dead_letter_alarm]",
        )


def _check_latency(latency: cdk.Duration) -> None:
    duration("RollbackAlarms.latency", latency)
    limit = seconds_in(latency)
    if limit is None:
        token_in("RollbackAlarms.latency", latency.to_seconds, "seconds")
    elif limit <= 0:
        raise ConfigurationError("RollbackAlarms.latency is zero; use for example Duration.seconds(3)")


def render_alarms(
    scope: Construct,
    alarms: RollbackAlarms | None,
    *,
    targets: Mapping[str, elbv2.ApplicationTargetGroup],
    balancers: Mapping[str, str],
    grace: cdk.Duration,
) -> dict[str, object]:
    """Make the alarms of each target group, and return the ``Alarms`` of a service.

    The service names the alarms by reference, so CloudFormation makes them first. The alarms refer to target groups and
    load balancer, not to the service, which would be a circular dependency.

    Args:
        scope: Parent of the alarms.
        alarms: The alarms; None disables alarms explicitly, because a service that had some would keep them.
        targets: Target groups by a prefix of the alarms' ids.
        balancers: Full name of the load balancer of each target group, by the same prefix.
        grace: Time that a task may take to start.
    """
    if alarms is None:
        return {"AlarmNames": [], "Enable": False, "Rollback": False}
    names = [each if isinstance(each, str) else each.alarm_name for each in alarms.existing]
    start = seconds_in(grace)
    # Tasks that start slowly are unhealthy at first; others pass their checks in their first minute.
    patience = _WATCHED if start is None or start <= _MINUTE else _WATCHED + math.ceil(start / _MINUTE)
    above = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
    reached = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
    slow = None if alarms.latency is None else number_of_seconds(alarms.latency)
    for prefix, group in targets.items():
        for name, metric, threshold, compare, what, minutes in (
            ("Errors", error_percent, alarms.error_percent, above, "Too many requests are answered with 5xx", _WATCHED),
            ("Unhealthy", unhealthy_hosts, alarms.unhealthy_hosts, reached, "Tasks fail their health check", patience),
            ("Latency", latency, slow, above, "Requests are answered too slowly", _WATCHED),
        ):
            if threshold is None:
                continue
            alarm = cloudwatch.Alarm(
                scope,
                f"{prefix}{name}",
                metric=metric(group, balancers[prefix]),
                threshold=threshold,
                comparison_operator=compare,
                datapoints_to_alarm=minutes,
                evaluation_periods=minutes,
                treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
                alarm_description=f"{what}; a deployment under way is rolled back.",
            )
            acknowledge_alarm(scope, alarm)
            names.append(alarm.alarm_name)
    # A worker has no target group, and perhaps no alarm at all.
    return {"AlarmNames": names, "Enable": bool(names), "Rollback": bool(names)}
