"""Health checks in a row, and the grace period: when a target counts as healthy, and when it is given up."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Checks:
    """The health of one target.

    Attributes:
        healthy_threshold: Checks in a row that a target must pass to become healthy.
        unhealthy_threshold: Checks in a row that it must fail to become unhealthy.
        state: ``initial``, ``healthy`` or ``unhealthy``, as Elastic Load Balancing calls them.
        in_a_row: Number of the last checks with the same result.
        passed: That result.
    """

    healthy_threshold: int = 5
    unhealthy_threshold: int = 2
    state: str = "initial"
    in_a_row: int = 0
    passed: bool = False

    def after(self, *, passed: bool) -> Checks:
        """Return the health after another check."""
        in_a_row = self.in_a_row + 1 if passed == self.passed else 1
        state = self.state
        if passed and in_a_row >= self.healthy_threshold:
            state = "healthy"
        elif not passed and in_a_row >= self.unhealthy_threshold:
            state = "unhealthy"
        return replace(self, state=state, in_a_row=in_a_row, passed=passed)

    def given_up(self, *, seconds_running: float, grace: float) -> bool:
        """Return whether ECS replaces the task: unhealthy, and its grace period is over.

        Source: ``healthCheckGracePeriodSeconds``, ECS API reference.
        """
        return self.state == "unhealthy" and seconds_running >= grace
