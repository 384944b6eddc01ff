"""Targets that are ``initial``: registered a moment ago, and neither healthy nor unhealthy yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Target: TypeAlias = "tuple[str, str, int | None]"
"""Target group, address and port."""


@dataclass
class Newcomers:
    """The targets that have not been healthy yet, and the time since when each is known.

    A target is unhealthy only after it has failed as many checks in a row as its group says, so one that starts is not
    counted. Source: "Target health status" in the User Guide for Application Load Balancers.
    """

    _since: dict[Target, float] = field(default_factory=dict)

    def initial(self, group: str, results: Mapping[Target, bool], now: float, patience: float) -> int:
        """Take the checks of a group's targets, and return how many of its targets are ``initial``.

        Args:
            group: The target group.
            results: Whether each target has passed a check.
            now: Seconds of the machine: containers do not start faster if the clock passes faster.
            patience: Seconds after which a target that has never passed is unhealthy.
        """
        self._since = {each: since for each, since in self._since.items() if each[0] != group or each in results}
        initial = 0
        for target, passed in results.items():
            since = self._since.setdefault(target, now)
            if passed:
                self._since[target] = float("-inf")
            elif now - since < patience:
                initial += 1
        return initial
