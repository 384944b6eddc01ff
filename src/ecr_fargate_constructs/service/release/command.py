"""The release command of a service."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aws_cdk as cdk

from ecr_fargate_constructs._cdk.duration_checks import seconds
from ecr_fargate_constructs._rules.checks import text
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs._rules.task_size import TaskSize

_LEAST, LONGEST = 60, 3300
"""Seconds. CloudFormation waits for a custom resource for at most an hour ("ServiceTimeout"), and a command that takes
too long needs a few minutes to stop."""

_LONGEST_OVERRIDES = 8192
"""Characters of all overrides of a task, those of the JSON included: "RunTask" in the Amazon ECS API reference."""

_LONGEST_REST = 512
"""Characters of the overrides around the command: the container's name, of 255 at most, and the size."""


@typed
@dataclass(frozen=True)
class ReleaseCommand:
    """A command that runs once per version, to its end, before any task of the version starts.

    It runs in a task of its own: the service's new task definition, network, security groups and roles, always on
    capacity that is not reclaimed. If it ends with another exit code than 0, or not in time, the deployment fails with
    its last log lines as the reason: the old version keeps serving, and CloudFormation rolls back the rest.

    A version is the image of the application's container and its configuration (variables, secrets, entry point, user,
    working directory), and the command. A deployment that changes something else does not run the command, nor does a
    task that is replaced or added, nor a version for which it has succeeded before, until the service is deleted. After
    a failure the next deployment runs it again.

    The image's entry point, if it has one, gets the command as its arguments, as with ``AppContainer.command``. The
    service's sidecars start with it, and stop when it ends. The two versions share the database during a
    deployment, so a migration has to keep it usable for the old one.

    Attributes:
        command: The command and its arguments, for example ``["python", "manage.py", "migrate"]``.
        timeout: Longest time from the start of the task to the end of the command, 1 to 55 minutes; default, 15
            minutes. A command that takes longer is stopped, and the deployment fails.
        size: CPU and memory of the command's task; default, those of the service's tasks. On Fargate only.
        again_for_rollback: Run the command of an earlier version again when the service returns to that version, in a
            rollback or a deployment; default, False.

    Raises:
        ConfigurationError: The command is empty or not a list of strings, or the timeout is out of range.
    """

    command: Sequence[str]
    timeout: cdk.Duration = field(default_factory=lambda: cdk.Duration.minutes(15), kw_only=True)
    size: TaskSize | None = field(default=None, kw_only=True)
    again_for_rollback: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        _check_command(self.command)
        seconds("ReleaseCommand.timeout", self.timeout, minimum=_LEAST, maximum=LONGEST)


def _check_command(command: object) -> None:
    if isinstance(command, str):
        if is_token(command):
            raise ConfigurationError(
                "ReleaseCommand.command is a CDK token for a text, but a command is a list; use [token, …]"
            )
        raise ConfigurationError(
            f"ReleaseCommand.command={command!r} is one string, but a command is a list of words; use "
            f"{command.split() or ['python', 'manage.py', 'migrate']!r}, or ['sh', '-c', {command!r}] for a shell"
        )
    words = list(command)  # type: ignore[call-overload]  # @typed has checked that it is a sequence
    if not words:
        raise ConfigurationError(
            "ReleaseCommand.command is empty, so the task would run the application itself; use for example "
            "['python', 'manage.py', 'migrate']"
        )
    for position, word in enumerate(words):
        text(f"ReleaseCommand.command[{position}]", word)
    length, longest = (
        len(json.dumps(["" if is_token(word) else word for word in words])),
        _LONGEST_OVERRIDES - _LONGEST_REST,
    )
    if length > longest:
        raise ConfigurationError(
            f"ReleaseCommand.command has {length:,} characters in JSON, but ECS takes at most {longest:,} beside the "
            "rest of the request; put the work into a file of the image"
        )
