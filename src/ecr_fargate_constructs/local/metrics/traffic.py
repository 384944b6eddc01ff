"""Count the requests of load balancers, and return them as the metrics of ``AWS/ApplicationELB``.

Source: "CloudWatch metrics for your Application Load Balancer" in the Elastic Load Balancing user guide. There are no
metrics per availability zone: the embedded AWS has no zones.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from math import floor, log10
from typing import TYPE_CHECKING, TypeAlias

from ecr_fargate_constructs.local.metrics.store import Metric, Sample

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NAMESPACE = "AWS/ApplicationELB"
MINUTE = 60
_DIGITS = 3  # of a response time: enough for percentiles, and few enough different values to keep
_FIRST_ERROR, _FIRST_SERVER_ERROR = 400, 500

Measured: TypeAlias = tuple[Metric, Sample]


@dataclass(frozen=True)
class Answered:
    """An answered request.

    Attributes:
        balancer: Full name of the load balancer, ``app/NAME/ID``.
        group: Full name of the target group, ``targetgroup/NAME/ID``; empty if no target was chosen.
        status: HTTP status of the answer.
        seconds: Time until the target answered; None if the load balancer made the answer.
    """

    balancer: str
    group: str
    status: int
    seconds: float | None = None


@dataclass(frozen=True)
class Group:
    """A target group of a load balancer, and its targets."""

    balancer: str
    name: str
    healthy: int
    unhealthy: int


class Traffic:
    """The requests of the current minutes."""

    def __init__(self) -> None:
        """Start without any."""
        self._minutes: dict[int, Counter[Answered]] = {}
        self._lock = threading.Lock()

    def record(self, answered: Answered, now: float) -> None:
        """Count a request."""
        seconds = None if answered.seconds is None else _rounded(answered.seconds)
        kept = Answered(answered.balancer, answered.group, answered.status, seconds)
        with self._lock:
            self._minutes.setdefault(int(now // MINUTE) * MINUTE, Counter())[kept] += 1

    def take(self, before: float) -> Iterator[Measured]:
        """Return the metrics of the minutes before a time, and forget them."""
        with self._lock:
            minutes = [minute for minute in self._minutes if minute + MINUTE <= before]
            taken = [(minute, self._minutes.pop(minute)) for minute in sorted(minutes)]
        for minute, requests in taken:
            yield from _metrics(minute, requests)

    def clear(self) -> None:
        """Forget all requests."""
        with self._lock:
            self._minutes.clear()


def hosts(groups: Iterable[Group], minute: float) -> Iterator[Measured]:
    """Return the number of healthy and unhealthy targets of groups, in a minute."""
    for group in groups:
        for name, number in (("HealthyHostCount", group.healthy), ("UnHealthyHostCount", group.unhealthy)):
            metric = Metric.of(NAMESPACE, name, {"LoadBalancer": group.balancer, "TargetGroup": group.name})
            yield metric, Sample.of(minute, [(number, 1)], "Count")


def requests_per_target(
    groups: Iterable[Group], measured: Iterable[Measured], minute: float, speed: float
) -> Iterator[Measured]:
    """Return the requests per target in a minute, also where there were none.

    It is a rate: with a clock that passes faster, it stays the number of requests in a minute of the machine.

    Args:
        groups: The target groups.
        measured: The metrics of this minute, with ``RequestCount``.
        minute: Start of the minute.
        speed: How much faster than the machine's the clock passes.
    """
    requests = {metric.dimensions: sample.total for metric, sample in measured if metric.name == "RequestCount"}
    for group in groups:
        both = {"LoadBalancer": group.balancer, "TargetGroup": group.name}
        targets = group.healthy or group.unhealthy
        if not targets:
            continue
        number = requests.get(tuple(sorted(both.items())), 0) * speed / targets
        for dimensions in ({"TargetGroup": group.name}, both):
            metric = Metric.of(NAMESPACE, "RequestCountPerTarget", dimensions)
            yield metric, Sample.of(minute, [(number, 1)], "Count")


def _metrics(minute: int, requests: Counter[Answered]) -> Iterator[Measured]:
    counts: Counter[Metric] = Counter()
    times: dict[Metric, Counter[float]] = {}
    for answered, number in requests.items():
        balancer = {"LoadBalancer": answered.balancer}
        both = {**balancer, "TargetGroup": answered.group}
        if answered.group:
            for dimensions in (balancer, both):
                counts[Metric.of(NAMESPACE, "RequestCount", dimensions)] += number
        if answered.seconds is None:
            for name in _codes_of_balancer(answered.status):
                counts[Metric.of(NAMESPACE, name, balancer)] += number
            continue
        for dimensions in (balancer, both):
            counts[Metric.of(NAMESPACE, f"HTTPCode_Target_{answered.status // 100}XX_Count", dimensions)] += number
            metric = Metric.of(NAMESPACE, "TargetResponseTime", dimensions)
            times.setdefault(metric, Counter())[answered.seconds] += number
    for metric, number in counts.items():
        yield metric, Sample.of(minute, [(1.0, number)], "Count")  # "Minimum, Maximum, and Average all return 1"
    for metric, values in times.items():
        yield metric, Sample.of(minute, values.items(), "Seconds")


def _codes_of_balancer(status: int) -> list[str]:
    if status < _FIRST_ERROR:
        return []
    family = f"HTTPCode_ELB_{status // 100}XX_Count"
    return [family, f"HTTPCode_ELB_{status}_Count"] if status >= _FIRST_SERVER_ERROR else [family]


def _rounded(seconds: float) -> float:
    return round(seconds, _DIGITS - 1 - floor(log10(seconds))) if seconds > 0 else 0.0
