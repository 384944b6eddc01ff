"""Logs that never block the application, on a Fargate service of CDK."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs.mixins.adopted import containers, task_of
from ecr_fargate_constructs.mixins.base import LibraryMixin
from ecr_fargate_constructs.service.container.logs import CloudWatchLogs, buffer_option, check_buffer

if TYPE_CHECKING:
    from typing import Any, ClassVar

    from constructs import Construct

_MODE = "mode"


class NonBlockingLogs(LibraryMixin):
    """Let the containers of a Fargate service of CDK go on when CloudWatch is slow to take their log lines.

    Lines wait in a buffer; when it is full, lines are dropped. Containers whose log driver is not ``awslogs``, or whose
    ``mode`` the app sets, stay as they are.

    Skipped: services of this library and on EC2, and those without such a container.
    """

    _kinds: ClassVar[tuple[type[Construct], ...]] = (ecs.FargateService,)

    def __init__(self, *, buffer_mib: float = CloudWatchLogs.buffer_mib) -> None:
        """Create the mixin.

        Args:
            buffer_mib: Memory for waiting lines of a container, in MiB, 1 or more; default, 25.

        Raises:
            ConfigurationError: The buffer is too small, or a token.
        """
        check_buffer("NonBlockingLogs.buffer_mib", buffer_mib)
        self._buffer_mib = buffer_mib

    def _suits(self, construct: ecs.FargateService) -> bool:
        return bool(_blocking(construct))

    def _apply(self, construct: ecs.FargateService) -> None:
        for resource, path in _blocking(construct):
            options = {_MODE: "non-blocking", **buffer_option(self._buffer_mib)}
            for name, value in options.items():
                resource.add_property_override(f"{path}.LogConfiguration.Options.{name}", value)


def _blocking(service: ecs.FargateService) -> list[tuple[ecs.CfnTaskDefinition, str]]:
    """Return the containers whose logs may block them, each by the path of its override."""
    task = task_of(service)
    if task is None:
        return []
    return [(task, path) for path, _, known in containers(service) if _blocks(known.get("logConfiguration"))]


def _blocks(logging: dict[str, Any] | None) -> bool:
    return logging is not None and logging["logDriver"] == "awslogs" and _MODE not in (logging.get("options") or {})
