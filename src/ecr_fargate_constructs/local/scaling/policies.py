"""The number of tasks that a policy wants.

Sources: "How target tracking scaling for Application Auto Scaling works" and "How step scaling for Application Auto
Scaling works" in the Application Auto Scaling user guide.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

_Properties: TypeAlias = "Mapping[str, Any]"

DEFAULT_COOLDOWN = 300  # seconds; of ECS services, "TargetTrackingScalingPolicyConfiguration" in the API reference
LOW_SHARE = 0.9  # of the target value: "usually more than 10% lower"
HIGH_PERIODS, LOW_PERIODS = 3, 15  # minutes; what the alarms of target tracking have
_PERCENT = "PercentChangeInCapacity"


@dataclass(frozen=True)
class Tracking:
    """A target tracking policy.

    Attributes:
        name: Its name.
        target: Value of the metric to aim at.
        out_cooldown: Seconds after a scale-out before another one.
        in_cooldown: Seconds after a scale-in before another one.
        scales_in: Whether it removes tasks, too.
    """

    name: str
    target: float
    out_cooldown: float = DEFAULT_COOLDOWN
    in_cooldown: float = DEFAULT_COOLDOWN
    scales_in: bool = True

    @classmethod
    def of(cls, name: str, config: _Properties) -> Tracking:
        """Read ``TargetTrackingScalingPolicyConfiguration``."""
        return cls(
            name,
            float(config["TargetValue"]),
            _number(config, "ScaleOutCooldown", DEFAULT_COOLDOWN),
            _number(config, "ScaleInCooldown", DEFAULT_COOLDOWN),
            str(config.get("DisableScaleIn", False)).lower() != "true",
        )

    def wanted(self, capacity: int, value: float) -> int:
        """Return the number of tasks that brings the metric to the target: rounded up, for enough capacity."""
        return math.ceil(round(capacity * value / self.target, 9))


@dataclass(frozen=True)
class Step:
    """An adjustment for values between two bounds, which are distances from the alarm's threshold."""

    lower: float
    upper: float
    adjustment: float


@dataclass(frozen=True)
class Steps:
    """A step scaling policy.

    Attributes:
        name: Its name.
        kind: ``ChangeInCapacity``, ``ExactCapacity`` or ``PercentChangeInCapacity``.
        steps: The adjustments.
        cooldown: Seconds after an activity.
        least: Least number of tasks that a percentage adds or removes.
    """

    name: str
    kind: str
    steps: tuple[Step, ...]
    cooldown: float = DEFAULT_COOLDOWN
    least: int = 0

    @classmethod
    def of(cls, name: str, config: _Properties) -> Steps:
        """Read ``StepScalingPolicyConfiguration``."""
        steps = tuple(
            Step(
                _number(each, "MetricIntervalLowerBound", -math.inf),
                _number(each, "MetricIntervalUpperBound", math.inf),
                float(each["ScalingAdjustment"]),
            )
            for each in config.get("StepAdjustments") or []
        )
        kind = str(config.get("AdjustmentType") or "ChangeInCapacity")
        least = int(config.get("MinAdjustmentMagnitude") or 0)
        return cls(name, kind, steps, _number(config, "Cooldown", DEFAULT_COOLDOWN), least)

    def wanted(self, capacity: int, value: float, threshold: float) -> int:
        """Return the number of tasks after the adjustment for a value; the same if no step fits."""
        distance = value - threshold
        adjustment = next((each.adjustment for each in self.steps if _contains(each, distance)), 0.0)
        if self.kind == "ExactCapacity":
            return int(adjustment) if any(_contains(each, distance) for each in self.steps) else capacity
        if self.kind == _PERCENT:
            adjustment = _rounded(capacity * adjustment / 100)
            if adjustment and abs(adjustment) < self.least:
                adjustment = math.copysign(self.least, adjustment)
        return max(0, capacity + int(adjustment))


def _contains(step: Step, distance: float) -> bool:
    """Return whether a step is for a value: above the threshold its lower bound belongs to it, below its upper one."""
    if distance >= 0:
        return step.lower <= distance < step.upper
    return step.lower < distance <= step.upper


def _rounded(change: float) -> float:
    """Round a change by percent: towards 0, but to at least one task."""
    if change and abs(change) < 1:
        return math.copysign(1, change)
    return math.trunc(change)


def _number(properties: _Properties, name: str, default: float) -> float:
    value = properties.get(name)
    return default if value is None else float(value)
