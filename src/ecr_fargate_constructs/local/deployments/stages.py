"""Lifecycle stages of a deployment, in ECS's order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.deployments.settings import Settings, Step


class Stage(Enum):
    """A lifecycle stage, in order: ``ServiceDeployment.lifecycleStage``, ECS API reference."""

    RECONCILE_SERVICE = 0
    PRE_SCALE_UP = 1
    SCALE_UP = 2
    POST_SCALE_UP = 3
    TEST_TRAFFIC_SHIFT = 4
    POST_TEST_TRAFFIC_SHIFT = 5
    PRE_PRODUCTION_TRAFFIC_SHIFT = 6
    PRODUCTION_TRAFFIC_SHIFT = 7
    POST_PRODUCTION_TRAFFIC_SHIFT = 8
    BAKE_TIME = 9
    CLEAN_UP = 10


@dataclass(frozen=True)
class Point:
    """A stage that a deployment passes, and for ``PRODUCTION_TRAFFIC_SHIFT`` the shift that it makes."""

    stage: Stage
    step: Step | None = None


def plan(settings: Settings, *, reconcile: bool, first: bool) -> tuple[Point, ...]:
    """Return the stages that a deployment passes.

    "For linear and canary deployments", the two stages of a shift come back "at every traffic shift step" (ECS API
    reference). The stages of test traffic are left out without a rule for test traffic.

    Args:
        settings: The settings.
        reconcile: Whether more than one revision has tasks: only then there is something to reconcile.
        first: Whether no other revision has traffic: then all of it goes to the new one at once, and nothing bakes.
    """
    before = [Stage.RECONCILE_SERVICE] if reconcile and settings.shifts_traffic else []
    before += [Stage.PRE_SCALE_UP, Stage.SCALE_UP, Stage.POST_SCALE_UP]
    if settings.test_traffic:
        before += [Stage.TEST_TRAFFIC_SHIFT, Stage.POST_TEST_TRAFFIC_SHIFT]
    shifts: list[Point] = []
    if settings.shifts_traffic:
        for step in settings.steps[-1:] if first else settings.steps:
            shifts += [Point(Stage.PRE_PRODUCTION_TRAFFIC_SHIFT), Point(Stage.PRODUCTION_TRAFFIC_SHIFT, step)]
        shifts.append(Point(Stage.POST_PRODUCTION_TRAFFIC_SHIFT))
    after = ([] if first else [Stage.BAKE_TIME]) + [Stage.CLEAN_UP]
    return (*map(Point, before), *shifts, *map(Point, after))
