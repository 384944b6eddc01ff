"""The container engine: found, and its socket made ready."""

from __future__ import annotations

import json
import os
import platform
import resource
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ecr_fargate_constructs.local.errors import LocalError
from ecr_fargate_constructs.local.processes import start

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.instance import Instance, Memory

_DEBIAN_PACKAGES = ("podman", "buildah", "runc", "netavark", "aardvark-dns", "uidmap", "iptables")
_HOW_TO_INSTALL = (
    "install podman (Debian, Ubuntu: 'sudo apt-get install podman'; Fedora: 'sudo dnf install podman') "
    "or Docker Engine, start it, and run the command again"
)
_START_SECONDS = 15


@dataclass(frozen=True)
class Engine:
    """A container engine that answers.

    Attributes:
        name: ``docker``, ``podman`` or ``finch``: the command that builds images.
        version: Its version.
        socket: Address of a Docker-compatible socket that is there already; None for podman, whose socket we start so
            that it reads the instance's own registry map.
    """

    name: str
    version: str
    socket: str | None


def find_engine(*, install: bool = True) -> Engine:
    """The first engine that answers: docker, podman, finch. A client alone, with no engine behind it, does not count.

    Args:
        install: Whether podman may be installed when there is none, which takes Debian and root.

    Raises:
        LocalError: There is no engine, or none that this machine's network can reach.
    """
    if platform.system() != "Linux":
        raise LocalError(
            f"the embedded AWS runs on Linux only; this is {platform.system()}",
            fix="run it inside a Linux virtual machine: here the addresses of containers are out of the load "
            "balancer's reach",
        )
    engine = _docker() or _podman() or _finch()
    if engine is None and install and _can_install():
        _install_podman()
        engine = _podman()
    if engine is None:
        raise LocalError("no container engine answers: tried docker, podman and finch", fix=_HOW_TO_INSTALL)
    return engine


def start_socket(engine: Engine, instance: Instance, memory: Memory) -> None:
    """Make the engine's Docker-compatible socket answer, and remember it."""
    if engine.socket is not None:
        memory.socket = engine.socket
        return
    write_podman_configuration(instance)
    memory.scratch = tempfile.mkdtemp(prefix="ecr-fargate-")  # a socket's path may have 108 characters at most
    path = Path(memory.scratch) / "engine.sock"
    memory.socket = f"unix://{path}"
    memory.processes["engine"] = start(
        ["podman", "system", "service", "--time=0", memory.socket],
        env={**os.environ, **podman_environment(instance)},
        log=instance.engine_log,
    )
    deadline = time.monotonic() + _START_SECONDS
    while not path.exists():
        if not memory.processes["engine"].alive or time.monotonic() > deadline:
            raise LocalError("podman's socket service did not start", log=instance.engine_log)
        time.sleep(0.05)


def podman_environment(instance: Instance) -> dict[str, str]:
    """Variables that make podman read the instance's own configuration; nothing is written to /etc."""
    return {
        "CONTAINERS_CONF": str(instance.state / "containers.conf"),
        "CONTAINERS_REGISTRIES_CONF": str(instance.state / "registries.conf"),
    }


def write_podman_configuration(instance: Instance) -> None:
    """Write the registry map, so that AWS's name of the registry leads to this instance, and the runtime's limits."""
    registry = (
        f'[[registry]]\nprefix = "{instance.registry}"\nlocation = "{instance.local_registry}"\ninsecure = true\n'
    )
    local = f'\n[[registry]]\nlocation = "{instance.local_registry}"\ninsecure = true\n'
    (instance.state / "registries.conf").write_text(registry + local, encoding="utf-8")
    files, processes = (min(1024, limit) if limit > 0 else 1024 for limit in (_hard("NOFILE"), _hard("NPROC")))
    lines = [
        "[containers]",
        f'default_ulimits = ["nofile={files}:{files}", "nproc={processes}:{processes}"]',
        "[engine]",
    ]
    if Path("/sys/fs/cgroup/unified").is_dir() and shutil.which("runc"):
        lines.append('runtime = "runc"')  # crun refuses control groups in hybrid mode
    (instance.state / "containers.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _hard(name: str) -> int:
    limit: int = resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[1]
    return limit


def _ask(*command: str) -> str | None:
    """What a command prints; None when it is missing, fails or hangs."""
    try:
        answer = subprocess.run(  # noqa: S603 - commands of ours, no shell
            command, capture_output=True, text=True, timeout=30, check=True, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout


def _docker() -> Engine | None:
    answer = _ask("docker", "info", "--format", "{{json .}}")
    if answer is None:
        return None
    info = json.loads(answer)
    if not info.get("ServerVersion"):
        return None
    name = str(info.get("OperatingSystem", ""))
    if "Docker Desktop" in name or "rootless" in str(info.get("SecurityOptions", "")):
        raise LocalError(
            f"this Docker engine ({name}) keeps its containers' addresses out of reach of the load balancer",
            fix="use Docker Engine or podman on Linux, as root",
        )
    host = os.environ.get("DOCKER_HOST") or _context_host() or "unix:///var/run/docker.sock"
    return Engine("docker", str(info["ServerVersion"]), host)


def _context_host() -> str | None:
    answer = _ask("docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}")
    return answer.strip() if answer else None


def _podman() -> Engine | None:
    answer = _ask("podman", "info", "--format", "json")
    if answer is None:
        return None
    info = json.loads(answer)
    if info["host"]["security"]["rootless"]:
        raise LocalError(
            "podman runs rootless here, which keeps its containers' addresses out of reach of the load balancer",
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
            raise LocalError(
                f"no container engine answers, and 'apt-get {' '.join(command)}' failed: "
                f"{done.stderr.strip().splitlines()[-1:]}",
                fix=_HOW_TO_INSTALL,
            )
