"""What Fargate runs the tasks on: capacity that stays, spare capacity, or a mix. Pure: no CDK objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ecr_fargate_constructs._rules.checks import whole_number
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError


@dataclass(frozen=True)
class Share:
    """One capacity provider's part of the tasks."""

    provider: str
    weight: float
    base: float = 0


@typed
@dataclass(frozen=True)
class OnDemand:
    """Fargate capacity that stays for as long as a task wants it. The default."""

    @property
    def shares(self) -> tuple[Share, ...]:
        """How tasks are shared out among capacity providers; none, because the launch type says it all."""
        return ()


@typed
@dataclass(frozen=True)
class Spot:
    """Spare capacity of Fargate, for up to 70 % less, that AWS takes back with two minutes' notice.

    A task that is taken back gets SIGTERM, its stop timeout and no more; ECS starts another one when there is spare
    capacity. When there is none, fewer tasks run than wanted, or no task at all: ``Mixed`` keeps some that stay.

    Both architectures run on Spot; platform version 1.4.0 is needed for Arm, and is what this library's services use.

    Source: "Amazon ECS clusters for Fargate" in the Amazon ECS developer guide.
    """

    @property
    def shares(self) -> tuple[Share, ...]:
        """How tasks are shared out among capacity providers."""
        return (Share("FARGATE_SPOT", weight=1),)


@typed
@dataclass(frozen=True, kw_only=True)
class Mixed:
    """Some tasks on capacity that stays, the others partly on Spot.

    Defaults: the first two tasks stay, and of those beyond, one on Spot for each that stays.
    ``Mixed(base=2, spot_weight=3)``: the first two stay; of every four beyond, three are on Spot.
    ``Mixed(base=2, on_demand_weight=0)``: everything beyond the first two is on Spot.

    Attributes:
        base: Tasks that are on capacity that stays before any is on Spot, 0 to 100000.
        on_demand_weight: Tasks beyond ``base`` that stay, in proportion to ``spot_weight``, 0 to 1000.
        spot_weight: Tasks beyond ``base`` that are on Spot, in proportion to ``on_demand_weight``, 1 to 1000.

    Raises:
        ConfigurationError: For a figure outside of those, or a mix of which nothing stays.
    """

    base: float = 2
    on_demand_weight: float = 1
    spot_weight: float = 1

    def __post_init__(self) -> None:
        """Refuse figures that ECS refuses."""
        whole_number("Mixed.base", self.base, minimum=0, maximum=100_000, what="a number of tasks")
        whole_number("Mixed.on_demand_weight", self.on_demand_weight, minimum=0, maximum=1000, what="a weight")
        whole_number("Mixed.spot_weight", self.spot_weight, minimum=1, maximum=1000, what="a weight")
        if not is_token(self.base) and self.base == 0 and self.on_demand_weight == 0:
            raise ConfigurationError(
                "Mixed(base=0, on_demand_weight=0) has no task that stays; use Spot(), or a base of 1 or more"
            )

    @property
    def shares(self) -> tuple[Share, ...]:
        """How tasks are shared out among capacity providers."""
        return (
            Share("FARGATE", weight=self.on_demand_weight, base=self.base),
            Share("FARGATE_SPOT", weight=self.spot_weight),
        )


FargateCapacity: TypeAlias = OnDemand | Spot | Mixed
"""What Fargate can run tasks on."""
