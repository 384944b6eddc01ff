"""The end of a task, in words. Pure."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Outcome:
    """The end of a command.

    Attributes:
        exit_code: Exit code of the container; None if it never ran, or ECS does not know.
        reason: What ECS says about it.
        never_started: Whether ECS could not start the task: pull its images, read its secrets, place it.
    """

    exit_code: int | None
    reason: str
    never_started: bool = False

    @property
    def succeeded(self) -> bool:
        """True if the command ended with exit code 0."""
        return self.exit_code == 0


def outcome_of(task: Mapping[str, Any], container_name: str) -> Outcome | None:
    """Return how the command of a task ended; None while it may still run.

    The other containers may need a while to stop after the command has ended.
    """
    container: Mapping[str, Any] = next(
        (each for each in task.get("containers", ()) if each.get("name") == container_name), {}
    )
    code = container.get("exitCode")
    stopped = task.get("lastStatus") == "STOPPED"
    if not stopped and (code is None or container.get("lastStatus") != "STOPPED"):
        return None
    said = [container.get("reason"), task.get("stoppedReason") if stopped else None]
    never_started = code is None and task.get("stopCode") == "TaskFailedToStart"
    return Outcome(code, "; ".join(each for each in said if each), never_started)


def failure(command: Sequence[str], outcome: Outcome, lines: Sequence[str] | None) -> str:
    """Return the reason of a deployment that fails because of a command."""
    words = shlex.join(command)
    if outcome.exit_code is None:
        head = f"the release command `{words}` did not run: {outcome.reason or 'ECS gives no reason'}"
    else:
        head = f"the release command `{words}` ended with exit code {outcome.exit_code}"
        if outcome.reason and "Essential container" not in outcome.reason:
            head = f"{head} ({outcome.reason})"
    return _with_lines(head, lines)


def too_late(command: Sequence[str], seconds: float, lines: Sequence[str] | None) -> str:
    """Return the reason of a deployment that fails because a command took too long."""
    return _with_lines(f"the release command `{shlex.join(command)}` was stopped after {seconds:g} seconds", lines)


def _with_lines(head: str, lines: Sequence[str] | None) -> str:
    """Return the reason with the last lines; None if nobody can read them here."""
    if lines is None:
        return head
    return f"{head}; its last lines: {' | '.join(lines)}" if lines else f"{head}; it logged nothing"
