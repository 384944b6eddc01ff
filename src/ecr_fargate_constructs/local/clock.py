"""A clock that may pass faster than the machine's, for what waits for minutes on AWS."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeAlias

from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable

Seconds: TypeAlias = float
"""Seconds since 1970, or a number of seconds."""


class Clock:
    """Time as the embedded AWS counts it.

    It starts at the machine's time, and passes ``speed`` times as fast: with 60, a period of one minute takes a
    second. Timestamps that users write or read stay the machine's; :meth:`inside` and :meth:`outside` convert them.
    """

    def __init__(
        self,
        speed: float = 1,
        *,
        time_of_machine: Callable[[], Seconds] = time.time,
        sleep_of_machine: Callable[[Seconds], None] = time.sleep,
    ) -> None:
        """Start at the machine's time.

        Args:
            speed: Seconds of this clock per second of the machine, 1 to 3600.
            time_of_machine: Returns the machine's time; tests set it.
            sleep_of_machine: Waits for seconds of the machine; tests set it.
        """
        if not 1 <= speed <= 3600:  # noqa: PLR2004 - the sentence says it
            message = f"--clock: {speed:g} is not a speed; give 1 (AWS's time) to 3600 (an hour passes in a second)"
            raise ToolError(message)
        self.speed = speed
        self._time, self._sleep = time_of_machine, sleep_of_machine
        self._start = time_of_machine()

    def now(self) -> Seconds:
        """Return the time of this clock, in seconds since 1970."""
        return self.inside(self._time())

    def sleep(self, seconds: Seconds) -> None:
        """Wait until this many seconds of this clock have passed."""
        self._sleep(max(0.0, seconds) / self.speed)

    def inside(self, time_of_machine: Seconds) -> Seconds:
        """Return the time of this clock at a time of the machine; times before the start are the machine's."""
        passed = time_of_machine - self._start
        return time_of_machine if passed < 0 else self._start + passed * self.speed

    def outside(self, time_of_clock: Seconds) -> Seconds:
        """Return the machine's time at a time of this clock; the inverse of :meth:`inside`."""
        passed = time_of_clock - self._start
        return time_of_clock if passed < 0 else self._start + passed / self.speed
