"""Find the instances of the embedded AWS: those of an app, and the one on a port."""

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
    """The state of an instance."""

    RUNNING = "running"
    BUSY = "busy"
    DEAD = "dead"
    UNFINISHED = "unfinished"
    ABSENT = "absent"


def instances_of(app_directory: Path) -> list[tuple[Instance, Memory | None]]:
    """Return the instances of an app, by port; if there are none, those whose start failed and left a log.

    An instance is still found after its files were deleted, as ``git clean`` does: its state is recorded elsewhere.
    """
    files = [each for each in (app_directory.resolve() / STATE_FOLDER).glob("[1-9]*") if each.stem.isdecimal()]
    existing = {*(int(each.name) for each in files if each.is_dir()), *remembered_ports(app_directory.resolve())}
    ports = existing or {int(each.stem) for each in files}
    return [instance_at(app_directory, port, None, None) for port in sorted(ports)]


def find_instance(
    app_directory: Path, port: int | None, account: str | None = None, region: str | None = None
) -> tuple[Instance, Memory | None]:
    """Return the instance for a command: on the given port, else the app's only one, else on the default port."""
    if port is None:
        instances = instances_of(app_directory)
        running = [each for each in instances if lifecycle.runs(*each)]
        instances = running if len(running) == 1 else instances
        if len(instances) > 1:
            listed = "\n".join(f"  --port {each.port}: {state_of(each, memory).value}" for each, memory in instances)
            raise ToolError(
                f"{app_directory.resolve()} has {len(instances)} instances of the embedded AWS:\n{listed}",
                fix="choose one with --port",
            )
        port = instances[0][0].port if instances else DEFAULT_PORT
    return instance_at(app_directory, port, account, region)


def state_of(instance: Instance, memory: Memory | None) -> State:
    """Return the state of an instance."""
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
    """Return the error of a command that needs a running instance."""
    app, port = instance.app_directory, instance.port
    again = "start it again with 'ecr-fargate local up', or remove it with 'ecr-fargate local down'"
    if state is State.BUSY:
        return ToolError(f"a command is running on port {port}, and the embedded AWS does not respond yet", fix="wait")
    if state is State.DEAD:
        return ToolError(f"the embedded AWS on port {port} has died", fix=again, log=instance.server_log)
    if state is State.UNFINISHED:
        return ToolError(f"the start on port {port} was killed before the embedded AWS was running", fix=again)
    failed = instance.failure_log if instance.failure_log.is_file() else None
    more = "; the last start failed" if failed else ""
    return ToolError(
        f"nothing is running for {app} on port {port}{more}", fix="start it with 'ecr-fargate local up'", log=failed
    )
