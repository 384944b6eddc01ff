"""Rules for the runs of a job: overlaps, further attempts, timeouts, and alarms on runs that fail or do not come."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from ecr_fargate_constructs._cdk.duration_checks import seconds
from ecr_fargate_constructs._cdk.durations import of_minutes, seconds_in
from ecr_fargate_constructs._rules.checks import whole_number
from ecr_fargate_constructs._rules.tokens import Number, is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import aws_cdk as cdk

    from ecr_fargate_constructs._cdk.alarm_actions import Action

_DAY = 86_400  # seconds
_LONGEST_RUN = 30 * _DAY
_MOST_RETRIES = 20
_LONGEST_INTERVAL = 86_400  # seconds; Step Functions takes more, and nobody waits for a failed job that long
_LEAST_AGE = 60  # seconds, as the most: "RetryPolicy" in the Amazon EventBridge Scheduler API reference
LONGEST_WINDOW = 7 * _DAY
"""Seconds. Source: "PutMetricAlarm" in the Amazon CloudWatch API reference, for periods of an hour or more."""

BACKOFF_RATE = 2
"""Each wait before another attempt is twice as long as the one before it."""


class Overlap(Enum):
    """The rule for a job that is due while a task of it still runs."""

    SKIP = "skip"
    """The run is skipped, and counts as a success: the one that still runs succeeds, fails or times out. Default."""

    FAIL = "fail"
    """The run is skipped, and counts as failed, which sets off the alarm: the job takes longer than its interval."""

    ALLOW = "allow"
    """Both run."""


@typed
@dataclass(frozen=True, kw_only=True)
class JobRuns:
    """Rules for the runs of a job.

    Attributes:
        timeout: Time that an attempt may take, the start of its task included, 1 minute to 30 days; default, 1 hour.
            A task that takes longer is stopped, gets its stop timeout, and the run fails; it is not repeated.
        retries: Further attempts after one that failed: its container did not exit with 0, or its task could not start.
            0 to 20; default, 0, because only you know whether the job may run twice.
        retry_interval: Time before the first further attempt, 1 second to 1 day; each one after it waits twice as long
            as the one before. Default, 1 minute.
        overlap: What happens when the job is due while it still runs; default, ``Overlap.SKIP``.
        max_event_age: Time for which EventBridge Scheduler tries to start a run that it could not start when it was
            due, 1 minute to 24 hours; default, 1 hour. A run that never starts is recorded in the dead-letter queue.

    Raises:
        ConfigurationError: A figure is out of range.
    """

    timeout: cdk.Duration = field(default_factory=lambda: of_minutes(60))
    retries: Number = 0
    retry_interval: cdk.Duration = field(default_factory=lambda: of_minutes(1))
    overlap: Overlap = Overlap.SKIP
    max_event_age: cdk.Duration = field(default_factory=lambda: of_minutes(60))

    def __post_init__(self) -> None:
        seconds("JobRuns.timeout", self.timeout, minimum=60, maximum=_LONGEST_RUN)
        seconds("JobRuns.retry_interval", self.retry_interval, minimum=1, maximum=_LONGEST_INTERVAL)
        seconds("JobRuns.max_event_age", self.max_event_age, minimum=_LEAST_AGE, maximum=_DAY)
        whole_number(
            "JobRuns.retries", self.retries, minimum=0, maximum=_MOST_RETRIES, what="a number of further attempts"
        )

    @property
    def longest(self) -> float | None:
        """Seconds that a run may take with all its attempts; None if only the deployment knows."""
        limit, interval = seconds_in(self.timeout), seconds_in(self.retry_interval)
        if limit is None or interval is None or is_token(self.retries):
            return None
        # An attempt that times out is the last one; those before it may have failed at the last moment.
        return limit * (self.retries + 1) + interval * float(BACKOFF_RATE**self.retries - 1)


@typed
@dataclass(frozen=True, kw_only=True)
class JobAlarms:
    """Alarms of a job: on a run that failed, on one that did not come, and on one that could not be started.

    Attributes:
        actions: Actions of all three: topics, or any alarm action, 5 at most; default, none: only the console shows
            them.
        succeeds_within: Time in which a run has to succeed, again and again, 10 minutes to 7 days; default, the longest
            time between two runs and the longest time that a run may take. CloudWatch looks back 7 days: if that is not
            enough, there is no such alarm. It is on from the first deployment to the first success.

    Raises:
        ConfigurationError: The time is out of range.
    """

    actions: Sequence[Action] = ()
    succeeds_within: cdk.Duration | None = None

    def __post_init__(self) -> None:
        if self.succeeds_within is not None:
            seconds("JobAlarms.succeeds_within", self.succeeds_within, minimum=600, maximum=LONGEST_WINDOW)
            if seconds_in(self.succeeds_within) is None:
                raise ConfigurationError(
                    "JobAlarms.succeeds_within is a CDK token, but the number of periods of the alarm is calculated "
                    "from it before the deployment; use for example cdk.Duration.hours(26)"
                )
