"""Lead a task through its life: the lifecycle decides, the engine acts, and MiniStack's record says what is."""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time
from collections import deque
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, TypeAlias

from ecr_fargate_constructs.local.ministack_patches.tasks.checks import passes
from ecr_fargate_constructs.local.tasks.lifecycle import (
    Action,
    Check,
    Kill,
    Lifecycle,
    Restart,
    Start,
    Stop,
    Terminate,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from ecr_fargate_constructs.local.ministack_patches.tasks.engine import TaskContainers
    from ecr_fargate_constructs.local.tasks.definition import TaskPlan

_Properties: TypeAlias = dict[str, Any]

_OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
_KILLED = 137
_ENGINE_DELAY = 0.05  # seconds until the engine knows what the kernel knows
_LONGEST_WAIT = 5.0  # seconds; the engine is asked at least so often


class _Bell:
    """Wakes a thread that polls."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def ring(self) -> None:
        with self._lock:
            if self.descriptor >= 0:
                os.eventfd_write(self.descriptor, 1)

    def heard(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self.descriptor)

    def close(self) -> None:
        with self._lock:
            os.close(self.descriptor)
            self.descriptor = -1


class Supervisor:
    """Leads one task."""

    def __init__(
        self,
        ecs: Any,  # noqa: ANN401 - an untyped package
        task: _Properties,
        plan: TaskPlan,
        containers: TaskContainers,
        client: Any,  # noqa: ANN401
        ended: Callable[[], None],
    ) -> None:
        """Start nothing yet.

        Args:
            ecs: MiniStack's module for ECS.
            task: MiniStack's record of the task.
            plan: Its definition.
            containers: Its containers.
            client: Client of the engine.
            ended: Called when nothing of the task is left.
        """
        self._ecs, self._task, self._containers, self._client, self._ended = ecs, task, containers, client, ended
        self._life = Lifecycle(plan)
        self._bell = _Bell()
        self._results: deque[tuple[str, int, bool]] = deque()
        self._lock = threading.Lock()
        self._asked_to_stop = False
        self._over = False
        self._processes: dict[str, int] = {}

    def start(self) -> bool:
        """Start the containers, and return whether the task runs: False if it has ended already.

        Raises:
            Exception: A container cannot be started.
        """
        with self._lock:
            self._containers.prepare()
            self._lead(until_running=True)
        return not self._over

    def run(self) -> None:
        """Follow the task until its end."""
        with self._lock:
            self._lead()

    def stop(self) -> None:
        """Let the task end, which whoever leads it does; somebody does afterwards."""
        self._asked_to_stop = True
        self._bell.ring()

    def _lead(self, *, until_running: bool = False) -> None:
        while not self._over:
            self._notice()
            actions = self._life.step(time.monotonic())
            for action in actions:
                self._do(action)
            self._publish()
            if self._life.over:
                self._end()
            elif until_running and self._life.all_started and not self._life.stopping:
                return
            elif not actions:
                self._wait()

    def _notice(self) -> None:
        """Take in what has happened."""
        now = time.monotonic()
        for name, each in self._life.containers.items():
            if each.running and (code := self._code(name)) is not None:
                self._life.exited(name, code, now)
                self._note_exit(name, code)
        while self._results:
            name, restarts, passed = self._results.popleft()
            if self._life.containers[name].restarts == restarts:
                self._life.checked(name, now, passed=passed)
        if self._asked_to_stop or not self._ecs._task_is_active(self._task["taskArn"], self._task):  # noqa: SLF001
            self._life.stop()

    def _code(self, name: str) -> int | None:
        """Return a container's exit code, and ask the engine only if its process has ended."""
        process = self._processes.get(name, 0)
        if process and not _has_ended(process):
            return None
        try:
            return self._containers.exit_code(name)
        except Exception as error:  # noqa: BLE001 - the engine does not answer, or the container was removed
            return _KILLED if type(error).__name__ == "NotFound" else None

    def _note_exit(self, name: str, code: int) -> None:
        index = list(self._life.containers).index(name)
        record = self._task["containers"][index]
        record |= {"lastStatus": "STOPPED", "exitCode": code}
        try:
            if code == _KILLED and self._containers.out_of_memory(name):
                record["reason"] = _OUT_OF_MEMORY
        except Exception as error:  # noqa: BLE001 - the reason is helpful, not required
            print(f"the engine does not say how {name} ended: {error}", flush=True)

    def _do(self, action: Action) -> None:
        match action:
            case Start(name):
                wanted = self._containers.start(name)
                self._note_start(name)
                if not wanted:
                    self._life.stop()
            case Restart(name):
                self._containers.restart(name)
                self._task["containers"][list(self._life.containers).index(name)]["lastStatus"] = "RUNNING"
                self._note_start(name)
            case Check(name):
                threading.Thread(target=self._check, args=(name,), daemon=True, name="health-check").start()
            case Stop(reason, code):
                self._ecs._mark_task_stopped(self._task["taskArn"], self._task, reason, code)  # noqa: SLF001
            case Terminate(name):
                self._containers.ask_to_end(name)
            case Kill(name):
                self._containers.kill(name)

    def _note_start(self, name: str) -> None:
        self._processes[name] = self._containers.process(name)
        self._life.started(name, time.monotonic())

    def _check(self, name: str) -> None:
        container = self._life.containers[name]
        restarts, check = container.restarts, container.plan.health_check
        if check is not None:
            passed = passes(self._client, self._containers.running[name].id, check)
            self._results.append((name, restarts, passed))
            self._bell.ring()

    def _publish(self) -> None:
        """Write the health of the containers to MiniStack's record."""
        for record, each in zip(self._task["containers"], self._life.containers.values(), strict=True):
            if each.health is not None:
                record["healthStatus"] = each.status
        self._task["healthStatus"] = self._life.health

    def _wait(self) -> None:
        """Wait until a process ends, a check has a result, the task is to end, or it is time for something."""
        now = time.monotonic()
        seconds = min(_LONGEST_WAIT, self._life.next_time(now) - now)
        with ExitStack() as opened:
            poll = select.poll()
            poll.register(self._bell.descriptor, select.POLLIN)
            for name, each in self._life.containers.items():
                if not each.running:
                    continue
                try:
                    descriptor = os.pidfd_open(self._processes[name])
                except OSError:  # it has ended, and the engine is about to notice
                    seconds = min(seconds, _ENGINE_DELAY)
                    continue
                opened.callback(os.close, descriptor)
                poll.register(descriptor, select.POLLIN)
            poll.poll(max(0.0, seconds) * 1000)
        self._bell.heard()

    def _end(self) -> None:
        """Remove what the task leaves."""
        self._task["executionStoppedAt"] = self._task.get("executionStoppedAt") or self._ecs._iso()  # noqa: SLF001
        self._task["lastStatus"] = "DEPROVISIONING"
        self._containers.remove()
        self._over = True
        self._bell.close()
        self._ended()


def _has_ended(process: int) -> bool:
    """Return whether a process has ended, also if nobody has collected its exit code yet."""
    try:
        descriptor = os.pidfd_open(process)
    except OSError:
        return True
    try:
        poll = select.poll()  # select.select() refuses descriptors above 1,023
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(0))
    finally:
        os.close(descriptor)
