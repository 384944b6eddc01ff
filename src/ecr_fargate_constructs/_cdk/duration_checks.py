"""Checks of durations. Each raises ``ConfigurationError`` in the caller's words; tokens always pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs._cdk.durations import seconds_in
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    import aws_cdk as cdk


def duration(name: str, value: object, *, path: str | None = None) -> None:
    """Refuse a time without a unit."""
    if not hasattr(value, "is_unresolved") or not hasattr(value, "to_seconds") or isinstance(value, type):
        raise ConfigurationError(
            f"{name}={value!r} is not a duration; use for example cdk.Duration.seconds(30)", path=path
        )


def seconds(name: str, value: cdk.Duration, *, minimum: int, maximum: int, path: str | None = None) -> None:
    """Refuse a duration outside ``minimum`` to ``maximum`` seconds, or one that is not in whole seconds."""
    duration(name, value, path=path)
    amount = seconds_in(value)
    if amount is None:
        token_in(name, value.to_seconds, "seconds", path=path)
        return
    if amount != int(amount) or not minimum <= amount <= maximum:
        raise ConfigurationError(
            f"{name} is {amount:.10g} seconds; AWS takes whole seconds, {minimum} to {maximum}", path=path
        )


def token_in(name: str, convert: Callable[[], float], unit: str, *, path: str | None = None) -> None:
    """Refuse a duration that only the deployment knows in another unit than AWS takes: nothing can convert it then."""
    try:
        convert()
    except RuntimeError as error:
        raise ConfigurationError(
            f"{name} is a CDK token in another unit than {unit}, and CloudFormation cannot convert it; use "
            f"cdk.Duration.{unit}(…)",
            path=path,
        ) from error
