"""The order, the health and the end of containers, as their task definition sets them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeAlias

from ecr_fargate_constructs.local.tasks.spelling import is_true, number

_Properties: TypeAlias = dict[str, Any]


class Condition(Enum):
    """A container that another one waits for (``ContainerDependency``, API reference of ECS)."""

    START = "START"
    COMPLETE = "COMPLETE"
    SUCCESS = "SUCCESS"
    HEALTHY = "HEALTHY"


@dataclass(frozen=True)
class HealthCheck:
    """A command that says whether a container is healthy (``HealthCheck``, API reference of ECS).

    Attributes:
        command: The command and its arguments, as the engine runs them in the container.
        interval: Seconds between two checks.
        timeout: Seconds after which a check has failed.
        retries: Failures in a row that make the container unhealthy.
        start_period: Seconds after the start in which failures do not count.
    """

    command: tuple[str, ...]
    interval: int = 30
    timeout: int = 5
    retries: int = 3
    start_period: int = 0

    @classmethod
    def of(cls, properties: _Properties | None) -> HealthCheck | None:
        """Read a ``healthCheck``; None without one."""
        words = tuple(str(each) for each in (properties or {}).get("command") or ())
        if not properties or not words or words[0] == "NONE":
            return None
        match words:
            case ("CMD", *rest):
                command = tuple(rest)
            case ("CMD-SHELL", *rest):
                command = ("/bin/sh", "-c", " ".join(rest))
            case _:
                command = ("/bin/sh", "-c", " ".join(words))
        times = {
            "interval": number(properties.get("interval"), 30),
            "timeout": number(properties.get("timeout"), 5),
            "retries": number(properties.get("retries"), 3),
            "start_period": number(properties.get("startPeriod"), 0),
        }
        return cls(command, **times)


@dataclass(frozen=True)
class RestartPolicy:
    """The restart policy of a container (``ContainerRestartPolicy``, API reference of ECS).

    Attributes:
        ignored_exit_codes: Codes after which it is not.
        attempt_period: Seconds that it must have run.
    """

    ignored_exit_codes: frozenset[int] = frozenset()
    attempt_period: int = 300

    @classmethod
    def of(cls, properties: _Properties | None) -> RestartPolicy | None:
        """Read a ``restartPolicy``; None without one, or if it is not enabled."""
        if not properties or not is_true(properties.get("enabled")):
            return None
        codes = frozenset(int(each) for each in properties.get("ignoredExitCodes") or ())
        return cls(codes, number(properties.get("restartAttemptPeriod"), 300))


@dataclass(frozen=True)
class ContainerPlan:
    """A container.

    Attributes:
        name: Its name in the task definition.
        essential: Whether the task stops when it exits.
        depends_on: The containers that it waits for, and until when.
        health_check: Its health check, if it has one.
        restart: When it is started again, if ever.
        start_timeout: Seconds after its start in which it must reach what others wait for.
        stop_timeout: Seconds between SIGTERM and SIGKILL.
    """

    name: str
    essential: bool = True
    depends_on: tuple[tuple[str, Condition], ...] = ()
    health_check: HealthCheck | None = None
    restart: RestartPolicy | None = None
    start_timeout: int = 180
    stop_timeout: int = 30

    @classmethod
    def of(cls, container: _Properties) -> ContainerPlan:
        """Read a container's definition, in the API's spelling."""
        return cls(
            str(container["name"]),
            is_true(container.get("essential"), default=True),
            tuple(
                (str(each["containerName"]), Condition(each["condition"])) for each in container.get("dependsOn") or ()
            ),
            HealthCheck.of(container.get("healthCheck")),
            RestartPolicy.of(container.get("restartPolicy")),
            number(container.get("startTimeout"), cls.start_timeout),
            number(container.get("stopTimeout"), cls.stop_timeout),
        )


@dataclass(frozen=True)
class TaskPlan:
    """The containers of a task."""

    containers: tuple[ContainerPlan, ...] = field(default=())

    @classmethod
    def of(cls, definition: _Properties) -> TaskPlan:
        """Read a task definition, in the API's spelling."""
        return cls(tuple(ContainerPlan.of(each) for each in definition.get("containerDefinitions") or ()))

    @property
    def has_network_of_its_own(self) -> bool:
        """Return whether the network must outlive a container: others share it, or the container starts again."""
        return len(self.containers) > 1 or any(each.restart for each in self.containers)

    def waiting_for(self, name: str) -> tuple[str, ...]:
        """Return the containers that depend on another one."""
        return tuple(each.name for each in self.containers if name in dict(each.depends_on))
