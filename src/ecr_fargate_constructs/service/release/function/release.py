"""The course of a release: one command at a time, once per version.

All state is in ECS, in the parameter with the history, and in the notes that one invocation hands to the next.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from .aws import RefusedError
from .outcome import failure, outcome_of, too_late
from .version import History, version_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeVar

    from .outcome import Outcome
    from .request import Request

    T = TypeVar("T")

_POLL = 3.0
_PERMISSIONS = 120.0
"""Seconds in which AWS may still refuse: a new permission takes time to apply."""

_UNKNOWN = 60.0
"""Seconds in which ECS may not know a task that it has just started."""

_STOPPING = 180.0
"""Seconds for a task to stop: the longest stop timeout is two minutes."""

_LOG_WAITS = 3


class FailedError(Exception):
    """The deployment has to fail; CloudFormation shows the message."""


class OutOfTimeError(Exception):
    """The function's own time is over; the next invocation continues."""


class Clock(Protocol):
    """Time."""

    def now(self) -> float:
        """Return the seconds since the epoch."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class Cloud(Protocol):
    """The requests of ``aws.Aws``."""

    def definition(self, arn: str) -> Mapping[str, Any]:
        """Return a task definition."""

    def run(self, request: Mapping[str, Any]) -> tuple[str | None, str]:
        """Start a task, and return its ARN, or why there is none."""

    def running(self, started_by: str) -> Sequence[Mapping[str, Any]]:
        """Return the tasks that were started by ``started_by`` and are meant to run."""

    def task(self, arn: str) -> Mapping[str, Any] | None:
        """Return a task."""

    def stop(self, arn: str, reason: str) -> None:
        """Stop a task."""

    def lines(self, definition: Mapping[str, Any], container_name: str, task_arn: str) -> list[str] | None:
        """Return the last lines of a container; None if they cannot be read."""

    def history(self, name: str) -> str | None:
        """Return the value of a parameter."""

    def remember(self, name: str, value: str) -> None:
        """Write a parameter."""

    def forget(self, name: str) -> None:
        """Delete a parameter."""


class Release:
    """The work for one event."""

    def __init__(self, request: Request, cloud: Cloud, clock: Clock, *, until: float, notes: dict[str, Any]) -> None:
        """Begin, or continue.

        Args:
            request: The event.
            cloud: AWS.
            clock: Time.
            until: When the next invocation has to continue.
            notes: What earlier invocations noted, changed in place: ``began``, and ``attempt``, ``task`` and
                ``stopped`` later.
        """
        self._request, self._cloud, self._clock = request, cloud, clock
        self._until, self._notes = until, notes
        notes.setdefault("began", clock.now())

    def finish(self) -> dict[str, str]:
        """Do what the event asks for, and return the attributes of the resource.

        Raises:
            FailedError: The command failed, was too late, or could not start.
            OutOfTimeError: Another invocation has to continue.
        """
        request = self._request
        if request.deletes:
            self._stop_others()
            _at_best(lambda: self._cloud.forget(request.parameter))
            return {}
        definition = self._allowed(lambda: self._cloud.definition(request.definition))
        container = next(each for each in definition["containerDefinitions"] if each["name"] == request.container)
        version = version_of(container, request.command)
        history = History.parse(self._allowed(lambda: self._cloud.history(request.parameter)))
        if not history.is_due(version, again=request.again):
            self._stop_others()
            return {"Version": version, "Task": ""}
        task = self._run(definition)
        self._allowed(lambda: self._cloud.remember(request.parameter, history.with_version(version).render()))
        return {"Version": version, "Task": task}

    def _run(self, definition: Mapping[str, Any]) -> str:
        """Run the command to its end, and return its task.

        A task that ECS could not start is started again while a new permission may not apply yet: what the execution
        role may read is asked for after ``RunTask`` has succeeded. Its command has not run.
        """
        while True:
            task = self._notes.get("task") or self._own_task() or self._start()
            self._notes["task"] = task
            outcome = self._wait(task, definition)
            if outcome.succeeded:
                return str(task)
            if not outcome.never_started or self._clock.now() - self._notes["began"] > _PERMISSIONS:
                ran = outcome.exit_code is not None
                raise FailedError(
                    failure(self._request.command, outcome, self._lines(definition, task) if ran else None)
                )
            print(f"again: {outcome.reason}")
            del self._notes["task"]
            self._pause()

    def _own_task(self) -> str | None:
        """Return the task of the same event, if Lambda delivered it twice."""
        own = [each for each in self._running() if each.get("group") == self._request.group]
        return own[0]["taskArn"] if own else None

    def _start(self) -> str:
        """Start the task once no other is left."""
        while True:
            self._wait_for_others()
            attempt = self._notes.get("attempt", 0)
            arn, why = self._allowed(partial(self._cloud.run, self._request.run_task(attempt)))
            self._notes["attempt"] = attempt + 1  # for the next invocation too: ECS knows the tokens of this one
            if arn is not None:
                return arn
            if self._late():
                raise FailedError(f"the task of the release command could not start: {why or 'ECS gives no reason'}")
            self._pause()

    def _wait_for_others(self) -> None:
        """Wait until the command of an earlier event has ended; one that is over its time is stopped."""
        while others := self._running():
            for each in others:
                began = each.get("createdAt")
                if began is not None and self._clock.now() - _epoch(began) > self._request.seconds:
                    self._cloud.stop(each["taskArn"], "the release command of an earlier deployment took too long")
            if self._late():
                raise FailedError(f"the command of an earlier release is still running: {others[0]['taskArn']}")
            self._pause()

    def _stop_others(self) -> None:
        """Stop what a deployment that CloudFormation gave up has left; a rollback must not fail because of it."""
        left = _at_best(lambda: self._cloud.running(self._request.started_by)) or []
        for each in left:
            _at_best(partial(self._cloud.stop, each["taskArn"], "the deployment of this release was given up"))
        for each in left:
            while self._clock.now() < self._notes["began"] + _STOPPING:
                task = _at_best(partial(self._cloud.task, each["taskArn"]))
                if task is None or task.get("lastStatus") == "STOPPED":
                    break
                self._pause()

    def _wait(self, task_arn: str, definition: Mapping[str, Any]) -> Outcome:
        """Wait for the end of the command."""
        request, seen = self._request, self._clock.now()
        while True:
            task = self._allowed(lambda: self._cloud.task(task_arn))
            outcome = None if task is None else outcome_of(task, request.container)
            if outcome is not None:
                break
            if task is not None:
                seen = self._clock.now()
            elif self._clock.now() - seen > _UNKNOWN:
                raise FailedError(f"ECS does not know the task of the release command any more: {task_arn}")
            if self._late() and "stopped" not in self._notes:
                self._cloud.stop(task_arn, f"the release command took more than {request.seconds:g} seconds")
                self._notes["stopped"] = self._clock.now()
            if "stopped" in self._notes and self._clock.now() - self._notes["stopped"] > _STOPPING:
                break
            self._pause()
        if outcome is None or "stopped" in self._notes:
            raise FailedError(too_late(request.command, request.seconds, self._lines(definition, task_arn)))
        return outcome

    def _lines(self, definition: Mapping[str, Any], task_arn: str) -> list[str] | None:
        """Return the last lines; the log driver sends them a moment after the end."""
        lines: list[str] = []
        for _ in range(_LOG_WAITS):
            found = self._cloud.lines(definition, self._request.container, task_arn)
            if found is None:
                return None
            if found and found == lines:
                break
            lines = found
            self._clock.sleep(_POLL)
        return lines

    def _running(self) -> Sequence[Mapping[str, Any]]:
        return self._allowed(lambda: self._cloud.running(self._request.started_by))

    def _allowed(self, ask: Callable[[], T]) -> T:
        """Return what AWS answers; ask again while a new permission may not apply yet."""
        while True:
            try:
                return ask()
            except RefusedError as error:  # noqa: PERF203 - once in a few seconds
                if self._clock.now() - self._notes["began"] > _PERMISSIONS:
                    raise FailedError(f"AWS refuses: {error}") from error
                self._pause()

    def _late(self) -> bool:
        return bool(self._clock.now() - self._notes["began"] > self._request.seconds)

    def _pause(self) -> None:
        if self._clock.now() + _POLL > self._until:
            raise OutOfTimeError
        self._clock.sleep(_POLL)


def _at_best(ask: Callable[[], T]) -> T | None:
    """Return what AWS answers, or None: what is asked cleans up, and nothing depends on it."""
    try:
        return ask()
    except Exception as error:  # noqa: BLE001 - the answer to CloudFormation matters more
        print(f"not done: {type(error).__name__}: {error}")
        return None


def _epoch(moment: Any) -> float:  # noqa: ANN401 - a date of boto3
    return float(moment.timestamp())
