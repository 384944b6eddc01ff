"""How long a deployment that shifts traffic takes, and how long CloudFormation lets it take. Pure arithmetic.

Sources: the pages of ``AWS::ECS::Service LinearConfiguration`` and ``CanaryConfiguration`` in the CloudFormation
template reference.
"""

from __future__ import annotations

from dataclasses import dataclass

from ecr_fargate_constructs.errors import ConfigurationError

LONGEST_WAIT = 24 * 60
"""Minutes that ECS waits at most between two shifts, and at most after the last one."""

LONGEST_SCHEDULE = 33 * 60
"""Minutes above which CloudFormation refuses a schedule."""

TIMEOUT = 36 * 60
"""Minutes after which CloudFormation gives an update of a service up."""


def waits_of(step_percent: float) -> int:
    """How often a linear deployment waits: after each shift but the last, which reaches 100 %."""
    tenths = round(step_percent * 10)  # whole numbers: 100 / 3.3 is not exact
    return 1000 // tenths - (1000 % tenths == 0)


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """The waits of one deployment, in whole minutes.

    Attributes:
        strategy: Name of the strategy, for messages.
        shifts: What is shifted, in words, for example ``10 % of the traffic``.
        waits: How often it waits before all traffic has moved.
        wait_minutes: How long each time.
        bake_minutes: How long the old version stays ready afterwards.
        approval_minutes: How long a person may take to let it go on; 0 without an approval.
    """

    strategy: str
    shifts: str
    waits: int
    wait_minutes: int
    bake_minutes: int
    approval_minutes: int = 0

    @property
    def total_minutes(self) -> int:
        """The length that CloudFormation works out; tasks that start, hooks and an approval come on top."""
        return self.waits * self.wait_minutes + self.bake_minutes

    def check(self) -> None:
        """Refuse what CloudFormation refuses, or what it would give up.

        Raises:
            ConfigurationError: For more than 33 hours, or more than 36 with the approval.
        """
        if self.total_minutes > LONGEST_SCHEDULE:
            raise ConfigurationError(
                f"{self.strategy} takes {self._sum()} = {_time(self.total_minutes)}, and CloudFormation refuses more "
                f"than {_time(LONGEST_SCHEDULE)}; shorten the waits, or take larger steps"
            )
        whole = self.total_minutes + self.approval_minutes
        if whole > TIMEOUT:
            raise ConfigurationError(
                f"{self.strategy} takes {_time(self.total_minutes)} and waits up to {_time(self.approval_minutes)} for "
                f"the approval, and CloudFormation gives up after {_time(TIMEOUT)}; shorten one of them, for example "
                "approval=Approval(timeout=…)"
            )

    def __str__(self) -> str:
        """The schedule in a sentence."""
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
