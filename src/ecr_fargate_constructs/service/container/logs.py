"""Where a container's lines go."""

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
"""A stream's name is prefix, container and task, 512 characters in all: "CreateLogStream" in the Amazon CloudWatch Logs
API reference."""

_BROKEN = ("missing ), unterminated subpattern", "unbalanced parenthesis", "unterminated character set")


@typed
@dataclass(frozen=True, kw_only=True)
class CloudWatchLogs:
    """Lines go to the service's log group and never block the container.

    Defaults: one event a line, and a buffer of 25 MiB; when CloudWatch is slower for longer, lines are dropped, because
    a larger buffer would risk the task's memory.

    Attributes:
        stream_prefix: Beginning of the stream's name; left out, the container's name.
        buffer_mib: Memory for lines that wait, in MiB, 1 or more.
        multiline_pattern: Regular expression that a new event begins with; the lines after it belong to it.
        datetime_format: The same as a ``strftime`` format, for example ``"%Y-%m-%dT%H:%M:%S"``.

    Raises:
        ConfigurationError: For both ways to begin an event at once, a buffer that is none, a prefix that no stream can
            have, or a broken regular expression.
    """

    stream_prefix: str | None = None
    buffer_mib: float = 25
    multiline_pattern: str | None = None
    datetime_format: str | None = None

    def __post_init__(self) -> None:
        """Refuse contradictions."""
        if is_token(self.buffer_mib):
            raise ConfigurationError(
                "CloudWatchLogs.buffer_mib is a CDK token, and CDK works the buffer out before anything is deployed; "
                "use a plain number"
            )
        if self.stream_prefix is not None and not is_token(self.stream_prefix):
            _check_prefix(self.stream_prefix)
        if self.multiline_pattern is not None and not is_token(self.multiline_pattern):
            _check_pattern(self.multiline_pattern)
        whole_number("CloudWatchLogs.buffer_mib", self.buffer_mib, minimum=1, what="a buffer in MiB")
        if self.multiline_pattern is not None and self.datetime_format is not None:
            raise ConfigurationError(
                "CloudWatchLogs has multiline_pattern and datetime_format, and each says where an event begins; "
                "keep one of the two"
            )


def _check_prefix(prefix: str) -> None:
    if not _STREAM.fullmatch(prefix):
        raise ConfigurationError(
            f"CloudWatchLogs.stream_prefix={prefix!r} cannot begin the name of a log stream; use 1 to 256 characters, "
            "none of them ':' or '*'"
        )


def _check_pattern(pattern: str) -> None:
    """Refuse what no kind of regular expression takes; the container would not start."""
    try:
        re.compile(pattern)
    except re.error as error:
        if error.msg.startswith(_BROKEN):  # of the rest Docker's kind may know more
            raise ConfigurationError(
                f"CloudWatchLogs.multiline_pattern={pattern!r} is no regular expression ({error.msg}); put a backslash "
                "before brackets and parentheses that are meant as they stand"
            ) from error


Logging: TypeAlias = CloudWatchLogs | ecs.LogDriver
"""The service's log group, or any driver of CDK's, such as ``ecs.LogDrivers.firelens(…)``."""


def needs_log_group(logging: Logging | None) -> bool:
    """Whether lines go to the service's log group."""
    return logging is None or isinstance(logging, CloudWatchLogs)


def through_firelens(logging: Logging | None) -> bool:
    """Whether lines go through the task's log router."""
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


@cache
def _mebibytes(amount: float) -> cdk.Size:
    return cdk.Size.mebibytes(amount)
