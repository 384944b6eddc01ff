"""EventBridge Scheduler by the clock, and tasks that Step Functions waits for, as AWS documents them.

Written for MiniStack 1.5.33, and applied by ``ministack_patches``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.ministack_patches.jobs.schedules import Schedules
from ecr_fargate_constructs.local.ministack_patches.jobs.tasks import keep_time, wait_for_tasks
from ecr_fargate_constructs.local.ministack_patches.monitoring.minutes import every_minute

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.clock import Clock


def run_jobs(handlers: dict[str, Any], clock: Clock) -> None:
    """Start what is due each minute, and let Step Functions wait for tasks, retry and time out by the clock.

    Args:
        handlers: MiniStack's table of resource types.
        clock: The clock of the embedded AWS.

    Raises:
        MovedError: MiniStack's internals have changed.
    """
    schedules = Schedules(clock)
    schedules.apply(handlers)
    wait_for_tasks()
    keep_time(clock)
    every_minute(clock, schedules.minute_ended)
