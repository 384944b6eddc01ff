"""Decide whether a service is ready, may still become ready, or is not expected to. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ecr_fargate_constructs.local.listening import Sockets
from ecr_fargate_constructs.local.targets import of_wanted_version

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from ecr_fargate_constructs.local.services import Service, Task
    from ecr_fargate_constructs.local.targets import Target

_CRASHES = 3  # MiniStack reports a first version as complete at once, without a circuit breaker
_SECONDS_TO_LISTEN = 5.0


@dataclass(frozen=True)
class Before:
    """The tasks and deployments before a deployment.

    Attributes:
        tasks: ARNs of the tasks.
        deployments: Ids of the services' deployments.
    """

    tasks: frozenset[str] = frozenset()
    deployments: frozenset[str] = frozenset()

    @classmethod
    def of(cls, services: Sequence[Service]) -> Before:
        """Record the tasks and deployments of services."""
        return cls(
            frozenset(task.arn for service in services for task in service.tasks),
            frozenset(str(each.get("id")) for service in services for each in service.deployments),
        )


@dataclass(frozen=True)
class Snapshot:
    """A service at one moment.

    Attributes:
        service: The service.
        targets: The targets of its target groups.
        unfit: Seconds for which its tasks have been running with a failing target of the wanted version.
        sockets: Sockets that its tasks listen on; empty if they were not examined.
        exposed: Ports that the Dockerfile of the application exposes.
    """

    service: Service
    targets: tuple[Target, ...] = ()
    unfit: float = 0.0
    sockets: Sockets = field(default_factory=Sockets)
    exposed: tuple[int, ...] = ()


def is_fit(service: Service, targets: Sequence[Target]) -> bool:
    """Return whether all tasks of the wanted version are running and pass all health checks."""
    wanted = of_wanted_version(service, targets)
    complete = len(wanted) == len(service.running) * len(service.groups)
    return service.settled and complete and all(target.healthy for target in wanted)


def failing(service: Service, targets: Sequence[Target]) -> tuple[Target, ...]:
    """Return the targets of the wanted version that are not healthy."""
    return tuple(target for target in of_wanted_version(service, targets) if not target.healthy)


def crashed(service: Service, before: Before) -> tuple[Task, ...]:
    """Return the tasks of the wanted version that crashed since the deployment."""
    return tuple(
        task
        for task in service.tasks
        if task.crashed and task.arn not in before.tasks and task.definition == service.wanted
    )


def patience(service: Service, targets: Collection[Target]) -> float:
    """Return how many seconds health checks may fail: the grace period, or threshold times interval if longer."""
    return max([service.grace, *(target.check.patience for target in targets)])


def is_old_failure(service: Service, before: Before) -> bool:
    """Return whether the wanted version failed before this deployment, and was not tried again."""
    attempts = [each for each in service.deployments if each["taskDefinition"] == service.wanted]
    return service.failure is not None and all(str(each.get("id")) in before.deployments for each in attempts)


def problem(snapshot: Snapshot, before: Before) -> str | None:
    """Return why a service is not expected to become ready; None as long as it may.

    The reasons are: its deployment failed, its tasks crashed three times, or a target fails for longer than the grace
    period and the health check allow. An application that listens where the load balancer cannot reach it is reported
    sooner: on the loopback address alone, or on a port of its ``EXPOSE`` that is not the target's port.
    """
    service, bad = snapshot.service, failing(snapshot.service, snapshot.targets)
    stopped = crashed(service, before)
    trouble = _trouble(bad, snapshot)
    if service.failure is not None:
        return "; ".join(filter(None, (service.failure.rstrip("."), _reasons(service, before), trouble)))
    if len(stopped) >= _CRASHES:
        return f"{len(stopped)} of its tasks stopped: {_reasons(service, before)}"
    if bad and (snapshot.unfit >= patience(service, bad) or _listens_elsewhere(bad, snapshot)):
        return trouble
    return None


def unfinished(snapshot: Snapshot) -> str:
    """Return what is missing until a service is ready, for one that took too long."""
    service = snapshot.service
    states = [task.status for task in service.tasks if task.definition == service.wanted and task.status != "STOPPED"]
    tasks = f"{len(service.running)} of {service.desired} tasks are running ({', '.join(states) or 'no task'})"
    return "; ".join(filter(None, (tasks, _trouble(failing(service, snapshot.targets), snapshot))))


def listening(target: Target, sockets: Sockets) -> str:
    """Return where an application listens, if that is not the address and port of its target."""
    if target.answers or target.port in sockets.open:
        return ""
    if target.port in sockets.loopback:
        return f"the application listens on 127.0.0.1:{target.port} only, which the load balancer cannot reach"
    ports = sorted(sockets.open | sockets.loopback)
    if not ports:
        return f"nothing listens on port {target.port}"
    return f"nothing listens on port {target.port}; the task listens on {', '.join(map(str, ports))}"


def _listens_elsewhere(bad: Sequence[Target], snapshot: Snapshot) -> bool:
    """Return whether the application has started, and listens where no health check can reach it."""
    if snapshot.unfit < _SECONDS_TO_LISTEN:
        return False
    port, sockets = bad[0].port, snapshot.sockets
    if bad[0].answers or port in sockets.open:
        return False
    on_other_port = port not in snapshot.exposed and bool(sockets.open.intersection(snapshot.exposed))
    return port in sockets.loopback or on_other_port


def _reasons(service: Service, before: Before) -> str:
    """Return why tasks of the wanted version stopped, without those that ECS stopped on purpose."""
    stopped = [
        task
        for task in service.tasks
        if task.definition == service.wanted
        and task.arn not in before.tasks
        and task.status == "STOPPED"
        and (task.crashed or "health check" in task.reason)
    ]
    return "; ".join(dict.fromkeys(task.reason for task in stopped if task.reason))


def _trouble(bad: Sequence[Target], snapshot: Snapshot) -> str:
    if not bad:
        return ""
    listens_where = listening(bad[0], snapshot.sockets)
    fail = "1 of its targets fails" if len(bad) == 1 else f"{len(bad)} of its targets fail"
    return f"{fail} the health check: {bad[0].trouble}" + (f"; {listens_where}" if listens_where else "")
