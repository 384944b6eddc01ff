"""Waking: a service that sleeps without a task while it is idle, and starts at the next request."""

from __future__ import annotations

from dataclasses import dataclass, field

import aws_cdk as cdk

from ecr_fargate_constructs._cdk.duration_checks import duration, seconds
from ecr_fargate_constructs._cdk.durations import seconds_in
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError

LONGEST_HOLD = 300
"""Seconds: with more, clients and proxies on the way give up first."""

_LEAST_IDLE, _MOST_IDLE = 5, 24 * 60
"""Minutes: metrics of a load balancer are minutes late, and an alarm looks back a day at most ("PutMetricAlarm" in the
Amazon CloudWatch API reference)."""


@typed
@dataclass(frozen=True, kw_only=True)
class Wake:
    """Let a service behind a load balancer sleep without a task while nobody uses it, and start it at a request.

    For previews, staging and tools: while the service sleeps, its tasks cost nothing. The first request starts one task
    and waits for it for ``hold``; when the task is healthy, the client is sent to it with a redirect (307, which
    keeps method and body). A request that waits for longer gets 503 with ``Retry-After``; a browser gets a page that
    reloads itself. Starting takes Fargate about a minute, most of it for the image and the first health checks.

    While it is awake, the service scales between 1 task and ``max_capacity``. When no request came for ``idle_after``,
    its tasks are stopped. A new task runs for its time to start, the service's ``health_check_grace_period``, and at
    least five minutes more, so that a request that CloudWatch does not know yet is not cut off. Only requests count: a
    WebSocket or a download of more than ``idle_after`` ends, and so does work in the background.

    Needs one Lambda function, one target group, and a second rule of the listener. Health checks of others, crawlers
    and scanners are requests, too, and keep a public service awake.

    Attributes:
        idle_after: Time without a request after which the tasks are stopped, 5 minutes to 24 hours, in whole minutes;
            default, 15 minutes.
        hold: Time for which a request waits for the service, 0 to 300 seconds, and less than the load balancer's
            ``idle_timeout``; default, 45 seconds. With 0, each request gets 503 until the service is awake.

    Raises:
        ConfigurationError: A time is outside its limits.
    """

    idle_after: cdk.Duration = field(default_factory=lambda: cdk.Duration.minutes(15))
    hold: cdk.Duration = field(default_factory=lambda: cdk.Duration.seconds(45))

    def __post_init__(self) -> None:
        duration("Wake.idle_after", self.idle_after)
        idle = seconds_in(self.idle_after)
        if idle is None:
            raise ConfigurationError(
                "Wake.idle_after is a CDK token, and an alarm takes a number of periods; use a number of minutes, "
                "for example cdk.Duration.minutes(15)"
            )
        if idle % 60 or not _LEAST_IDLE <= idle / 60 <= _MOST_IDLE:
            raise ConfigurationError(
                f"Wake.idle_after is {idle:.10g} seconds; use whole minutes, {_LEAST_IDLE} minutes to 24 hours: a load "
                "balancer's metrics are minutes late, and an alarm looks back a day at most"
            )
        seconds("Wake.hold", self.hold, minimum=0, maximum=LONGEST_HOLD)

    @property
    def idle_minutes(self) -> int:
        """Minutes without a request after which the tasks are stopped."""
        return int((seconds_in(self.idle_after) or 0) // 60)
