"""What wakes a service and sends it to sleep, without AWS's clients.

Two rules of the listener have the conditions of the service: one forwards to the service, the other to this function.
The first one that matches wins, so the service's rule has a priority before the function's while the service is awake,
and after it while it sleeps. Nothing but the priority of the service's rule ever changes.

Many requests and the schedule may do this at once. Each order of their steps ends well, because whoever writes one of
the two facts, priority and number of tasks, reads the other one afterwards: a rule that leads to no task is moved back
by whichever of them comes last.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .aws import Aws

_POLL = (3, 6)
"""Seconds between two looks at the targets, chosen at random: Elastic Load Balancing limits calls per account, and
many requests may wait at once."""

_SETTLE = 1
"""Seconds after which a load balancer follows a changed rule; a redirect that is too early leads here once more."""

_DRAIN = 5
"""Seconds between the last request to the tasks and their end."""


class Clock(Protocol):
    """Time; tests have their own."""

    def now(self) -> float:
        """Return seconds since 1970."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class Waker:
    """Wakes one service, and sends it to sleep."""

    def __init__(self, aws: Aws, clock: Clock) -> None:
        """Take the service.

        Args:
            aws: The service and its rule.
            clock: Time.
        """
        self._aws, self._clock = aws, clock

    def wake(self, *, until: float) -> bool:
        """Start the service if no task is meant to run, and wait for a healthy one.

        Args:
            until: When to stop waiting, in seconds since 1970.

        Returns:
            True if requests go to the service now, False if it is still starting.
        """
        if self._aws.service().desired == 0:
            self._aws.start()
        while not self._leads_to_service():
            pause = random.uniform(*_POLL)  # noqa: S311 - it protects nothing
            if self._clock.now() + pause > until:
                return False
            self._clock.sleep(pause)
        return True

    def _leads_to_service(self) -> bool:
        """Lead requests to the service if it has a healthy target; return whether they go there."""
        if not self._aws.has_healthy_target():
            return False
        if not self._aws.rule_is_first():
            self._aws.put_rule_first()
        if self._aws.service().desired == 0:  # it was sent to sleep in the meantime
            self._leave_to_function("")
            self._aws.start()
            return False
        self._clock.sleep(_SETTLE)
        if self._aws.has_healthy_target():
            return True
        self._leave_to_function("")  # what was healthy was a task that stops
        return False

    def sleep_if_idle(self, grace: float) -> str:
        """Stop the tasks if no request came for a while, and correct a rule that leads to no task.

        Args:
            grace: Seconds for which a new task runs in any case, once it has had its time to start: CloudWatch learns
                of requests minutes later.

        Returns:
            Why the service sleeps, or does not.
        """
        service = self._aws.service()
        if service.desired == 0:
            return self._leave_to_function("asleep")
        if not self._aws.has_healthy_target():
            self._leave_to_function("")  # which answers until there is one
        if service.deploying:
            return "a deployment is in progress"
        if not self._aws.is_idle():
            return "in use"
        youngest = self._aws.youngest_task()
        if youngest is not None and self._clock.now() - youngest < service.start + grace:
            return "just started"
        self._aws.put_rule_last()
        self._clock.sleep(_DRAIN)
        if self._aws.rule_is_first():
            return "woken by a request"
        return self.stop()

    def stop(self) -> str:
        """Stop the tasks; the function gets the requests."""
        self._leave_to_function("")
        if self._aws.service().desired > 0:
            self._aws.stop()
        return self._leave_to_function("stopped")

    def _leave_to_function(self, state: str) -> str:
        if self._aws.rule_is_first():
            self._aws.put_rule_last()
        return state
