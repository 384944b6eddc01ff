"""Choose a target group by its weight.

Source: "Forward actions" and "Target groups for your Application Load Balancers", sticky sessions, in the Elastic Load
Balancing user guide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_Properties: TypeAlias = "Mapping[str, Any]"
_DEFAULT_WEIGHT = 1  # "ForwardActionConfig": of a group without a weight
_DEFAULT_SECONDS = 3600  # of a rule's stickiness; AWS requires a duration of 1 second to 7 days


@dataclass(frozen=True)
class Forward:
    """A forward action.

    Attributes:
        groups: ARN and weight of each target group.
        sticky_seconds: How long a client stays with its group; None if it does not.
    """

    groups: tuple[tuple[str, int], ...]
    sticky_seconds: int | None = None

    @classmethod
    def of(cls, action: _Properties) -> Forward:
        """Read an action in the words of the API."""
        config = action.get("ForwardConfig") or {}
        groups = tuple(
            (str(each["TargetGroupArn"]), int(_DEFAULT_WEIGHT if each.get("Weight") is None else each["Weight"]))
            for each in config.get("TargetGroups") or []
        )
        if not groups and action.get("TargetGroupArn"):
            groups = ((str(action["TargetGroupArn"]), _DEFAULT_WEIGHT),)
        sticky = config.get("TargetGroupStickinessConfig") or {}
        enabled = str(sticky.get("Enabled", False)).lower() == "true"
        return cls(groups, int(sticky.get("DurationSeconds") or _DEFAULT_SECONDS) if enabled else None)

    def choose(self, draw: Callable[[], float], stuck: str | None = None) -> str | None:
        """Return the ARN of a group; None if all weights are 0.

        Args:
            draw: Returns a random number from 0 to below 1.
            stuck: The group that the client's cookie names. The client stays with it, whatever its weight and health,
                as long as the action has it.
        """
        if self.sticky_seconds is not None and stuck in [arn for arn, _ in self.groups]:
            return stuck
        total = sum(weight for _, weight in self.groups)
        at = draw() * total
        for arn, weight in self.groups:
            if at < weight:
                return arn
            at -= weight
        return None
