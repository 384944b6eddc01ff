"""What the tasks of services cost."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs.tools.assembly.workload import Service, Task
    from ecr_fargate_constructs.tools.cost.prices import PriceTable

_GIB = Decimal(1024)
_FREE_STORAGE = 20  # GiB that come with every task
_FAMILIES = {"X86_64": "x86", "ARM64": "arm"}
_SPOT = "FARGATE_SPOT"


@dataclass(frozen=True, kw_only=True)
class ServiceCost:
    """What the tasks of a service cost on demand.

    Attributes:
        path: Path of the service.
        size: CPU, memory and architecture, in words.
        per_task: What a task costs in a month.
        least: Tasks on demand when it wants as few as it may.
        most: Tasks on demand when it wants as many as it may.
    """

    path: str
    size: str
    per_task: Decimal
    least: int
    most: int

    @property
    def least_monthly(self) -> Decimal:
        """With as few tasks as it may have."""
        return self.per_task * self.least

    @property
    def most_monthly(self) -> Decimal:
        """With as many tasks as it may have."""
        return self.per_task * self.most


def service_costs(services: Sequence[Service], table: PriceTable) -> tuple[list[ServiceCost], list[str]]:
    """What the tasks of services on Fargate cost, and of which services that cannot be said, with the reason."""
    costs, unpriced = [], []
    for service in services:
        path = service.resource.path
        if not service.fargate:
            continue  # its machines are on the bill
        price = None if service.task is None else task_price(service.task, table)
        if service.task is None or price is None:
            unpriced.append(f"tasks of {path}: their size, system or architecture has no price here")
            continue
        if service.has_public_address:
            price += (table.get("ipv4.hour") or Decimal(0)) * table.hours
        least, most = _counts(service)
        if least is None or most is None:
            unpriced.append(f"tasks of {path}: how many is known at deployment only; each costs {price:.2f}")
            continue
        kept, spot = on_demand(service, least), least - on_demand(service, least)
        if spot or most != on_demand(service, most):
            unpriced.append(
                f"tasks of {path} on Spot ({spot} at rest, {most - on_demand(service, most)} at most): Spot's price "
                f"moves; on demand each would cost {price:.2f}"
            )
        costs.append(
            ServiceCost(path=path, size=_size(service.task), per_task=price, least=kept, most=on_demand(service, most))
        )
    return costs, unpriced


def task_price(task: Task, table: PriceTable) -> Decimal | None:
    """What a task costs in a month on demand; None when the table does not say."""
    family = _FAMILIES.get(task.architecture)
    vcpu, gigabyte = table.get(f"fargate.{family}.vcpu-hour"), table.get(f"fargate.{family}.gb-hour")
    if task.windows or vcpu is None or gigabyte is None or task.cpu is None or task.memory is None:
        return None
    hourly = Decimal(task.cpu) / _GIB * vcpu + Decimal(task.memory) / _GIB * gigabyte
    storage = task.app.number(task.resource.get("EphemeralStorage", "SizeInGiB"), task.resource.template)
    if storage is not None and storage > _FREE_STORAGE:
        more = table.get("fargate.storage.gb-hour")
        if more is None:
            return None
        hourly += (storage - _FREE_STORAGE) * more
    return hourly * table.hours


def on_demand(service: Service, count: int) -> int:
    """How many of ``count`` tasks are not on Spot: the base first, and of the rest by weight, rounded up."""
    providers = service.resource.get("CapacityProviderStrategy") or []
    spot = sum(int(each.get("Weight") or 0) for each in providers if each.get("CapacityProvider") == _SPOT)
    if not any(each.get("CapacityProvider") == _SPOT for each in providers):
        return count
    firm = [each for each in providers if each.get("CapacityProvider") != _SPOT]
    base = min(count, sum(int(each.get("Base") or 0) for each in firm))
    reserved = min(count - base, sum(int(each.get("Base") or 0) for each in providers) - base)
    weight = sum(int(each.get("Weight") or 0) for each in firm)
    rest = count - base - max(0, reserved)
    share = -(-rest * weight // (weight + spot)) if weight + spot else 0
    return base + share


def _counts(service: Service) -> tuple[int | None, int | None]:
    scaling = service.scaling
    if scaling is None:
        return service.desired, service.desired
    return (
        service.app.number(scaling.get("MinCapacity"), scaling.template),
        service.app.number(scaling.get("MaxCapacity"), scaling.template),
    )


def _size(task: Task) -> str:
    cpu, memory = Decimal(task.cpu or 0) / _GIB, Decimal(task.memory or 0) / _GIB
    return f"{cpu.normalize():f} vCPU, {memory.normalize():f} GB, {task.architecture}"
