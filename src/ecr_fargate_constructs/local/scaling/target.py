"""Decide between policies: limits, cooldowns, and which policy wins.

Sources: "Target tracking scaling policies" and "Step scaling policies" in the Application Auto Scaling user guide, and
"Automatically scale your Amazon ECS service", which says that nothing scales in during a deployment.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecr_fargate_constructs.local.scaling.policies import Tracking

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs.local.scaling.policies import Steps


@dataclass(frozen=True)
class Signal:
    """A policy whose alarm is in the state ALARM.

    Attributes:
        policy: The policy.
        value: Latest value of its metric.
        alarm: Name of the alarm.
        threshold: Threshold of the alarm.
        low: Whether the alarm says that the metric is below the target of a target tracking policy.
    """

    policy: Tracking | Steps
    value: float
    alarm: str
    threshold: float = 0
    low: bool = False

    def wanted(self, capacity: int) -> int:
        """Return the number of tasks that the policy wants."""
        if isinstance(self.policy, Tracking):
            return self.policy.wanted(capacity, self.value)
        return self.policy.wanted(capacity, self.value, self.threshold)


@dataclass(frozen=True)
class Activity:
    """A change of the number of tasks, and its cause in Application Auto Scaling's words."""

    capacity: int
    cause: str


class ScalableTarget:
    """The number of tasks of a service, between limits."""

    def __init__(self, least: int, most: int) -> None:
        """Take the limits."""
        self.least, self.most = least, most
        self._out_until, self._base = -math.inf, 0
        self._in_until = -math.inf

    def limited(self, capacity: int) -> int:
        """Return the number of tasks within the limits."""
        return min(max(capacity, self.least), self.most)

    def decide(
        self,
        current: int,
        signals: Sequence[Signal],
        policies: Sequence[Tracking | Steps],
        now: float,
        *,
        deploying: bool = False,
    ) -> Activity | None:
        """Return the change that the policies cause; None for none.

        Any policy scales out, and the largest number of tasks wins. Target tracking scales in if all such policies are
        ready to, and then, too, the largest number wins.

        Args:
            current: Number of tasks that the service should have now.
            signals: Policies whose alarms are in the state ALARM.
            policies: All policies of the target.
            now: Seconds since 1970.
            deploying: Whether a deployment of the service is in progress.
        """
        return self._scaled_out(current, signals, now) or (
            None if deploying else self._scaled_in(current, signals, policies, now)
        )

    def _scaled_out(self, current: int, signals: Sequence[Signal], now: float) -> Activity | None:
        cooling = now < self._out_until
        # During the cooldown, what was added is a part of what is wanted: only a larger scale-out is triggered.
        base = min(self._base, current) if cooling else current
        wanted = [(self.limited(each.wanted(base)), each) for each in signals if not each.low]
        capacity, signal = max(wanted, key=_first, default=(current, None))
        if signal is None or capacity <= current:
            return None
        cooldown = signal.policy.out_cooldown if isinstance(signal.policy, Tracking) else signal.policy.cooldown
        self._base, self._out_until = base, now + cooldown
        self._in_until = -math.inf  # "the scale-in cooldown period stops and doesn't complete"
        return _activity(capacity, signal)

    def _scaled_in(
        self, current: int, signals: Sequence[Signal], policies: Sequence[Tracking | Steps], now: float
    ) -> Activity | None:
        if now < self._in_until:
            return None
        low = {each.policy for each in signals if each.low}
        tracking = [each for each in policies if isinstance(each, Tracking) and each.scales_in]
        ready = [each for each in signals if each.low and low.issuperset(tracking) and each.policy in tracking]
        tracked = max(((self.limited(each.wanted(current)), each) for each in ready), key=_first, default=None)
        steps = [each for each in signals if not each.low and not isinstance(each.policy, Tracking)]
        wanted = [(self.limited(each.wanted(current)), each) for each in steps] + ([tracked] if tracked else [])
        fewer = [each for each in wanted if each[0] < current]
        capacity, signal = max(fewer, key=_first, default=(current, None))
        if signal is None:
            return None
        cooldown = signal.policy.in_cooldown if isinstance(signal.policy, Tracking) else signal.policy.cooldown
        self._in_until = now + cooldown
        return _activity(capacity, signal)


def _first(wanted: tuple[int, Signal]) -> int:
    return wanted[0]


def _activity(capacity: int, signal: Signal) -> Activity:
    return Activity(capacity, f"monitor alarm {signal.alarm} in state ALARM triggered policy {signal.policy.name}")
