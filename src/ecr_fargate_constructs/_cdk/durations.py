"""Durations, each created once and reused, because each one is an object in the Node process."""

from __future__ import annotations

from functools import cache

import aws_cdk as cdk

from ecr_fargate_constructs._cdk.site import remember, site_of


def seconds_in(duration: cdk.Duration) -> float | None:
    """Return the seconds of a duration, fractions included; None if only the deployment knows them."""
    return remember(
        duration, "seconds", lambda: None if duration.is_unresolved() else duration.to_seconds(integral=False)
    )


@cache
def of_seconds(amount: float) -> cdk.Duration:
    """Return a duration of so many seconds."""
    return _known(cdk.Duration.seconds(amount), amount)


@cache
def of_minutes(amount: float) -> cdk.Duration:
    """Return a duration of so many minutes."""
    return _known(cdk.Duration.minutes(amount), amount * 60)


def _known(duration: cdk.Duration, amount: float) -> cdk.Duration:
    site_of(duration)["seconds"] = amount
    return duration


def unless_token(duration: cdk.Duration | None) -> cdk.Duration | None:
    """Return a duration for constructs of CDK that check its value; None for a token, which they cannot check."""
    return None if duration is None or seconds_in(duration) is None else duration


def number_of_seconds(duration: cdk.Duration) -> float:
    """Return the seconds of a duration, fractions included; a token stays a token."""
    known = seconds_in(duration)
    return duration.to_seconds() if known is None else known
