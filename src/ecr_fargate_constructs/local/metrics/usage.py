"""Measure what tasks use, and return it as the metrics of ``AWS/ECS`` and ``ECS/ContainerInsights``.

Source: "Amazon ECS service utilization metrics" in the Amazon ECS developer guide, and "Amazon ECS Container Insights
metrics" in the Amazon CloudWatch user guide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecr_fargate_constructs.local.metrics.store import Metric, Sample

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ecr_fargate_constructs.local.metrics.traffic import Measured


@dataclass(frozen=True)
class Usage:
    """The CPU time and memory that a task has used, at a time.

    Attributes:
        task: ARN of the task.
        time: Seconds of the machine.
        cpu_seconds: CPU time of all its containers so far.
        memory: Bytes that they use now.
        cpus: CPUs that the task may use.
        memory_limit: Bytes that it may use.
    """

    task: str
    time: float
    cpu_seconds: float
    memory: float
    cpus: float
    memory_limit: float


@dataclass(frozen=True)
class Service:
    """A service: cluster, name, numbers of tasks, and whether its cluster has Container Insights."""

    cluster: str
    name: str
    desired: int
    running: int
    pending: int
    insights: bool


class Meter:
    """Knows the previous measurement of each task, since CPU utilization is that of a time."""

    def __init__(self) -> None:
        """Start without any."""
        self._before: dict[str, Usage] = {}
        self._percent: dict[str, float] = {}

    def measure(self, service: Service, usages: Iterable[Usage], minute: float) -> Iterator[Measured]:
        """Return the metrics of a service.

        Args:
            service: The service.
            usages: What its running tasks have used.
            minute: Start of the minute that ends now.
        """
        dimensions = {"ClusterName": service.cluster, "ServiceName": service.name}
        taken = list(usages)
        cpu = [(percent, 1) for percent in map(self._cpu_percent, taken) if percent is not None]
        memory = [(100 * usage.memory / usage.memory_limit, 1) for usage in taken if usage.memory_limit]
        for name, values in (("CPUUtilization", cpu), ("MemoryUtilization", memory)):
            if values:
                yield Metric.of("AWS/ECS", name, dimensions), Sample.of(minute, values, "Percent")
        if service.insights:
            numbers = {"Running": service.running, "Desired": service.desired, "Pending": service.pending}
            for state, number in numbers.items():
                metric = Metric.of("ECS/ContainerInsights", f"{state}TaskCount", dimensions)
                yield metric, Sample.of(minute, [(number, 1)], "Count")

    def keep(self, tasks: Iterable[str]) -> None:
        """Forget all tasks but these."""
        kept = set(tasks)
        self._before = {task: usage for task, usage in self._before.items() if task in kept}
        self._percent = {task: percent for task, percent in self._percent.items() if task in kept}

    def _cpu_percent(self, usage: Usage) -> float | None:
        """Return the CPU utilization between the latest two measurements; None if there is only one."""
        before = self._before.get(usage.task)
        self._before[usage.task] = usage
        if before is not None and usage.time > before.time and usage.cpus:
            used = max(0.0, usage.cpu_seconds - before.cpu_seconds)  # less after a container was restarted
            self._percent[usage.task] = 100 * used / (usage.time - before.time) / usage.cpus
        return self._percent.get(usage.task)
