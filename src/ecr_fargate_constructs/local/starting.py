"""Start an embedded AWS in two steps: quick checks first, and then what takes seconds."""

from __future__ import annotations

import contextlib
import errno
import socket
from typing import TYPE_CHECKING

from ecr_fargate_constructs.local import engine, podman, server
from ecr_fargate_constructs.local.https.authority import Authority
from ecr_fargate_constructs.local.instance import Memory
from ecr_fargate_constructs.local.port_owner import app_on
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.instance import Instance
    from ecr_fargate_constructs.local.progress import Progress

_DISTANCE = 1000


def check_app(instance: Instance) -> None:
    """Refuse a directory without an app."""
    if not (instance.app_directory / "cdk.json").is_file():
        raise ToolError(
            f"{instance.app_directory} has no cdk.json, so it is not the directory of a CDK app",
            fix="give the app's directory with --app-dir",
        )


def prepare(instance: Instance, progress: Progress) -> Memory:
    """Find a container engine, and create the instance's directory; nothing is started yet."""
    check_port(instance.port)
    progress.step("looking for a container engine")
    chosen = engine.find_engine(say=progress.detail)
    progress.detail(f"{chosen.name} {chosen.version}")
    instance.erase()
    instance.make_state()
    if chosen.socket is None:
        podman.write_configuration(instance)
    https_port = _https_port(instance.port)
    if not https_port:
        progress.note("not emulated: HTTPS, because the program openssl is not installed", kind="warning")
    return Memory(instance.account, instance.region, chosen.name, chosen.socket or "", https_port=https_port)


def _https_port(port: int) -> int:
    """Return a free port for HTTPS, a thousand above the other one if possible; 0 without the program openssl."""
    if not Authority.available():
        return 0
    for candidate in (port + _DISTANCE, 0):
        with socket.socket() as probe, contextlib.suppress(OSError, OverflowError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", candidate))
            return int(probe.getsockname()[1])
    return 0


def start(instance: Instance, memory: Memory) -> None:
    """Start the embedded AWS, and record its state."""
    try:
        if not memory.socket:
            podman.start_podman(instance, memory)
        server.start_server(instance, memory)
    finally:
        memory.save(instance)


def check_port(port: int) -> None:
    """Refuse a port on which this user cannot listen."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections in TIME_WAIT do not matter
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            owner = app_on(port) if taken else None
            by = f"the embedded AWS of {owner}" if owner else "another program"
            fix = "choose another port, for example --port 4600"
            if owner is not None and not owner.is_dir():  # moved or deleted while it ran
                by += ", which no longer exists"
                stop = f"'ecr-fargate local down --app-dir {owner} --port {port}'"
                fix = f"move the app back, or create an empty folder there, and run {stop}; or choose another --port"
            raise ToolError(
                f"port {port} is in use by {by}" if taken else f"port {port} cannot be used: {error.strerror}", fix=fix
            ) from error
