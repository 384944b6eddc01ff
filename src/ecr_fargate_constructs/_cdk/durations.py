"""Durations that are made once, since they do not change: each is an object in the Node process."""

from __future__ import annotations

from functools import cache

import aws_cdk as cdk

from ecr_fargate_constructs._cdk.site import remember


def seconds_in(duration: cdk.Duration) -> float | None:
    """Return the seconds of a duration, fractions included; None when only the deployment knows them."""
    return remember(
        duration, "seconds", lambda: None if duration.is_unresolved() else duration.to_seconds(integral=False)
    )


@cache
def of_seconds(amount: float) -> cdk.Duration:
    """A duration in seconds."""
    return cdk.Duration.seconds(amount)


@cache
def of_minutes(amount: float) -> cdk.Duration:
    """A duration in minutes."""
    return cdk.Duration.minutes(amount)


def unless_token(duration: cdk.Duration | None) -> cdk.Duration | None:
    """A duration for the constructs of CDK that judge it; None for a token, which they cannot."""
    return None if duration is None or seconds_in(duration) is None else duration


def number_of_seconds(duration: cdk.Duration) -> float:
    """Seconds, fractions included; of a token in seconds the token."""
    known = seconds_in(duration)
    return duration.to_seconds() if known is None else known
