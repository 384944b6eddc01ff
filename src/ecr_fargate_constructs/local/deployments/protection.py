"""Protection of tasks from scale-in and deployments, as tasks ask for it.

Sources: "Protect your Amazon ECS tasks from being terminated by scale-in events" and "API failure reasons" in the
Amazon ECS developer guide, and ``UpdateTaskProtection`` in the Amazon ECS API reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.deployments.capacity import World
    from ecr_fargate_constructs.local.deployments.controller import Controller

DEFAULT_MINUTES = 120
LONGEST_MINUTES = 2_880


def minutes_of(asked: object) -> int | None:
    """Return for how many minutes a task is protected; None if ECS refuses the number."""
    if asked is None:
        return DEFAULT_MINUTES
    if isinstance(asked, bool) or not isinstance(asked, int):
        return None
    return asked if 1 <= asked <= LONGEST_MINUTES else None


def blocks(controller: Controller, world: World, revision: str) -> bool:
    """Return whether a task of a revision cannot be protected now, since that would hold up a deployment.

    That is so while a deployment, whose own tasks are all healthy, waits for protected tasks of other revisions.
    """
    deployment = controller.current
    if deployment is None or deployment.rolling_back or revision == deployment.target:
        return False
    others = [task for task in world.tasks if task.revision != deployment.target]
    return world.healthy(deployment.target) >= controller.desired and any(task.protected for task in others)
