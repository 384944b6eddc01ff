"""How MiniStack learns that a container has ended: by itself it asks the engine ten times a second, for each of them.

The kernel says it instead: a file descriptor of the container's first process is readable when that has ended. The
engine is asked then, and every few seconds besides. Written for MiniStack 1.5.33, and applied by ``ministack_patches``.
"""

from __future__ import annotations

import os
import select
import time
from contextlib import ExitStack
from typing import Any, TypeAlias

from ecr_fargate_constructs.local.ministack_patches.internals import find

_Properties: TypeAlias = dict[str, Any]

_SECONDS_BETWEEN = 10
_SECONDS_TO_BE_TOLD = 0.1  # the engine knows a little later than the kernel


def wait_for_processes(ecs: Any) -> None:  # noqa: ANN401 - the inside of an untyped package
    """Let what watches a task sleep while its processes run.

    Raises:
        MovedError: MiniStack's inside has moved.
    """
    mark = find(ecs, "_maybe_mark_stopped")
    find(ecs, "_watch_task_lifecycle")

    def mark_and_wait(task: _Properties, client: Any = None) -> None:  # noqa: ANN401
        mark(task, client)
        # What watches a task passes a client and comes again at once; whoever answers a request passes none.
        if client is not None and task.get("lastStatus") != "STOPPED":
            wait_for_an_end(client, task.get("_docker_ids") or [])

    ecs._maybe_mark_stopped = mark_and_wait  # noqa: SLF001 - what this module is for


def wait_for_an_end(client: Any, containers: list[str]) -> None:  # noqa: ANN401 - an untyped package
    """Return when one of the containers has ended, or after some seconds.

    Args:
        client: The engine's.
        containers: Ids; of those that have ended before, no notice is taken.
    """
    with ExitStack() as opened:
        waiting = select.poll()
        try:
            for identifier in containers:
                process = client.containers.get(identifier).attrs["State"]["Pid"]
                if process:
                    descriptor = os.pidfd_open(process)
                    opened.callback(os.close, descriptor)
                    waiting.register(descriptor, select.POLLIN)
        except Exception:  # noqa: BLE001 - gone, out of sight, or no engine: ask again soon, as MiniStack does
            time.sleep(_SECONDS_TO_BE_TOLD)
            return
        if waiting.poll(_SECONDS_BETWEEN * 1000):
            time.sleep(_SECONDS_TO_BE_TOLD)
