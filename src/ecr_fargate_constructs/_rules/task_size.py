"""Task sizes of Fargate. Pure: no CDK objects."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

from ecr_fargate_constructs._rules.checks import whole_number
from ecr_fargate_constructs._rules.data import table, text_of
from ecr_fargate_constructs._rules.tokens import Number, is_token
from ecr_fargate_constructs._rules.typed import typed, typed_call
from ecr_fargate_constructs.architecture import Architecture
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

_GIB = 1024


FARGATE_SIZES: dict[int, tuple[int, ...]] = {int(cpu): tuple(sizes) for cpu, sizes in table("fargate_sizes").items()}
"""Memory sizes (MiB) that Linux tasks may have, by CPU units."""


class SharesOfTask(Protocol):
    """A container's share of the task's CPU and memory; ``AppContainer`` and ``Sidecar`` have these attributes."""

    @property
    def cpu(self) -> float | None:
        """CPU units."""

    @property
    def memory_limit_mib(self) -> float | None:
        """Hard limit of memory, in MiB."""

    @property
    def memory_reservation_mib(self) -> float | None:
        """Reserved memory, in MiB."""


@typed
@dataclass(frozen=True)
class TaskSize:
    """CPU and memory of a whole task, checked against the sizes of Fargate.

    Defaults: 256 CPU units (a quarter of a vCPU), 512 MiB, and the 20 GiB of storage that every task has.

    A CDK token passes unchecked. With a token as ``cpu``, any memory size that some CPU size allows passes.

    Attributes:
        cpu: CPU units; 1024 are one vCPU. One of 256, 512, 1024, 2048, 4096, 8192, 16384, 32768; default, 256.
        memory_mib: Memory in MiB; the sizes allowed depend on ``cpu`` (see ``FARGATE_SIZES``); default, 512.
        ephemeral_storage_gib: Ephemeral storage in GiB, 21 to 200; default, the 20 GiB that every task has.

    Raises:
        ConfigurationError: Fargate does not have the size. CloudFormation would report it only during the deployment.
    """

    cpu: Number = 256
    memory_mib: Number = 512
    ephemeral_storage_gib: Number | None = None

    @classmethod
    @typed_call
    def smallest_for(
        cls,
        containers: Iterable[SharesOfTask],
        *,
        architecture: Architecture = Architecture.X86_64,
        ephemeral_storage_gib: Number | None = None,
    ) -> TaskSize:
        """Return the cheapest size in which ``containers`` fit together.

        A container needs its ``cpu``, and its ``memory_limit_mib``, or else its ``memory_reservation_mib``; an option
        that is not set counts as nothing. Among sizes of equal price, the smallest is returned.

        Args:
            containers: The containers of the task.
            architecture: Their architecture; default, x86-64.
            ephemeral_storage_gib: Ephemeral storage in GiB, 21 to 200; default, the 20 GiB that every task has.

        Raises:
            ConfigurationError: The containers do not fit into any size of Fargate, none of them sets CPU or memory, or
                one sets a token, whose value only the deployment knows.
        """
        shares = list(containers)
        cpu = sum(_amount("cpu", each.cpu) for each in shares)
        memory = sum(
            _amount("memory_limit_mib", each.memory_limit_mib)
            or _amount("memory_reservation_mib", each.memory_reservation_mib)
            for each in shares
        )
        if shares and not cpu and not memory:
            raise ConfigurationError(
                "TaskSize.smallest_for: no container sets cpu=, memory_limit_mib= or memory_reservation_mib=, so any "
                "size fits; set them, or omit size= for 256 units and 512 MiB"
            )
        fitting = [
            (hourly_price(units, size, architecture), units, size)
            for units, sizes in FARGATE_SIZES.items()
            for size in sizes
            if units >= cpu and size >= memory
        ]
        if not fitting:
            units, sizes = max(FARGATE_SIZES.items())
            raise ConfigurationError(
                f"the containers need {cpu:g} CPU units and {memory:g} MiB together, but Fargate's largest size has "
                f"{units} and {sizes[-1]}; reduce their CPU or memory, or run them on EC2"
            )
        _, units, size = min(fitting)
        return cls(units, size, ephemeral_storage_gib)

    def __post_init__(self) -> None:
        self._check_cpu()
        self._check_memory()
        if self.ephemeral_storage_gib is not None:
            whole_number(
                "TaskSize.ephemeral_storage_gib",
                self.ephemeral_storage_gib,
                minimum=21,
                maximum=200,
                what="a storage size of Fargate (every task has 20 GiB: omit it for those)",
            )

    def _check_cpu(self) -> None:
        if not is_token(self.cpu) and self.cpu not in FARGATE_SIZES:
            raise ConfigurationError(
                f"TaskSize.cpu={self.cpu!r} is not a CPU size of Fargate; use one of {_listed(tuple(FARGATE_SIZES))} "
                "(1024 are one vCPU)"
            )

    def _check_memory(self) -> None:
        if is_token(self.memory_mib):
            return
        if is_token(self.cpu):
            allowed = tuple(sorted({size for sizes in FARGATE_SIZES.values() for size in sizes}))
        else:
            allowed = FARGATE_SIZES[int(self.cpu)]
        if self.memory_mib not in allowed:
            with_cpu = "" if is_token(self.cpu) else f" with cpu={self.cpu:g}"
            raise ConfigurationError(
                f"TaskSize.memory_mib={self.memory_mib!r} is not a memory size of Fargate{with_cpu}; "
                f"use one of {_listed(allowed)}{self._cpu_that_has_it()}"
            )

    def _cpu_that_has_it(self) -> str:
        fits = [cpu for cpu, sizes in FARGATE_SIZES.items() if self.memory_mib in sizes]
        return f", or cpu={fits[0]}, which has {self.memory_mib:g}" if fits else ""


def hourly_price(cpu: float, memory_mib: float, architecture: Architecture) -> float:
    """Return the price of a task of this size in US dollars per hour in us-east-1, without storage.

    It only ranks sizes: both cost more in other regions.
    """
    vcpu, gb = _prices()[architecture]
    return cpu / 1024 * vcpu + memory_mib / _GIB * gb


@cache
def _prices() -> dict[Architecture, tuple[float, float]]:
    """Return the list prices of an hour of one vCPU, and of one GB of memory."""
    prices = json.loads(text_of("prices-us-east-1"))["prices"]
    return {
        architecture: (float(prices[f"fargate.{name}.vcpu-hour"]), float(prices[f"fargate.{name}.gb-hour"]))
        for architecture, name in ((Architecture.X86_64, "x86"), (Architecture.ARM64, "arm"))
    }


def _amount(name: str, share: float | None) -> float:
    if share is None:
        return 0
    if is_token(share):
        raise ConfigurationError(
            f"TaskSize.smallest_for cannot add up a {name} that only the deployment knows; use TaskSize(…) instead"
        )
    return share


def _listed(sizes: tuple[int, ...]) -> str:
    """Return sizes for a message; a long list with equal steps as a range."""
    steps = {later - earlier for earlier, later in pairwise(sizes)}
    if len(sizes) > 4 and len(steps) == 1:  # noqa: PLR2004 - from five sizes on, a range is easier to read than a list
        return f"{sizes[0]} to {sizes[-1]} in steps of {steps.pop()}"
    return ", ".join(map(str, sizes))
