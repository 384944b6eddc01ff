"""Which instances of the embedded AWS there are: those of an app, and the one on a port."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from ecr_fargate_constructs.local import lifecycle
from ecr_fargate_constructs.local.instance import STATE_FOLDER, Instance, Memory, instance_at, remembered_ports
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_PORT = 4566


class State(Enum):
    """What an instance does."""

    RUNNING = "running"
    BUSY = "busy"
    DEAD = "dead"
    UNFINISHED = "unfinished"
    ABSENT = "absent"


def instances_of(app_directory: Path) -> list[tuple[Instance, Memory | None]]:
    """The instances of an app, by port; where there are none, those whose start failed and left its log.

    One whose files were deleted, as ``git clean`` does, is still remembered elsewhere.
    """
    files = [each for each in (app_directory.resolve() / STATE_FOLDER).glob("[1-9]*") if each.stem.isdecimal()]
    there = {*(int(each.name) for each in files if each.is_dir()), *remembered_ports(app_directory.resolve())}
    ports = there or {int(each.stem) for each in files}
    return [instance_at(app_directory, port, None, None) for port in sorted(ports)]


def find_instance(
    app_directory: Path, port: int | None, account: str | None = None, region: str | None = None
) -> tuple[Instance, Memory | None]:
    """The instance that a command is about: on the port given, else the app's own, else one on the default port.

    Raises:
        ToolError: The app has several, and no port says which.
    """
    if port is None:
        known = instances_of(app_directory)
        running = [each for each in known if lifecycle.runs(*each)]
        known = running if len(running) == 1 else known
        if len(known) > 1:
            listed = "\n".join(f"  --port {each.port}: {state_of(each, memory).value}" for each, memory in known)
            raise ToolError(
                f"{app_directory.resolve()} has {len(known)} instances of the embedded AWS:\n{listed}",
                fix="say which one with --port",
            )
        port = known[0][0].port if known else DEFAULT_PORT
    return instance_at(app_directory, port, account, region)


def state_of(instance: Instance, memory: Memory | None) -> State:
    """What an instance does."""
    if lifecycle.runs(instance, memory):
        return State.RUNNING
    try:
        with instance.alone():
            pass
    except ToolError:
        return State.BUSY
    if memory is not None and "aws" in memory.processes:
        return State.DEAD
    return State.UNFINISHED if instance.state.exists() else State.ABSENT


def not_running(instance: Instance, state: State) -> ToolError:
    """Why there is nothing to ask, and what to do."""
    app, port = instance.app_directory, instance.port
    again = "start it again with 'ecr-fargate local up', or clear it away with 'ecr-fargate local down'"
    if state is State.BUSY:
        return ToolError(f"a command is at work on port {port}, and the embedded AWS does not answer yet", fix="wait")
    if state is State.DEAD:
        return ToolError(f"the embedded AWS on port {port} has died", fix=again, log=instance.server_log)
    if state is State.UNFINISHED:
        return ToolError(f"the start on port {port} was killed before the embedded AWS ran", fix=again)
    failed = instance.failure_log if instance.failure_log.is_file() else None
    more = "; the last start failed" if failed else ""
    return ToolError(
        f"nothing is running for {app} on port {port}{more}", fix="start it with 'ecr-fargate local up'", log=failed
    )
