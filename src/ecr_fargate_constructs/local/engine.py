"""The container engine: found, or on Debian installed."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable

_DEBIAN_PACKAGES = ("podman", "buildah", "runc", "netavark", "aardvark-dns", "uidmap", "iptables")
_HOW_TO_INSTALL = (
    "install podman (Debian, Ubuntu: 'sudo apt-get install podman'; Fedora: 'sudo dnf install podman') "
    "or Docker Engine, start it, and run the command again"
)


@dataclass(frozen=True)
class Engine:
    """A container engine that answers.

    Attributes:
        name: ``docker``, ``podman`` or ``finch``: the command that builds images.
        version: Its version.
        socket: Address of a Docker-compatible socket that is there already; None for podman, whose socket we start.
    """

    name: str
    version: str
    socket: str | None


def find_engine(*, install: bool = True, say: Callable[[str], None] = lambda _text: None) -> Engine:
    """The first engine that answers: docker, podman, finch. A client alone, with no engine behind it, does not count.

    Docker and finch are written by their documentation; podman alone was tried.

    Args:
        install: Whether podman may be installed when there is none, which takes Debian and root.
        say: Told what takes long.

    Raises:
        ToolError: There is no engine, or none whose containers can be reached from here.
    """
    if platform.system() != "Linux":
        raise ToolError(
            f"the embedded AWS runs on Linux only; this is {platform.system()}",
            fix="run it inside a Linux virtual machine: here the addresses of containers are out of the load "
            "balancer's reach",
        )
    found = [_found(finder) for finder in (_docker, _podman, _finch)]
    for engine in found:
        if isinstance(engine, Engine):
            return engine
    for refusal in found:
        if isinstance(refusal, ToolError):
            raise refusal
    if install and _can_install():
        say("no container engine answers: installing podman")
        _install_podman()
        installed = _podman()
        if installed is not None:
            return installed
    raise ToolError("no container engine answers: tried docker, podman and finch", fix=_HOW_TO_INSTALL)


def _found(finder: Callable[[], Engine | None]) -> Engine | ToolError | None:
    """The engine; why it will not do, which another one may make up for; or nothing."""
    try:
        return finder()
    except ToolError as refusal:
        return refusal


def _ask(*command: str) -> str | None:
    """What a command prints; None when it is missing, fails or hangs."""
    try:
        answer = subprocess.run(  # noqa: S603 - commands of ours, no shell
            command, capture_output=True, text=True, timeout=30, check=True, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout


def _ask_json(*command: str) -> dict[str, Any]:
    """What a command prints as JSON; nothing when it prints something else."""
    try:
        answer = json.loads(_ask(*command) or "{}")
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _docker() -> Engine | None:
    info = _ask_json("docker", "info", "--format", "{{json .}}")
    if not info.get("ServerVersion"):  # a client alone says everything but this
        return None
    host = os.environ.get("DOCKER_HOST") or _docker_context() or "unix:///var/run/docker.sock"
    system = str(info.get("OperatingSystem", ""))
    where = next(
        (
            place
            for place, there in {
                "in a virtual machine": "Docker Desktop" in system,
                "rootless": "rootless" in str(info.get("SecurityOptions", "")),
                f"at {host}": not host.startswith("unix://"),
            }.items()
            if there
        ),
        None,
    )
    if where:
        raise ToolError(
            f"docker runs {where}, which keeps its containers' addresses out of the load balancer's reach",
            fix="use Docker Engine or podman on this machine, as root",
        )
    return Engine("docker", str(info["ServerVersion"]), host)


def _docker_context() -> str | None:
    answer = _ask("docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}")
    return answer.strip() if answer else None


def _podman() -> Engine | None:
    remote = next((name for name in ("CONTAINER_HOST", "CONTAINER_CONNECTION") if os.environ.get(name)), None)
    if remote is not None and shutil.which("podman"):
        raise ToolError(
            f"podman is asked elsewhere, at {remote}={os.environ[remote]}, and tasks have to run on this machine",
            fix=f"run the command without {remote}",
        )
    info = _ask_json("podman", "info", "--format", "json")
    if "host" not in info:
        return None
    if info["host"]["security"]["rootless"]:
        raise ToolError(
            "podman runs rootless here, which keeps its containers' addresses out of the load balancer's reach",
            fix="run the command as root ('sudo --preserve-env=PATH'), or use Docker Engine",
        )
    return Engine("podman", str(info["version"]["Version"]), None)


def _finch() -> Engine | None:
    answer = _ask("finch", "version", "--format", "{{.Client.Version}}")
    socket = Path("/run/finch.sock")  # finch-daemon's
    if answer is None or not socket.exists():
        return None
    return Engine("finch", answer.strip(), f"unix://{socket}")


def _can_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None and Path("/etc/debian_version").exists()


def _install_podman() -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *_DEBIAN_PACKAGES]):
        done = subprocess.run(  # noqa: S603 - commands of ours, no shell
            ["apt-get", *command],  # noqa: S607 - root's PATH decides
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            why = done.stderr.strip().splitlines()[-1:] or ["it does not say why"]
            raise ToolError(
                f"no container engine answers, and 'apt-get {' '.join(command)}' failed: {why[0]}", fix=_HOW_TO_INSTALL
            )
