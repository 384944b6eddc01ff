"""Quotas that an account starts with. AWS raises them on request, so exceeding one is a warning and not an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs._cdk.warning import warn
from ecr_fargate_constructs._rules.tokens import is_token

if TYPE_CHECKING:
    from constructs import Construct

    from ecr_fargate_constructs.service.capacity.scaling import Scaling

TARGETS = 1_000
"""Tasks that a load balancer can have: the default of the quotas "Targets per Application Load Balancer" and "Targets
per Target Group per Region" of Elastic Load Balancing, below that of "Tasks per service" of Amazon ECS, 5,000."""

MACHINES = 5_000
"""Instances of a cluster: the quota "Container instances per cluster" of Amazon ECS."""


TASKS = 5_000
"""Tasks of a service: the quota "Tasks per service" of Amazon ECS."""


def warn_of_tasks(scope: Construct, count: float | None, scaling: Scaling | None, *, balanced: bool) -> None:
    """Warn of more tasks than a load balancer, or else a service, can have until the quota is raised."""
    asked = {"desired_count": count}
    if scaling is not None and not scaling.paused:
        asked["Scaling.max_capacity"] = scaling.max_capacity
        asked |= {f"ScheduledCapacity {each.name!r} max_capacity": each.max_capacity for each in scaling.schedule}
    for option, number in asked.items():
        if number is None or is_token(number):
            continue
        if not balanced and number > TASKS:
            warn(
                scope,
                "tasksAboveQuota",
                f"{option}={number:.0f} is more tasks than a service can have until the account's quota (Tasks per "
                f"service, {TASKS:,}) is raised; raise it, or use fewer and larger tasks",
            )
            return
        if balanced and number > TARGETS:
            warn(
                scope,
                "tasksAboveQuota",
                f"{option}={number:.0f} is more tasks than a load balancer can have until the account's quota "
                f"(Targets per Application Load Balancer, {TARGETS:,}) is raised, and above 5,000 that of Amazon ECS "
                "(Tasks per service) too; raise them, or use fewer and larger tasks",
            )
            return


def warn_of_instances(scope: Construct, maximum: float) -> None:
    """Warn of more instances than a cluster can have until the quota is raised."""
    if not is_token(maximum) and maximum > MACHINES:
        warn(
            scope,
            "machinesAboveQuota",
            f"Ec2Capacity.max_capacity={maximum:.0f} is more instances than a cluster can have by Amazon ECS's quota "
            f"(Container instances per cluster, {MACHINES:,}); use larger instances, or several services",
        )
