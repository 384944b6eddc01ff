"""The life of a task: the starts and stops of its containers, and its end. Events in, actions out.

Source: "Container dependency", "Container restart policy" and "Stop timeout" in the developer guide of ECS, and
``ContainerDependency`` in its API reference. The sentences about dependencies follow the agent of ECS.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from ecr_fargate_constructs.local.tasks.definition import Condition
from ecr_fargate_constructs.local.tasks.health import HEALTHY, UNHEALTHY, UNKNOWN, Health, of_task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.local.tasks.definition import ContainerPlan, TaskPlan

ESSENTIAL_EXITED = "Essential container in task exited"


@dataclass(frozen=True)
class Start:
    """Start a container for the first time."""

    name: str


@dataclass(frozen=True)
class Restart:
    """Start a container again."""

    name: str


@dataclass(frozen=True)
class Check:
    """Run a container's health check."""

    name: str


@dataclass(frozen=True)
class Stop:
    """Stop the task: tell ECS why; the containers follow."""

    reason: str
    code: str


@dataclass(frozen=True)
class Terminate:
    """Ask a container to end."""

    name: str


@dataclass(frozen=True)
class Kill:
    """End a container that did not end when it was asked to."""

    name: str


Action: TypeAlias = Start | Restart | Check | Stop | Terminate | Kill


class _Phase(Enum):
    WAITING = 0
    RUNNING = 1
    ENDED = 2


@dataclass
class Container:
    """The state of a container.

    Attributes:
        plan: Its definition.
        exit_code: Its last exit code; None if it has never ended.
        restarts: How often it was started again.
        health: Its health; None without a health check, or while it does not run.
    """

    plan: ContainerPlan
    phase: _Phase = _Phase.WAITING
    exit_code: int | None = None
    restarts: int = 0
    health: Health | None = None
    started: float = 0.0
    lasted: float = 0.0
    checking: bool = False
    asked: float | None = None
    killed: bool = False

    @property
    def running(self) -> bool:
        """True while it runs."""
        return self.phase is _Phase.RUNNING

    @property
    def status(self) -> str:
        """Its health, in ECS's words."""
        return self.health.status if self.health is not None else UNKNOWN


class Lifecycle:
    """The life of one task. Times are seconds of any clock that does not go back."""

    def __init__(self, plan: TaskPlan) -> None:
        """Begin with no container started.

        Args:
            plan: The task's definition.
        """
        self._plan = plan
        self.containers = {each.name: Container(each) for each in plan.containers}
        self.stopping = False

    @property
    def all_started(self) -> bool:
        """True once each container has been started: ECS then calls the task RUNNING."""
        return all(each.phase is not _Phase.WAITING for each in self.containers.values())

    @property
    def over(self) -> bool:
        """True once the task is stopping and no container runs any more."""
        return self.stopping and not any(each.running for each in self.containers.values())

    @property
    def health(self) -> str:
        """The task's health, in ECS's words."""
        checked = [each for each in self.containers.values() if each.plan.essential and each.plan.health_check]
        return of_task(each.status for each in checked)

    def started(self, name: str, now: float) -> None:
        """Note that a container has been started."""
        container = self.containers[name]
        container.phase, container.started, container.checking = _Phase.RUNNING, now, False
        check = container.plan.health_check
        container.health = Health.since(check, now) if check is not None else None

    def checked(self, name: str, now: float, *, passed: bool) -> None:
        """Note the result of a health check."""
        container = self.containers[name]
        container.checking = False
        if container.running and container.health is not None:
            container.health = container.health.after(passed=passed, now=now)

    def exited(self, name: str, code: int, now: float) -> None:
        """Note that a container has ended."""
        container = self.containers[name]
        container.phase, container.exit_code, container.lasted = _Phase.ENDED, code, now - container.started

    def stop(self) -> None:
        """Let the containers end, since the task has been stopped."""
        self.stopping = True

    def step(self, now: float) -> list[Action]:
        """Return what is to be done."""
        if not self.stopping:
            actions = list(self._restarts())
            restarted = {each.name for each in actions if isinstance(each, Restart)}
            exited = [
                each for name, each in self.containers.items() if each.phase is _Phase.ENDED and name not in restarted
            ]
            if any(each.plan.essential for each in exited) or len(exited) == len(self.containers):
                actions = [Stop(ESSENTIAL_EXITED, "EssentialContainerExited")]
            else:
                actions += [*self._starts(now), *self._checks(now)]
            stops = [each for each in actions if isinstance(each, Stop)]
            if not stops:
                return actions
            self.stopping = True
            return [*stops, *self._ends(now)]
        return list(self._ends(now))

    def next_time(self, now: float) -> float:
        """Return when ``step`` has to be called again at the latest, if nothing happens before."""
        times = [now + 10.0]
        for each in self.containers.values():
            if each.running and each.health is not None and not each.checking and not self.stopping:
                times.append(each.health.due)
            if each.running and each.asked is not None and not each.killed:
                times.append(each.asked + each.plan.stop_timeout)
            if each.running and self._plan.waiting_for(each.plan.name) and not self.all_started:
                times.append(each.started + each.plan.start_timeout)
        return max(now, min(times))

    def _restarts(self) -> Iterator[Action]:
        for name, each in self.containers.items():
            policy = each.plan.restart
            if each.phase is not _Phase.ENDED or policy is None or each.exit_code in policy.ignored_exit_codes:
                continue
            if each.lasted >= policy.attempt_period:
                each.restarts += 1
                yield Restart(name)

    def _checks(self, now: float) -> Iterator[Action]:
        for name, each in self.containers.items():
            if each.running and each.health is not None and not each.checking and now >= each.health.due:
                each.checking = True
                yield Check(name)

    def _starts(self, now: float) -> Iterator[Action]:
        for name, each in self.containers.items():
            if each.phase is not _Phase.WAITING:
                continue
            verdicts = [self._verdict(name, *dependency, now) for dependency in each.plan.depends_on]
            never = next((verdict for verdict in verdicts if isinstance(verdict, str)), None)
            if never is not None:
                yield Stop(never, "TaskFailedToStart")
                return
            if all(verdicts):
                yield Start(name)

    def _verdict(self, name: str, dependency: str, condition: Condition, now: float) -> bool | str:  # noqa: PLR0911 - one for each case
        """Return whether a condition is met, or the reason why it never will be."""
        container = self.containers[dependency]
        what = f"container ordering dependency [{dependency}] for target [{name}]"
        if container.phase is _Phase.WAITING:
            return False
        ended = container.phase is _Phase.ENDED
        failed = f"dependency graph: failed to resolve {what} as dependency "
        match condition:
            case Condition.START:
                return True
            case Condition.COMPLETE if ended:
                return True
            case Condition.SUCCESS if ended:
                return container.exit_code == 0 or f"{failed}did not exit successfully."
            case Condition.HEALTHY if ended:
                return f"{failed}exited with code {container.exit_code}."
            case Condition.HEALTHY if container.status == HEALTHY:
                return True
            case Condition.HEALTHY if container.status == UNHEALTHY:
                return f"{failed}is unhealthy."
            case _:
                late = now >= container.started + container.plan.start_timeout
                return f"dependency graph: {what} has timed out." if late else False

    def _ends(self, now: float) -> Iterator[Action]:
        """Yield what ends the containers: first those on which no running one depends."""
        for name, each in self.containers.items():
            if not each.running:
                continue
            if each.asked is None:
                if not any(self.containers[other].running for other in self._plan.waiting_for(name)):
                    each.asked = now
                    yield Terminate(name)
            elif not each.killed and now >= each.asked + each.plan.stop_timeout:
                each.killed = True
                yield Kill(name)
