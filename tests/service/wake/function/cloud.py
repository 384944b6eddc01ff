"""A service, its rule and its alarm in memory, each step of which may be held up while another call goes on."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ecr_fargate_constructs.service.wake.function.aws import Service

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FIRST, LAST = 10, 12


class FakeClock:
    """A clock that is set forward by whoever waits."""

    def __init__(self, cloud: FakeAws | None = None) -> None:
        """Start at a round time."""
        self.time, self._cloud = 1_000_000.0, cloud

    def now(self) -> float:
        """Return the time."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Wait for no time at all."""
        self.time += seconds
        if self._cloud is not None:
            self._cloud.step()


@dataclass
class FakeAws:
    """The calls of the function.

    Attributes:
        desired: Number of tasks that the service should have.
        priority: Priority of the service's rule.
        healthy: Whether a task is healthy as soon as one should run; otherwise never.
        idle: Whether the alarm is in the state ALARM.
        deploying: Whether a deployment is in progress.
        youngest: When the youngest task was made.
        step: Is called before each call, and may wait.
        calls: What changed anything.
    """

    desired: int = 1
    priority: int = LAST
    healthy: bool = True
    idle: bool = True
    deploying: bool = False
    youngest: float | None = None
    start_seconds: float = 0
    step: Callable[[], None] = lambda: None
    calls: list[str] = field(default_factory=list)

    def service(self) -> Service:
        self.step()
        return Service(self.desired, self.deploying, self.start_seconds)

    def start(self) -> None:
        self.step()
        self.calls.append("start")
        self.desired = 1

    def stop(self) -> None:
        self.step()
        self.calls.append("stop")
        self.desired = 0

    def youngest_task(self) -> float | None:
        self.step()
        return self.youngest

    def has_healthy_target(self) -> bool:
        self.step()
        return self.healthy and self.desired > 0

    def rule_is_first(self) -> bool:
        self.step()
        return self.priority <= FIRST

    def put_rule_first(self) -> None:
        self.step()
        self.calls.append("first")
        self.priority = FIRST

    def put_rule_last(self) -> None:
        self.step()
        self.calls.append("last")
        self.priority = LAST

    def is_idle(self) -> bool:
        self.step()
        return self.idle


def interleaved(cloud: FakeAws, actors: Sequence[Callable[[], object]], order: Sequence[int]) -> None:
    """Run functions at once; ``order`` says whose step is next, and when it ends they run one after the other."""
    turns, current, finished = list(order), threading.Condition(), set[int]()
    numbers: dict[int, int] = {}

    def mine() -> bool:
        me = numbers[threading.get_ident()]
        while turns and turns[0] in finished:
            turns.pop(0)
        if turns:
            return turns[0] == me
        return me == min(set(range(len(actors))) - finished)

    def step() -> None:
        with current:
            assert current.wait_for(mine, timeout=10)
            if turns:
                turns.pop(0)
            current.notify_all()

    def run(number: int, actor: Callable[[], object]) -> None:
        numbers[threading.get_ident()] = number
        try:
            actor()
        finally:
            with current:
                finished.add(number)
                current.notify_all()

    cloud.step = step
    threads = [threading.Thread(target=run, args=each) for each in enumerate(actors)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cloud.step = lambda: None
