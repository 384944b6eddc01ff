"""Run a health check in a container, as ``podman exec`` and ``docker exec`` do."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.tasks.definition import HealthCheck

_CHUNK = 1 << 14


def passes(client: Any, container: str, check: HealthCheck) -> bool:  # noqa: ANN401 - docker's client
    """Return whether a health check exits with 0 in time; one that takes longer is killed.

    Args:
        client: Client of the engine.
        container: Id of the container.
        check: The health check.
    """
    try:
        command = client.api.exec_create(container, list(check.command))["Id"]
        output = client.api.exec_start(command, socket=True)
        try:
            if not _ends(output, check.timeout):
                _kill(client, command)
                return False
        finally:
            output.close()
        return bool(client.api.exec_inspect(command)["ExitCode"] == 0)
    except Exception:  # noqa: BLE001 - the container has ended, or has no such command: not healthy
        return False


def _ends(output: Any, timeout: float) -> bool:  # noqa: ANN401 - a socket, or what docker wraps it in
    """Return whether the output ends in time."""
    deadline = time.monotonic() + timeout
    poll = select.poll()  # select.select() refuses descriptors above 1,023
    poll.register(output, select.POLLIN)
    while True:
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            return False
        if not os.read(output.fileno(), _CHUNK):
            return True


def _kill(client: Any, command: str) -> None:  # noqa: ANN401
    process = int(client.api.exec_inspect(command).get("Pid") or 0)
    if process > 1:
        with contextlib.suppress(OSError):
            os.kill(process, signal.SIGKILL)
