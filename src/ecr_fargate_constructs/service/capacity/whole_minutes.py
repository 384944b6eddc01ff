"""Durations that AWS counts in whole minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs._cdk.duration_checks import duration, token_in
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    import aws_cdk as cdk


def whole_minutes(name: str, value: cdk.Duration, *, minimum: int, maximum: int) -> int | None:
    """Return a duration in minutes, None for a token; refuse one that is not in whole minutes, or out of range."""
    duration(name, value)
    if value.is_unresolved():
        token_in(name, value.to_minutes, "minutes")
        return None
    amount = value.to_minutes(integral=False)
    if amount != int(amount) or not minimum <= amount <= maximum:
        raise ConfigurationError(f"{name} is {amount:g} minutes; use whole minutes, {minimum} to {maximum}")
    return int(amount)
