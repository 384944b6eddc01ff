"""Notice the end of a container without polling: MiniStack asks the engine ten times per second for each container.

Instead, a file descriptor of the container's first process becomes readable when the process has ended. The engine is
asked then, and every few seconds. Written for MiniStack 1.5.33, and applied by ``ministack_patches``.
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
_ENGINE_DELAY = 0.1  # seconds until the engine knows what the kernel knows


def wait_for_processes(ecs: Any) -> None:  # noqa: ANN401 - an untyped package
    """Let MiniStack's watcher of a task sleep while the task's processes are running."""
    mark = find(ecs, "_maybe_mark_stopped")
    find(ecs, "_watch_task_lifecycle")

    def mark_and_wait(task: _Properties, client: Any = None) -> None:  # noqa: ANN401
        mark(task, client)
        # The watcher of a task passes a client, and repeats the call at once; handlers of requests pass none.
        if client is not None and task.get("lastStatus") != "STOPPED":
            wait_for_an_end(client, task.get("_docker_ids") or [])

    ecs._maybe_mark_stopped = mark_and_wait  # noqa: SLF001 - what this module is for


def wait_for_an_end(client: Any, containers: list[str]) -> None:  # noqa: ANN401 - an untyped package
    """Return when one of the containers has ended, or after some seconds.

    Args:
        client: Client of the engine.
        containers: Ids of the containers; those that have ended before are ignored.
    """
    with ExitStack() as opened:
        poll = select.poll()
        try:
            for identifier in containers:
                process = client.containers.get(identifier).attrs["State"]["Pid"]
                if process:
                    descriptor = os.pidfd_open(process)
                    opened.callback(os.close, descriptor)
                    poll.register(descriptor, select.POLLIN)
        except Exception:  # noqa: BLE001 - a container or the engine is gone: ask again soon, as MiniStack does
            time.sleep(_ENGINE_DELAY)
            return
        if poll.poll(_SECONDS_BETWEEN * 1000):
            time.sleep(_ENGINE_DELAY)
