"""Destinations of a container's log lines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs._rules.checks import whole_number
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from aws_cdk import aws_logs as logs

_STREAM = re.compile(r"[^:*]{1,256}")
"""A log stream's name is prefix, container and task, 512 characters in all: "CreateLogStream" in the Amazon CloudWatch
Logs API reference."""

_BROKEN = ("missing ), unterminated subpattern", "unbalanced parenthesis", "unterminated character set")


@typed
@dataclass(frozen=True, kw_only=True)
class CloudWatchLogs:
    """Log lines go to the service's log group and never block the container.

    Defaults: one event per line, and a buffer of 25 MiB; when CloudWatch stays slow for longer, lines are dropped,
    because a larger buffer would risk the task's memory.

    Attributes:
        stream_prefix: Prefix of the stream's name; default, the container's name.
        buffer_mib: Memory for waiting lines, in MiB, 1 or more; default, 25.
        multiline_pattern: Regular expression of an event's first line; further lines belong to the event; default,
            none.
        datetime_format: The same as a ``strftime`` format, for example ``"%Y-%m-%dT%H:%M:%S"``; default, none.

    Raises:
        ConfigurationError: Both ways to begin an event are set, the buffer is too small, a stream cannot have the
            prefix, or the regular expression is broken.
    """

    stream_prefix: str | None = None
    buffer_mib: float = 25
    multiline_pattern: str | None = None
    datetime_format: str | None = None

    def __post_init__(self) -> None:
        check_buffer("CloudWatchLogs.buffer_mib", self.buffer_mib)
        if self.stream_prefix is not None and not is_token(self.stream_prefix):
            _check_prefix(self.stream_prefix)
        if self.multiline_pattern is not None and not is_token(self.multiline_pattern):
            _check_pattern(self.multiline_pattern)
        if self.multiline_pattern is not None and self.datetime_format is not None:
            raise ConfigurationError(
                "CloudWatchLogs has both multiline_pattern and datetime_format, and each defines where an event "
                "begins; omit one of the two"
            )


def check_buffer(name: str, buffer_mib: float) -> None:
    """Refuse a buffer that is too small, or that only the deployment knows."""
    if is_token(buffer_mib):
        raise ConfigurationError(
            f"{name} is a CDK token, but CDK needs the number before the deployment resolves it; use a plain number"
        )
    whole_number(name, buffer_mib, minimum=1, what="a buffer in MiB")


def _check_prefix(prefix: str) -> None:
    if not _STREAM.fullmatch(prefix):
        raise ConfigurationError(
            f"CloudWatchLogs.stream_prefix={prefix!r} cannot begin a log stream's name; use 1 to 256 characters, "
            "none of them ':' or '*'"
        )


def _check_pattern(pattern: str) -> None:
    """Refuse a pattern that no regular expression engine accepts; with it the container would not start."""
    try:
        re.compile(pattern)
    except re.error as error:
        if error.msg.startswith(_BROKEN):  # Docker's engine may accept other patterns that Python refuses
            raise ConfigurationError(
                f"CloudWatchLogs.multiline_pattern={pattern!r} is not a regular expression ({error.msg}); put a "
                "backslash before literal brackets and parentheses"
            ) from error


Logging: TypeAlias = CloudWatchLogs | ecs.LogDriver
"""The service's log group, or any log driver of CDK, such as ``ecs.LogDrivers.firelens(…)``."""


def needs_log_group(logging: Logging | None) -> bool:
    """Return whether lines go to the service's log group."""
    return logging is None or isinstance(logging, CloudWatchLogs)


def through_firelens(logging: Logging | None) -> bool:
    """Return whether lines go through the task's log router."""
    return isinstance(logging, ecs.FireLensLogDriver)


def log_driver(logging: Logging | None, *, name: str, log_group: logs.ILogGroup | None) -> ecs.LogDriver:
    """Make the driver of the container ``name``."""
    if isinstance(logging, ecs.LogDriver):
        return logging
    settings = logging or CloudWatchLogs()
    return ecs.LogDrivers.aws_logs(
        stream_prefix=name if settings.stream_prefix is None else settings.stream_prefix,
        log_group=log_group,
        mode=ecs.AwsLogDriverMode.NON_BLOCKING,
        max_buffer_size=_mebibytes(settings.buffer_mib),
        multiline_pattern=settings.multiline_pattern,
        datetime_format=settings.datetime_format,
    )


def buffer_option(buffer_mib: float) -> dict[str, str]:
    """Return the option of the ``awslogs`` driver for a buffer, as CDK writes it."""
    return {"max-buffer-size": f"{_mebibytes(buffer_mib).to_bytes():.0f}b"}


@cache
def _mebibytes(amount: float) -> cdk.Size:
    return cdk.Size.mebibytes(amount)
