"""Calculate the cost of tasks on Fargate."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.cost.spot import SpotCost, spot_range

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs.tools.assembly.workload import Service, Task
    from ecr_fargate_constructs.tools.cost.prices import PriceTable

_GIB = Decimal(1024)
_FREE_STORAGE = 20  # GiB, included in every task
_FAMILIES = {"X86_64": "x86", "ARM64": "arm"}
_SPOT = "FARGATE_SPOT"


@dataclass(frozen=True, kw_only=True)
class ServiceCost:
    """The on-demand cost of a service's tasks.

    Attributes:
        path: Path of the service.
        size: CPU, memory and architecture, in words.
        per_task: Cost of one task per month.
        least: On-demand tasks when the service runs its least number of tasks.
        most: On-demand tasks when the service runs its largest number of tasks.
    """

    path: str
    size: str
    per_task: Decimal
    least: int
    most: int

    @property
    def least_monthly(self) -> Decimal:
        """Monthly cost with the least number of tasks."""
        return self.per_task * self.least

    @property
    def most_monthly(self) -> Decimal:
        """Monthly cost with the largest number of tasks."""
        return self.per_task * self.most


def service_costs(
    services: Sequence[Service], table: PriceTable
) -> tuple[list[ServiceCost], list[SpotCost], list[str]]:
    """Return the cost of each service on Fargate, on demand and on Spot, and the services without one with a reason."""
    costs, spot, unpriced = [], [], []
    for service in services:
        path = service.resource.path
        if not service.fargate:
            continue  # the bill has its instances
        price = None if service.task is None else task_price(service.task, table)
        if service.task is None or price is None:
            unpriced.append(f"tasks of {path}: the table has no price for their size, operating system or architecture")
            continue
        address = (table.get("ipv4.hour") or Decimal(0)) * table.hours if service.has_public_address else Decimal(0)
        price += address
        least, most = _counts(service)
        if least is None or most is None:
            unpriced.append(f"tasks of {path}: only the deployment knows their number; each costs {price:.2f}")
            continue
        firm, most_firm = on_demand(service, least), on_demand(service, most)
        size = _size(service.task)
        if most_firm or not most:
            costs.append(ServiceCost(path=path, size=size, per_task=price, least=firm, most=most_firm))
        if most == most_firm:
            continue
        prices = spot_prices(service.task, table)
        if prices is None:
            unpriced.append(
                f"tasks of {path} on Spot ({least - firm} at least, {most - most_firm} at most): the table has neither "
                f"a price nor a share for Spot; on demand each would cost {price:.2f}"
            )
            continue
        spot.append(
            SpotCost(
                what=f"Spot tasks of {path} ({size})",
                unit="task",
                lowest=prices[0] + address,
                highest=prices[1] + address,
                least=least - firm,
                most=most - most_firm,
            )
        )
    return costs, spot, unpriced


def job_prices(jobs: Sequence[tuple[str, Task]], table: PriceTable) -> list[tuple[str, Decimal]]:
    """Return the hourly price of each job's task on demand, with its line of the bill; nothing without a price."""
    prices = [(path, task, task_price(task, table)) for path, task in jobs]
    return [
        (f"task of the job {path} ({_size(task)}), per hour of a run", price / table.hours)
        for path, task, price in prices
        if price is not None
    ]


def task_price(task: Task, table: PriceTable) -> Decimal | None:
    """Return the monthly on-demand cost of a task; None if the table lacks a price."""
    family = _FAMILIES.get(task.architecture)
    return _monthly(task, table, table.get(f"fargate.{family}.vcpu-hour"), table.get(f"fargate.{family}.gb-hour"))


def spot_prices(task: Task, table: PriceTable) -> tuple[Decimal, Decimal] | None:
    """Return the lowest and the highest monthly cost of a task on Spot; None if the table lacks a price."""
    family = _FAMILIES.get(task.architecture)
    ranges = []
    for unit in ("vcpu-hour", "gb-hour"):
        price = table.get(f"fargate.{family}.{unit}")
        if price is None or (prices := spot_range(table, f"fargate.spot.{family}.{unit}", price, "fargate")) is None:
            return None
        ranges.append(prices)
    lowest, highest = (_monthly(task, table, *prices) for prices in zip(*ranges, strict=True))
    return None if lowest is None or highest is None else (lowest, highest)


def _monthly(task: Task, table: PriceTable, vcpu: Decimal | None, gigabyte: Decimal | None) -> Decimal | None:
    if task.windows or vcpu is None or gigabyte is None or task.cpu is None or task.memory is None:
        return None
    hourly = Decimal(task.cpu) / _GIB * vcpu + Decimal(task.memory) / _GIB * gigabyte
    storage = task.app.number(task.resource.get("EphemeralStorage", "SizeInGiB"), task.resource.template)
    if storage is not None and storage > _FREE_STORAGE:
        extra = table.get("fargate.storage.gb-hour")
        if extra is None:
            return None
        hourly += (storage - _FREE_STORAGE) * extra
    return hourly * table.hours


def on_demand(service: Service, count: int) -> int:
    """Return how many of ``count`` tasks are not on Spot: the base, then a share by weight, rounded up."""
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
        return 0 if service.sleeps else service.desired, service.desired
    return (
        0 if service.sleeps else service.app.number(scaling.get("MinCapacity"), scaling.template),
        service.app.number(scaling.get("MaxCapacity"), scaling.template),
    )


def _size(task: Task) -> str:
    cpu, memory = Decimal(task.cpu or 0) / _GIB, Decimal(task.memory or 0) / _GIB
    return f"{cpu.normalize():f} vCPU, {memory.normalize():f} GB, {task.architecture}"
