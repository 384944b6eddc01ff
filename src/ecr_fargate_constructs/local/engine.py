"""Find a container engine, or install podman on Debian."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.commands import reason, run
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable

_DEBIAN_PACKAGES = ("podman", "buildah", "runc", "netavark", "aardvark-dns", "uidmap", "iptables", "catatonit")
_HOW_TO_INSTALL = (
    "install podman (Debian, Ubuntu: 'sudo apt-get install podman'; Fedora: 'sudo dnf install podman') "
    "or Docker Engine, start it, and run the command again"
)


@dataclass(frozen=True)
class Engine:
    """A container engine that is running.

    Attributes:
        name: Its command: ``docker``, ``podman`` or ``finch``.
        version: Its version.
        socket: Address of its Docker-compatible socket; None for podman, whose socket the instance starts.
    """

    name: str
    version: str
    socket: str | None


def find_engine(*, install: bool = True, say: Callable[[str], None] = lambda _text: None) -> Engine:
    """Return the first engine that responds: docker, podman or finch. A client without a server does not count.

    Only podman was tested; docker and finch follow their documentation.

    Args:
        install: Whether podman may be installed if there is no engine, which requires Debian and root.
        say: Called with a text before a long step.
    """
    if platform.system() != "Linux":
        raise ToolError(
            f"the embedded AWS runs on Linux only; this is {platform.system()}",
            fix="run it in a Linux virtual machine: here the load balancer cannot reach the containers' addresses",
        )
    candidates = [_probe(finder) for finder in (_docker, _podman, _finch)]
    for engine in candidates:
        if isinstance(engine, Engine):
            return engine
    for refusal in candidates:
        if isinstance(refusal, ToolError):
            raise refusal
    if install and _can_install():
        say("no container engine is running: installing podman")
        _install_podman()
        installed = _podman()
        if installed is not None:
            return installed
    raise ToolError("no container engine is running: tried docker, podman and finch", fix=_HOW_TO_INSTALL)


def _probe(finder: Callable[[], Engine | None]) -> Engine | ToolError | None:
    """Return the engine, the reason why it cannot be used, or None if it is not installed."""
    try:
        return finder()
    except ToolError as refusal:
        return refusal


def _output(*command: str) -> str | None:
    """Return the output of a command; None if it is missing, fails or hangs."""
    try:
        answer = run(*command, seconds=30)
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout if answer.returncode == 0 else None


def _json_output(*command: str) -> dict[str, Any]:
    """Return the JSON object that a command prints; an empty one if it prints something else."""
    try:
        answer = json.loads(_output(*command) or "{}")
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _docker() -> Engine | None:
    info = _json_output("docker", "info", "--format", "{{json .}}")
    if not info.get("ServerVersion"):  # a client without a server reports everything else
        return None
    host = os.environ.get("DOCKER_HOST") or _docker_context() or "unix:///var/run/docker.sock"
    system = str(info.get("OperatingSystem", ""))
    where = next(
        (
            place
            for place, applies in {
                "in a virtual machine": "Docker Desktop" in system,
                "rootless": "rootless" in str(info.get("SecurityOptions", "")),
                f"at {host}": not host.startswith("unix://"),
            }.items()
            if applies
        ),
        None,
    )
    if where:
        raise ToolError(
            f"docker runs {where}, where the load balancer cannot reach the containers' addresses",
            fix="use Docker Engine or podman on this machine, as root",
        )
    return Engine("docker", str(info["ServerVersion"]), host)


def _docker_context() -> str | None:
    answer = _output("docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}")
    return answer.strip() if answer else None


def _podman() -> Engine | None:
    remote = next((name for name in ("CONTAINER_HOST", "CONTAINER_CONNECTION") if os.environ.get(name)), None)
    if remote is not None and shutil.which("podman"):
        raise ToolError(
            f"podman is remote ({remote}={os.environ[remote]}), and tasks have to run on this machine",
            fix=f"unset {remote}, and run the command again",
        )
    info = _json_output("podman", "info", "--format", "json")
    if "host" not in info:
        return None
    if info["host"]["security"]["rootless"]:
        raise ToolError(
            "podman runs rootless, where the load balancer cannot reach the containers' addresses",
            fix="run the command as root ('sudo --preserve-env=PATH'), or use Docker Engine",
        )
    return Engine("podman", str(info["version"]["Version"]), None)


def _finch() -> Engine | None:
    answer = _output("finch", "version", "--format", "{{.Client.Version}}")
    socket = Path("/run/finch.sock")  # finch-daemon's
    if answer is None or not socket.exists():
        return None
    return Engine("finch", answer.strip(), f"unix://{socket}")


def _can_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None and Path("/etc/debian_version").exists()


def _install_podman() -> None:
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *_DEBIAN_PACKAGES]):
        done = run("apt-get", *command, DEBIAN_FRONTEND="noninteractive")
        if done.returncode != 0:
            raise ToolError(
                f"no container engine is running, and 'apt-get {' '.join(command)}' failed: {reason(done)}",
                fix=_HOW_TO_INSTALL,
            )
