"""Measure what happens: requests, targets, tasks and queues, from MiniStack's records and the engine."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import TYPE_CHECKING

from ecr_fargate_constructs.local.balancing.weights import Forward
from ecr_fargate_constructs.local.metrics.newcomers import Newcomers
from ecr_fargate_constructs.local.metrics.store import Metric, Sample
from ecr_fargate_constructs.local.metrics.traffic import MINUTE, Group, hosts, requests_per_target
from ecr_fargate_constructs.local.metrics.usage import Meter, Service, Usage
from ecr_fargate_constructs.local.ministack_patches.balancing import full_name
from ecr_fargate_constructs.local.ministack_patches.health import SECONDS_HEALTHY, check
from ecr_fargate_constructs.local.ministack_patches.internals import Properties, find
from ecr_fargate_constructs.local.ministack_patches.monitoring.executions import Executions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.local.metrics.store import Scope
    from ecr_fargate_constructs.local.metrics.traffic import Measured, Traffic
    from ecr_fargate_constructs.local.ministack_patches.health import Blocks


_NANO, _MEBI, _CPU_UNITS = 1e-9, 1 << 20, 1024
_CHECKS_AT_ONCE = 8
_SECONDS_BETWEEN_CHECKS = 0.1
_SECONDS_TO_KEEP = 5  # of the machine: the engine is not asked more often, however fast the clock passes
_COUNTS = ("desired", "running", "pending")


class Measurements:
    """Measures the resources of the current account and region."""

    def __init__(self, blocks: Blocks) -> None:
        """Take what decides about connections.

        Args:
            blocks: Returns whether the network keeps the load balancer from a target.
        """
        alb, ecs, sqs = (import_module(f"ministack.services.{name}") for name in ("alb", "ecs", "sqs"))
        self._blocks = blocks
        self._groups, self._targets = find(alb, "_tgs"), find(alb, "_targets")
        self._listeners, self._rules = find(alb, "_listeners"), find(alb, "_rules")
        self._services, self._tasks = find(ecs, "_services"), find(ecs, "_tasks")
        self._clusters, self._definitions = find(ecs, "_clusters"), find(ecs, "_task_defs")
        self._queues, self._engine = find(sqs, "_queues"), find(ecs, "_get_docker")
        self._executions = Executions()
        self._meter, self._latest, self._newcomers = Meter(), dict[str, Usage](), Newcomers()
        self._passed: dict[tuple[object, ...], float] = {}
        self._checks = ThreadPoolExecutor(_CHECKS_AT_ONCE, thread_name_prefix="health-checks")

    def scopes(self) -> set[Scope]:
        """Return the accounts and regions that have something to measure."""
        stores = (self._groups, self._services, self._queues)
        return {key[:2] for store in stores for key in list(store._data)}  # noqa: SLF001 - it has no other way

    def measure(self, traffic: Traffic, minute: float, speed: float) -> list[Measured]:
        """Return the metrics of a minute that has ended.

        Args:
            traffic: The requests; those of this minute and before are taken.
            minute: Start of the minute.
            speed: How much faster than the machine's the clock passes.
        """
        requests = list(traffic.take(minute + MINUTE))
        groups = list(self._measured_groups())
        latest = [each for each in requests if each[1].time == minute]
        return [
            *requests,
            *hosts(groups, minute),
            *requests_per_target(groups, latest, minute, speed),
            *self._of_services(minute),
            *self._of_queues(minute, speed),
            *self._executions.measure(minute),
        ]

    def _measured_groups(self) -> Iterator[Group]:
        recent = time.monotonic() - SECONDS_HEALTHY
        self._passed = {target: at for target, at in self._passed.items() if at > recent}
        for arn, balancer in self._forwarded().items():
            group = self._groups.get(arn)
            if group is None or group.get("TargetType") != "ip":
                continue
            targets = list(self._targets.get(arn, []))
            states = [self._checks.submit(self._is_healthy, arn, target, group) for target in targets]
            patience = float(group.get("HealthCheckIntervalSeconds") or 30)
            patience *= int(group.get("UnhealthyThresholdCount") or 2)
            checked = [(target, each.result()) for target, each in zip(targets, states, strict=True)]
            registered = self._targets.get(arn, [])  # others were deregistered while they were checked
            results = {
                (arn, str(target["Id"]), target.get("Port")): passed
                for target, passed in checked
                if target in registered
            }
            healthy = sum(results.values())
            initial = self._newcomers.initial(arn, results, time.time(), patience)
            yield Group(balancer, full_name(arn), healthy, len(results) - healthy - initial)

    def _is_healthy(self, arn: str, target: Properties, group: Properties) -> bool:
        """Return whether a target passed a check a moment ago, or passes one before its unhealthy threshold.

        A minute of the clock may be very short, and a busy machine may answer one check too late.
        """
        key = (arn, target["Id"], target.get("Port"))
        if key in self._passed:
            return True
        for _ in range(int(group.get("UnhealthyThresholdCount") or 2)):
            if check(target, group, self._blocks).state == "healthy":
                self._passed[key] = time.monotonic()
                return True
            time.sleep(_SECONDS_BETWEEN_CHECKS)
        return False

    def _forwarded(self) -> dict[str, str]:
        """Return the full name of the load balancer that forwards to each target group."""
        balancers = {each["ListenerArn"]: str(each["LoadBalancerArn"]) for each in self._listeners.values()}
        actions = [
            (each["ListenerArn"], action)
            for each in (*self._listeners.values(), *self._rules.values())
            for action in (*each.get("DefaultActions", ()), *each.get("Actions", ()))
        ]
        return {
            arn: balancers[listener].partition(":loadbalancer/")[2]
            for listener, action in actions
            if listener in balancers
            for arn, _ in Forward.of(action).groups
        }

    def _of_services(self, minute: float) -> Iterator[Measured]:
        running = [task for task in self._tasks.values() if task.get("lastStatus") == "RUNNING"]
        for key, record in self._services.items():
            if record.get("status") != "ACTIVE":
                continue
            cluster, name = key.split("/", 1)
            own = [
                task
                for task in running
                if task.get("group") == f"service:{name}" and task.get("clusterArn") == record.get("clusterArn")
            ]
            settings = (self._clusters.get(cluster) or {}).get("settings") or ()
            insights = any(
                each.get("name") == "containerInsights" and each.get("value") in ("enabled", "enhanced")
                for each in settings
            )
            desired, started, pending = (int(record.get(f"{each}Count") or 0) for each in _COUNTS)
            usages = [usage for task in own if (usage := self._latest_usage(task)) is not None]
            service = Service(cluster, name, desired, started, pending, insights)
            yield from self._meter.measure(service, usages, minute)
        names = {str(task["taskArn"]) for task in running}
        self._meter.keep(names)
        self._latest = {name: usage for name, usage in self._latest.items() if name in names}

    def _latest_usage(self, task: Properties) -> Usage | None:
        """Return what a task has used, measured a moment ago or now; None if the engine does not say."""
        name = str(task["taskArn"])
        latest = self._latest.get(name)
        if latest is None or time.time() - latest.time >= _SECONDS_TO_KEEP:
            latest = self._usage(task)
            if latest is not None:
                self._latest[name] = latest
        return latest

    def _usage(self, task: Properties) -> Usage | None:
        """Return what a task has used; None if the engine does not say."""
        client, containers = self._engine(), list(task.get("_docker_ids") or ())
        if client is None or not containers:
            return None
        used, memory = 0.0, 0.0
        try:
            for container in containers:
                stats = client.api.stats(container, stream=False, one_shot=True)
                used += stats["cpu_stats"]["cpu_usage"]["total_usage"] * _NANO
                memory += _working_set(stats["memory_stats"])
        except Exception:  # noqa: BLE001 - a container may end at any time
            return None
        cpus, limit = self._size(task)
        return Usage(str(task["taskArn"]), time.time(), used, memory, cpus, limit)

    def _size(self, task: Properties) -> tuple[float, float]:
        """Return CPUs and bytes of a task: those of the task, or else those that its containers reserve."""
        arn = str(task.get("taskDefinitionArn"))
        definition = self._definitions.get(arn.rpartition("/")[2]) or self._definitions.get(arn) or {}
        containers = definition.get("containerDefinitions") or ()
        cpu = definition.get("cpu") or sum(int(each.get("cpu") or 0) for each in containers)
        memory = definition.get("memory") or sum(
            int(each.get("memory") or each.get("memoryReservation") or 0) for each in containers
        )
        return int(cpu or 0) / _CPU_UNITS, int(memory or 0) * _MEBI

    def _of_queues(self, minute: float, speed: float) -> Iterator[Measured]:
        """Return how many messages are visible, and how old the oldest one is.

        Source: "Available CloudWatch metrics for Amazon SQS" in the Amazon SQS developer guide.
        """
        now = time.time()
        for url, queue in self._queues.items():
            messages = list(queue["messages"])
            visible = sum(each["visible_at"] <= now for each in messages)
            oldest = max((now - each["sent_at"] for each in messages), default=0.0) * speed
            dimensions = {"QueueName": str(url).rpartition("/")[2]}
            for name, value, unit in (
                ("ApproximateNumberOfMessagesVisible", visible, "Count"),
                ("ApproximateNumberOfMessagesNotVisible", len(messages) - visible, "Count"),
                ("ApproximateAgeOfOldestMessage", oldest, "Seconds"),
            ):
                yield Metric.of("AWS/SQS", name, dimensions), Sample.of(minute, [(value, 1)], unit)


def _working_set(memory: Properties) -> float:
    """Return the bytes in use, without the cache of files, as ECS counts them."""
    details = memory.get("stats") or {}
    cache = details.get("inactive_file", details.get("total_inactive_file", details.get("cache", 0)))
    return max(0.0, float(memory.get("usage") or 0) - float(cache or 0))
