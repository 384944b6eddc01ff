"""Lifecycle hooks of a stage: functions are invoked and asked again, pauses wait for a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.deployments.settings import Hook

ASK_AGAIN = 30.0
"""Seconds until a function that answers ``IN_PROGRESS`` without ``callBackDelay`` is invoked again.

Source: "Lifecycle hooks for Amazon ECS service deployments", ECS developer guide.
"""


@dataclass
class Run:
    """A hook at a stage.

    Attributes:
        identifier: ECS's ``hookId``.
        hook: The hook.
        expires: Time of its timeout.
        next_call: Time of the next invocation; None while an invocation is running, and for a pause.
        status: ``AWAITING_ACTION``, ``IN_PROGRESS``, ``SUCCEEDED``, ``FAILED`` or ``TIMED_OUT``.
        goes_on: Whether a timeout lets the deployment continue.
    """

    identifier: str
    hook: Hook
    expires: float
    next_call: float | None
    status: str
    goes_on: bool = field(default=False)

    @classmethod
    def begin(cls, identifier: str, hook: Hook, now: float) -> Run:
        """Start a hook."""
        pause = hook.function is None
        status = "AWAITING_ACTION" if pause else "IN_PROGRESS"
        return cls(identifier, hook, now + hook.timeout, None if pause else now, status)

    @property
    def open(self) -> bool:
        """Whether the stage still waits for it."""
        return self.status in {"AWAITING_ACTION", "IN_PROGRESS"}

    @property
    def refused(self) -> bool:
        """Whether it ends the deployment."""
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

    def answer(self, status: str, now: float, delay: float | None = None) -> None:
        """Take a function's answer; anything but ``SUCCEEDED`` and ``IN_PROGRESS`` is a failure."""
        if not self.open or self.hook.function is None:
            return
        if status == "IN_PROGRESS":
            self.next_call = now + (ASK_AGAIN if delay is None else max(0.0, delay))
        else:
            self.status = "SUCCEEDED" if status == "SUCCEEDED" else "FAILED"

    def decide(self, action: str) -> None:
        """Take a person's decision on a pause."""
        if self.status == "AWAITING_ACTION":
            self.status = "FAILED" if action == "ROLLBACK" else "SUCCEEDED"
