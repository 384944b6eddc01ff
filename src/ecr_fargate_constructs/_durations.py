"""Durations that are made once, since they do not change: each is an object in the Node process."""

from __future__ import annotations

from functools import cache

import aws_cdk as cdk


@cache
def of_seconds(amount: float) -> cdk.Duration:
    """A duration in seconds."""
    return cdk.Duration.seconds(amount)


@cache
def of_minutes(amount: float) -> cdk.Duration:
    """A duration in minutes."""
    return cdk.Duration.minutes(amount)
