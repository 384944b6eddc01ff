"""Whether a service runs what its stack wants, may still do so, or cannot be expected to. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ecr_fargate_constructs.local.listening import Sockets
from ecr_fargate_constructs.local.targets import of_wanted_version

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from ecr_fargate_constructs.local.services import Service, Task
    from ecr_fargate_constructs.local.targets import Target

_CRASHES = 3  # MiniStack counts a first version as complete at once: no circuit breaker watches it
_SECONDS_TO_LISTEN = 5.0


@dataclass(frozen=True)
class Before:
    """What there was before the deployment.

    Attributes:
        tasks: ARNs of the tasks.
        deployments: Ids of the services' deployments.
    """

    tasks: frozenset[str] = frozenset()
    deployments: frozenset[str] = frozenset()

    @classmethod
    def of(cls, services: Sequence[Service]) -> Before:
        """Remember services as they are now."""
        return cls(
            frozenset(task.arn for service in services for task in service.tasks),
            frozenset(str(each.get("id")) for service in services for each in service.deployments),
        )


@dataclass(frozen=True)
class Look:
    """A service at one moment.

    Attributes:
        service: The service.
        targets: The targets of its target groups.
        unfit: Seconds since its tasks run and a target of the wanted version does not pass.
        sockets: What its tasks listen on; empty when nobody has looked.
        exposed: Ports that the Dockerfile of the application exposes; empty when it does not say.
    """

    service: Service
    targets: tuple[Target, ...] = ()
    unfit: float = 0.0
    sockets: Sockets = field(default_factory=Sockets)
    exposed: tuple[int, ...] = ()


def is_fit(service: Service, targets: Sequence[Target]) -> bool:
    """Return whether the wanted version runs as often as it should, and each task passes each health check."""
    mine = of_wanted_version(service, targets)
    complete = len(mine) == len(service.running) * len(service.groups)
    return service.settled and complete and all(target.healthy for target in mine)


def failing(service: Service, targets: Sequence[Target]) -> tuple[Target, ...]:
    """Return the targets of the wanted version that do not pass."""
    return tuple(target for target in of_wanted_version(service, targets) if not target.healthy)


def crashed(service: Service, before: Before) -> tuple[Task, ...]:
    """Return the tasks of the wanted version that stopped of themselves since the deployment."""
    return tuple(
        task
        for task in service.tasks
        if task.crashed and task.arn not in before.tasks and task.definition == service.wanted
    )


def patience(service: Service, targets: Collection[Target]) -> float:
    """Return for how many seconds health checks may fail: the grace period, or threshold times interval if longer."""
    return max([service.grace, *(target.check.patience for target in targets)])


def is_old_failure(service: Service, before: Before) -> bool:
    """Return whether the wanted version failed earlier, and nothing has been tried since."""
    mine = [each for each in service.deployments if each["taskDefinition"] == service.wanted]
    return service.failure is not None and all(str(each.get("id")) in before.deployments for each in mine)


def problem(look: Look, before: Before) -> str | None:
    """Return why a service cannot be expected to come up; None as long as it may.

    It cannot when its deployment failed, when its tasks crashed three times, or when a target fails for longer than the
    grace period and the health check allow. Sooner, when the application listens where no load balancer asks: on the
    loopback address, or on a port that its Dockerfile exposes instead of the one that is asked.
    """
    service, bad = look.service, failing(look.service, look.targets)
    stopped = crashed(service, before)
    trouble = _trouble(bad, look)
    if service.failure is not None:
        return "; ".join(filter(None, (service.failure.rstrip("."), _reasons(service, before), trouble)))
    if len(stopped) >= _CRASHES:
        return f"{len(stopped)} of its tasks stopped: {_reasons(service, before)}"
    if bad and (look.unfit >= patience(service, bad) or _listens_elsewhere(bad, look)):
        return trouble
    return None


def unfinished(look: Look) -> str:
    """Return what a service that has used up all time still lacks."""
    service = look.service
    states = [task.status for task in service.tasks if task.definition == service.wanted and task.status != "STOPPED"]
    tasks = f"{len(service.running)} of {service.desired} tasks run ({', '.join(states) or 'no task'})"
    return "; ".join(filter(None, (tasks, _trouble(failing(service, look.targets), look))))


def listening(target: Target, sockets: Sockets) -> str:
    """Return where an application listens, if that is not where a target is asked."""
    if target.answers or target.port in sockets.open:
        return ""
    if target.port in sockets.loopback:
        return f"the application listens on port {target.port} of 127.0.0.1 alone, which nobody outside reaches"
    ports = sorted(sockets.open | sockets.loopback)
    if not ports:
        return f"nothing listens on port {target.port}"
    return f"nothing listens on port {target.port}; the task listens on {', '.join(map(str, ports))}"


def _listens_elsewhere(bad: Sequence[Target], look: Look) -> bool:
    """Whether the application has started, and listens where no health check will ever reach it."""
    if look.unfit < _SECONDS_TO_LISTEN:
        return False
    port, sockets = bad[0].port, look.sockets
    if bad[0].answers or port in sockets.open:
        return False
    instead = port not in look.exposed and bool(sockets.open.intersection(look.exposed))
    return port in sockets.loopback or instead


def _reasons(service: Service, before: Before) -> str:
    """Why tasks of the wanted version stopped, but for those that were told to."""
    stopped = [
        task
        for task in service.tasks
        if task.definition == service.wanted
        and task.arn not in before.tasks
        and task.status == "STOPPED"
        and (task.crashed or "health check" in task.reason)
    ]
    return "; ".join(dict.fromkeys(task.reason for task in stopped if task.reason))


def _trouble(bad: Sequence[Target], look: Look) -> str:
    if not bad:
        return ""
    where = listening(bad[0], look.sockets)
    fail = "1 of its targets fails" if len(bad) == 1 else f"{len(bad)} of its targets fail"
    return f"{fail} the health check: {bad[0].trouble}" + (f"; {where}" if where else "")
