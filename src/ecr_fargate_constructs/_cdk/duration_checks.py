"""Checks of durations. Each raises ``ConfigurationError`` with the caller's names. Tokens pass if their unit does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs._cdk.durations import seconds_in
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    import aws_cdk as cdk


def duration(name: str, value: object) -> None:
    """Refuse a value that is not a duration, such as a plain number."""
    if not hasattr(value, "is_unresolved") or not hasattr(value, "to_seconds") or isinstance(value, type):
        raise ConfigurationError(f"{name}={value!r} is not a duration; use for example cdk.Duration.seconds(30)")


def seconds(name: str, value: cdk.Duration, *, minimum: int, maximum: int) -> None:
    """Refuse a duration outside ``minimum`` to ``maximum`` seconds, or one that is not in whole seconds."""
    duration(name, value)
    amount = seconds_in(value)
    if amount is None:
        token_in(name, value.to_seconds, "seconds")
        return
    if amount != int(amount) or not minimum <= amount <= maximum:
        raise ConfigurationError(f"{name} is {amount:.10g} seconds; AWS takes whole seconds, {minimum} to {maximum}")


def token_in(name: str, convert: Callable[[], float], unit: str) -> None:
    """Refuse a token in another unit than AWS takes, because CloudFormation cannot convert units."""
    try:
        convert()
    except RuntimeError as error:
        raise ConfigurationError(
            f"{name} is a CDK token in another unit than {unit}, and CloudFormation cannot convert units; use "
            f"cdk.Duration.{unit}(…)"
        ) from error
