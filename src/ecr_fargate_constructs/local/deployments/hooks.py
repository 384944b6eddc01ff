"""Lifecycle hooks of a stage: functions are invoked and asked again, pauses wait for a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from ecr_fargate_constructs.local.deployments.stages import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ecr_fargate_constructs.local.deployments.settings import Hook

ASK_AGAIN = 30.0
"""Seconds until a function that answers ``IN_PROGRESS`` without ``callBackDelay`` is invoked again.

Source, for all of this module: "Lambda hooks for Amazon ECS service deployments", ECS developer guide.
"""

_TELL_TEST = {Stage.RECONCILE_SERVICE, Stage.TEST_TRAFFIC_SHIFT}
_TELL_PRODUCTION = {Stage.RECONCILE_SERVICE, Stage.PRE_PRODUCTION_TRAFFIC_SHIFT, Stage.PRODUCTION_TRAFFIC_SHIFT}


class Answer(NamedTuple):
    """The answer of a function.

    Attributes:
        status: Its ``hookStatus``.
        delay: Its ``callBackDelay`` in seconds; None without one.
        details: Its ``hookDetails``, which the next invocation gets back.
    """

    status: str
    delay: float | None = None
    details: Mapping[str, Any] = {}


def told_weights(
    stage: Stage, groups: Mapping[str, int], test_group: int, weights: tuple[float, float]
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the shares of test and production traffic that a function is told at a stage, by revision.

    Args:
        stage: The stage.
        groups: The target groups of the revisions.
        test_group: The target group that gets test traffic.
        weights: Percentages of production traffic of the two target groups.
    """
    test = {revision: 100.0 if group == test_group else 0.0 for revision, group in groups.items()}
    production = {revision: weights[group] for revision, group in groups.items()}
    return test if stage in _TELL_TEST else {}, production if stage in _TELL_PRODUCTION else {}


@dataclass
class Run:
    """A hook at a stage.

    Attributes:
        identifier: ECS's ``hookId``.
        hook: The hook.
        stage: The stage.
        details: ``hookDetails`` of the next invocation, shared by all runs of the hook in a deployment.
        expires: Time of its timeout.
        next_call: Time of the next invocation; None while an invocation is running, and for a pause.
        status: ``AWAITING_ACTION``, ``IN_PROGRESS``, ``SUCCEEDED``, ``FAILED`` or ``TIMED_OUT``.
        goes_on: Whether a timeout lets the deployment continue.
    """

    identifier: str
    hook: Hook
    stage: Stage
    details: dict[str, Any]
    expires: float
    next_call: float | None
    status: str
    goes_on: bool = field(default=False)

    @classmethod
    def begin(cls, identifier: str, hook: Hook, stage: Stage, details: dict[str, Any], now: float) -> Run:
        """Start a hook at a stage."""
        pause = hook.function is None
        status = "AWAITING_ACTION" if pause else "IN_PROGRESS"
        return cls(identifier, hook, stage, details, now + hook.timeout, None if pause else now, status)

    @property
    def open(self) -> bool:
        """Whether the stage still waits for this hook."""
        return self.status in {"AWAITING_ACTION", "IN_PROGRESS"}

    @property
    def refused(self) -> bool:
        """Whether this hook makes the deployment fail."""
        return self.status == "FAILED" or (self.status == "TIMED_OUT" and not self.goes_on)

    def due(self, now: float) -> bool:
        """Return whether the function must be invoked now, and note that it is; time out if it is too late."""
        if not self.open:
            return False
        if now >= self.expires:
            self.status, self.goes_on = "TIMED_OUT", self.hook.timeout_action == "CONTINUE"
            return False
        if self.next_call is None or now < self.next_call:
            return False
        self.next_call = None
        return True

    def answer(self, answer: Answer, now: float) -> None:
        """Take a function's answer; any status but ``SUCCEEDED`` and ``IN_PROGRESS`` is a failure."""
        if not self.open or self.hook.function is None:
            return
        if answer.status == "IN_PROGRESS":
            self.details.update(answer.details)
            self.next_call = now + (ASK_AGAIN if answer.delay is None else max(0.0, answer.delay))
        else:
            self.status = "SUCCEEDED" if answer.status == "SUCCEEDED" else "FAILED"

    def decide(self, action: str) -> None:
        """Take a person's decision on a pause."""
        if self.status == "AWAITING_ACTION":
            self.status = "FAILED" if action == "ROLLBACK" else "SUCCEEDED"
