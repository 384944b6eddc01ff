"""Fargate capacity of the tasks: on demand, Spot, or a mix. Pure: no CDK objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ecr_fargate_constructs._rules.checks import whole_number
from ecr_fargate_constructs._rules.tokens import Number, is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError


@dataclass(frozen=True)
class Share:
    """The share of one capacity provider in the tasks."""

    provider: str
    weight: float
    base: float = 0


@typed
@dataclass(frozen=True)
class OnDemand:
    """Fargate capacity that a task keeps for as long as it runs. The default."""

    @property
    def shares(self) -> tuple[Share, ...]:
        """Shares of the capacity providers; none, because the launch type is enough."""
        return ()


@typed
@dataclass(frozen=True)
class Spot:
    """Spare Fargate capacity, for up to 70 % less, which AWS reclaims with two minutes' notice.

    A reclaimed task gets SIGTERM and its stop timeout; ECS starts another one when there is spare capacity. When there
    is none, fewer tasks run than desired, or none at all: ``Mixed`` keeps some on demand.

    Both architectures run on Spot; Arm requires platform version 1.4.0, which this library's services use.

    Source: "Amazon ECS clusters for Fargate" in the Amazon ECS developer guide.
    """

    @property
    def shares(self) -> tuple[Share, ...]:
        """Shares of the capacity providers."""
        return (Share("FARGATE_SPOT", weight=1),)


@typed
@dataclass(frozen=True, kw_only=True)
class Mixed:
    """Some tasks on demand, the others partly on Spot.

    Defaults: the first two tasks run on demand, and of those beyond, one on Spot for each one on demand.
    ``Mixed(base=2, spot_weight=3)``: the first two run on demand; of every four beyond, three run on Spot.
    ``Mixed(base=2, on_demand_weight=0)``: all tasks beyond the first two run on Spot.

    Attributes:
        base: Tasks on demand before any is on Spot, 0 to 100000; default, 2.
        on_demand_weight: Tasks beyond ``base`` on demand, in proportion to ``spot_weight``, 0 to 1000; default, 1.
        spot_weight: Tasks beyond ``base`` on Spot, in proportion to ``on_demand_weight``, 1 to 1000; default, 1.

    Raises:
        ConfigurationError: A figure is out of range, or no task would run on demand.
    """

    base: Number = 2
    on_demand_weight: Number = 1
    spot_weight: Number = 1

    def __post_init__(self) -> None:
        whole_number("Mixed.base", self.base, minimum=0, maximum=100_000, what="a number of tasks")
        whole_number("Mixed.on_demand_weight", self.on_demand_weight, minimum=0, maximum=1000, what="a weight")
        whole_number("Mixed.spot_weight", self.spot_weight, minimum=1, maximum=1000, what="a weight")
        if not is_token(self.base) and self.base == 0 and self.on_demand_weight == 0:
            raise ConfigurationError(
                "Mixed(base=0, on_demand_weight=0) has no task on demand; use Spot(), or a base of 1 or more"
            )

    @property
    def shares(self) -> tuple[Share, ...]:
        """Shares of the capacity providers."""
        return (
            Share("FARGATE", weight=self.on_demand_weight, base=self.base),
            Share("FARGATE_SPOT", weight=self.spot_weight),
        )


FargateCapacity: TypeAlias = OnDemand | Spot | Mixed
"""Any Fargate capacity."""
