"""Length of a deployment that shifts traffic, and CloudFormation's limits on it. Pure arithmetic.

Sources: the pages of ``AWS::ECS::Service LinearConfiguration`` and ``CanaryConfiguration`` in the CloudFormation
template reference.
"""

from __future__ import annotations

from dataclasses import dataclass

from ecr_fargate_constructs.errors import ConfigurationError

LONGEST_WAIT = 24 * 60
"""Minutes that ECS waits at most between two shifts, and after the last one."""

LONGEST_SCHEDULE = 33 * 60
"""Longest schedule that CloudFormation accepts, in minutes."""

TIMEOUT = 36 * 60
"""Minutes after which CloudFormation abandons an update of a service."""


def waits_of(step_percent: float) -> int:
    """Return the number of waits of a linear deployment: one after each shift but the last, which reaches 100 %."""
    tenths = round(step_percent * 10)  # whole numbers: 100 / 3.3 is not exact
    return 1000 // tenths - (1000 % tenths == 0)


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """The waits of one deployment, in whole minutes.

    Attributes:
        strategy: Name of the strategy, for messages.
        shifts: The shifts in words, for example ``10 % of the traffic``.
        waits: Number of waits before all traffic has moved.
        wait_minutes: Length of each wait.
        bake_minutes: Time for which the old version stays ready afterwards.
        approval_minutes: Longest wait for a person's approval; 0 without an approval.
    """

    strategy: str
    shifts: str
    waits: int
    wait_minutes: int
    bake_minutes: int
    approval_minutes: int = 0

    @property
    def total_minutes(self) -> int:
        """Length as CloudFormation calculates it; starting tasks, hooks and an approval come on top."""
        return self.waits * self.wait_minutes + self.bake_minutes

    def check(self) -> None:
        """Refuse a schedule that CloudFormation refuses, or would abandon."""
        if self.total_minutes > LONGEST_SCHEDULE:
            raise ConfigurationError(
                f"{self.strategy} takes {self._sum()} = {_time(self.total_minutes)}, but CloudFormation accepts at "
                f"most {_time(LONGEST_SCHEDULE)}; shorten the waits, or use larger steps"
            )
        whole = self.total_minutes + self.approval_minutes
        if whole > TIMEOUT:
            raise ConfigurationError(
                f"{self.strategy} takes {_time(self.total_minutes)} and waits up to {_time(self.approval_minutes)} for "
                f"the approval, but CloudFormation abandons an update after {_time(TIMEOUT)}; shorten one of them, for "
                "example approval=Approval(timeout=…)"
            )

    def __str__(self) -> str:
        approval = f", and up to {_time(self.approval_minutes)} for the approval" if self.approval_minutes else ""
        return (
            f"{self.strategy}: {self.shifts}; {self._sum()} = {_time(self.total_minutes)} in all{approval}, "
            "on top of the time that tasks and hooks take"
        )

    def _sum(self) -> str:
        return f"{self.waits} x {self.wait_minutes} min of waiting + {self.bake_minutes} min of baking"


def _time(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return " ".join(
        part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest or not hours else "") if part
    )
