"""The number and the size of tasks in a compose file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate.fields import Fields
from ecr_fargate_constructs.tools.migrate.model import Count
from ecr_fargate_constructs.tools.migrate.values import cpus, fargate_size, mebibytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from ecr_fargate_constructs.tools.migrate.document import Node

_VCPU = 1024
_LEAST_CPU, _LEAST_MEMORY = 256, 512
_ROLLING = ("ECS has its own options for deployments", "set deployment=Rolling(…)")
_DEPLOY = {
    "endpoint_mode": ("ECS has no virtual addresses of services", "nothing to do: Service Connect balances"),
    "labels": ("an ECS service has tags, not labels", "use cdk.Tags.of(…) on the service"),
    "placement": ("Fargate has no hosts to choose from", "nothing to do: ECS spreads tasks over zones"),
    "restart_policy": (
        "ECS replaces a task that ends",
        "set restart=RestartPolicy(…) to restart a container within its task",
    ),
    "rollback_config": _ROLLING,
    "update_config": _ROLLING,
}
_LIMIT = ("Fargate has no such limit", "use LoadBalancedEc2Service")
_NO_TASK = ("a service of this library has at least one task", "set scaling=Scaling(…, paused=True)")
_MODE = {"mode": ("an ECS service keeps a number of tasks", "set desired_count=…")}


@dataclass(frozen=True)
class Deploy:
    """The size and number of tasks; None if the file does not set it."""

    cpu: int | None
    memory: int | None
    count: Count | None


def deploy(fields: Fields) -> Deploy:
    """Read ``deploy``, and the older options of the service itself."""
    section = fields.section("deploy")
    limits = reservations = None
    replicas = fields.number("scale", maximum=10_000)
    if section is not None:
        if section.text("mode") != "replicated":
            section.leave_out(_MODE)
        section.leave_out(_DEPLOY)
        resources = section.section("resources")
        if resources is not None:
            limits, reservations = resources.section("limits"), resources.section("reservations")
        wanted = section.number("replicas", maximum=10_000)
        if wanted is not None and replicas is not None:
            fields.drop("scale", "deploy.replicas has the number of tasks", "remove one of the two")
        replicas = wanted if wanted is not None else replicas
    for each in (limits, reservations):
        if each is not None:
            each.leave_out(
                dict.fromkeys(("pids", "devices"), ("Fargate has no such limit", "use LoadBalancedEc2Service"))
            )
    cpu = _greatest((limits, "cpus", cpus), (reservations, "cpus", cpus), (fields, "cpus", cpus))
    memory = _greatest(
        (limits, "memory", mebibytes),
        (reservations, "memory", mebibytes),
        (fields, "mem_limit", mebibytes),
        (fields, "mem_reservation", mebibytes),
    )
    size = _size(cpu, memory)
    return Deploy(size[0] if size else None, size[1] if size else None, _count(fields, section, replicas))


_Asked = tuple[Fields, str, float]


def _greatest(*places: tuple[Fields | None, str, Callable[[Node], float | None]]) -> list[_Asked]:
    """Return the requested amounts with their keys, the largest first."""
    amounts: list[_Asked] = []
    for section, name, read in places:
        node = None if section is None else section.node(name)
        if section is None or node is None:
            continue
        amount = read(node)
        if amount is None:
            section.drop(name, "it is not an amount", "correct it, and run the command again")
        else:
            section.carry(name)
            amounts.append((section, name, amount))
    return sorted(amounts, key=lambda each: -each[2])


def _size(cpu: list[_Asked], memory: list[_Asked]) -> tuple[int, int] | None:
    """Return the smallest size of Fargate in which everything fits."""
    if not cpu and not memory:
        return None
    units, size = (cpu[0][2] * _VCPU if cpu else _LEAST_CPU), (memory[0][2] if memory else _LEAST_MEMORY)
    fitting = fargate_size(units, size)
    for section, name, amount in (*cpu, *memory):
        wanted = amount * _VCPU if name == "cpus" else amount
        actual = None if fitting is None else fitting[0] if name == "cpus" else fitting[1]
        if actual is None:
            section.drop(name, "Fargate has no task as large as this", "divide it, or use LoadBalancedEc2Service")
        elif actual != wanted:
            unit = "CPU units" if name == "cpus" else "MiB"
            section.check(name, f"Fargate has fixed sizes; the task has {actual} {unit}", "see size=TaskSize(…)")
    return fitting


def _count(fields: Fields, section: Fields | None, replicas: int | None) -> Count | None:
    if replicas == 0:
        for each, name in ((fields, "scale"), (section, "replicas")):
            if each is not None:
                each.drop(
                    name, "a service of this library has at least one task", "set scaling=Scaling(…, paused=True)"
                )
        return None
    return None if replicas is None else Count(minimum=replicas, maximum=replicas)
