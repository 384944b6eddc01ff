"""The files that ``ecr-fargate local up --watch`` has synced: every task that starts from now on gets them.

Files belong to a task definition: the next deployment makes another one, whose image has them. The container of a task
cannot change while it runs, since its root file system is read-only by default; so tasks with older files are replaced.
"""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_Properties: TypeAlias = dict[str, Any]

_NUMBER = "_synced"  # in MiniStack's record of a task


@dataclass(frozen=True)
class Landed:
    """A file that is mounted over the image.

    Attributes:
        source: The file on this machine; each task gets a copy.
        user: Id of its owner in the container.
        group: Id of its group.
        mode: Its rights.
    """

    source: Path
    user: int = 0
    group: int = 0
    mode: int = 0o644


Files: TypeAlias = "Mapping[str, Mapping[str, Landed]]"
"""Synced files by the name of a container and their absolute path in it."""


@dataclass(frozen=True)
class State:
    """The synced files of a task definition.

    Attributes:
        number: Number of the sync; 0 before the first one.
        files: The files.
    """

    number: int = 0
    files: Files = field(default_factory=dict)


class Synced:
    """The synced files of all task definitions."""

    def __init__(self) -> None:
        """Begin without files."""
        self._lock, self._numbers = threading.Lock(), itertools.count(1)
        self._states: dict[str, State] = {}
        self._running: dict[str, dict[str, dict[str, Any]]] = {}

    def state(self, definition: str) -> State:
        """Return the synced files of a task definition, by its ARN."""
        with self._lock:
            return self._states.get(definition, State())

    def definitions(self) -> list[str]:
        """Return the ARNs of the task definitions with synced files."""
        with self._lock:
            return [arn for arn, state in self._states.items() if state.files]

    def put(self, definition: str, files: Files) -> State:
        """Replace the files of a task definition: its running tasks are outdated then. Return the new state."""
        with self._lock:
            state = self._states[definition] = State(next(self._numbers), files)
        return state

    def restore(self, definition: str, state: State) -> None:
        """Go back to an earlier state: the tasks that began with it are no longer outdated."""
        with self._lock:
            self._states[definition] = state

    def outdated(self, task: _Properties) -> bool:
        """Return whether a task began with other files than its definition has now; one that did not begin has none."""
        return _NUMBER in task and task[_NUMBER] != self.state(str(task.get("taskDefinitionArn"))).number

    @staticmethod
    def number_of(task: _Properties) -> int | None:
        """Return the number of the sync with whose files a task began; None if it did not begin."""
        number: int | None = task.get(_NUMBER)
        return number

    def begin(self, task: _Properties) -> Files:
        """Return the files that a task begins with, and note that in its record."""
        state = self.state(str(task.get("taskDefinitionArn")))
        task[_NUMBER] = state.number
        return state.files

    def started(self, task: _Properties, name: str, container: Any) -> None:  # noqa: ANN401 - docker's
        """Note a container of a task."""
        with self._lock:
            of_definition = self._running.setdefault(str(task.get("taskDefinitionArn")), {})
            of_definition.setdefault(str(task["taskArn"]), {})[name] = container

    def ended(self, task: _Properties) -> None:
        """Forget the containers of a task."""
        with self._lock:
            self._running.get(str(task.get("taskDefinitionArn")), {}).pop(str(task["taskArn"]), None)

    def running(self, definition: str, name: str) -> Any:  # noqa: ANN401 - docker's
        """Return a container with this name of a task of a definition; None if there is none."""
        with self._lock:
            tasks = self._running.get(definition, {}).values()
            return next((containers[name] for containers in tasks if name in containers), None)
