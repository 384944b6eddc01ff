"""The ``deployments`` that ``DescribeServices`` shows, from the state of a controller."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ecr_fargate_constructs.local.deployments.controller import Controller
    from ecr_fargate_constructs.local.deployments.records import Deployment
    from ecr_fargate_constructs.local.ministack_patches.internals import Properties


def publish(record: Properties, controller: Controller, revisions: Mapping[str, Properties], now: str) -> None:
    """Write the state of the deployments to MiniStack's record of a service; a rollback brings its fields back too.

    Args:
        record: The record.
        controller: The service's controller.
        revisions: The fields of its revisions.
        now: The time, as MiniStack writes it.
    """
    current, last = controller.current, controller.past[-1] if controller.past else None
    failed = {each.target: each for each in controller.past if each.cause and each.target != controller.stable}
    if current is not None and current.rolling_back:
        failed[current.target] = current
    primary = last.target if controller.halted and last is not None else controller.primary
    for entry in record["deployments"]:
        revision = entry["id"]
        is_primary = revision == primary
        entry["status"] = "PRIMARY" if is_primary else "ACTIVE"
        if revision in failed:
            state, reason = "FAILED", _failure(failed[revision])
        elif is_primary and current is not None:
            state, reason = "IN_PROGRESS", f"ECS deployment {revision} in progress."
        else:
            state, reason = "COMPLETED", f"ECS deployment {revision} completed."
        if entry.get("rolloutState") != state:
            entry.update(rolloutState=state, rolloutStateReason=reason, updatedAt=now)
        entry["desiredCount"] = 0 if revision in failed or not is_primary else controller.desired
        if current is not None and revision == current.target and not current.rolling_back:
            entry["failedTasks"] = current.failures
    record["deployments"].sort(key=lambda entry: entry["status"] != "PRIMARY")
    if primary is not None and primary in revisions and not controller.halted:
        record.update(copy.deepcopy(revisions[primary]))


def _failure(deployment: Deployment) -> str:
    if deployment.cause == "circuit breaker":
        return "ECS deployment circuit breaker: tasks failed to start."
    return deployment.reason
