"""Why a deployment must not go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ecr_fargate_constructs.local.deployments.stages import Stage

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from ecr_fargate_constructs.local.deployments.records import Deployment

LONGEST_STAGE = 24 * 3600.0
"""Seconds that a stage of a shift may take: "Lifecycle stages", ECS developer guide."""

_ROLLING_BACK = "Service deployment is rolling back because"
_LIMITED_BY_THEIR_BAKE = {Stage.PRODUCTION_TRAFFIC_SHIFT, Stage.BAKE_TIME}


class Refusal(NamedTuple):
    """Why a deployment fails.

    Attributes:
        cause: ``circuit breaker``, ``alarms``, ``hook``, ``person`` or ``time``.
        reason: The reason, in ECS's words.
        rollback: Whether the deployment is rolled back; otherwise it stops where it is.
        triggered: The alarms that went off.
    """

    cause: str
    reason: str
    rollback: bool = True
    triggered: tuple[str, ...] = ()


def refused(deployment: Deployment, desired: int, alarms: AbstractSet[str], now: float) -> Refusal | None:
    """Return why a deployment fails: tasks failed, an alarm went off, a hook refused, or a stage took too long.

    Args:
        deployment: The deployment in progress.
        desired: The desired count.
        alarms: The names of the alarms that are in alarm.
        now: The time.
    """
    settings = deployment.settings
    breaker = settings.breaker
    if breaker.enabled and deployment.failures >= breaker.threshold(desired):
        reason = f"{_ROLLING_BACK} the circuit breaker threshold was exceeded."
        return Refusal("circuit breaker", reason, breaker.rollback)
    triggered = tuple(sorted(settings.alarms.names & alarms)) if deployment.watched else ()
    if triggered:
        reason = f"{_ROLLING_BACK} of alarm(s) detected: {', '.join(triggered)}."
        return Refusal("alarms", reason, settings.alarms.rollback, triggered)
    refusing = next((run for run in deployment.runs if run.refused), None)
    if refusing is not None:
        verb = "timed out" if refusing.status == "TIMED_OUT" else "failed"
        name = refusing.hook.function or refusing.identifier
        return Refusal("hook", f"{_ROLLING_BACK} the lifecycle hook {name} {verb}.")
    return (
        Refusal("time", f"{_ROLLING_BACK} a lifecycle stage took more than 24 hours.")
        if _late(deployment, now)
        else None
    )


def _late(deployment: Deployment, now: float) -> bool:
    """Return whether a stage without hooks has taken too long; hooks have timeouts of their own."""
    return (
        deployment.settings.shifts_traffic
        and deployment.entered is not None
        and now - deployment.entered >= LONGEST_STAGE
        and not deployment.runs
        and deployment.stage not in _LIMITED_BY_THEIR_BAKE
    )
