"""Set up podman for one instance: a registry configuration and a socket, without changes in /etc."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.loaders import create_loader
from botocore.regions import EndpointResolver

from ecr_fargate_constructs.local.processes import start
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.instance import Instance, Memory

_START_SECONDS = 15
_SCRATCH, _SOCKET = "ecr-fargate-", "engine.sock"
_MAX_LIMIT = 1024


def podman_environment(instance: Instance) -> dict[str, str]:
    """Return the variables that make podman read the instance's configuration; docker ignores them."""
    files = {
        "CONTAINERS_CONF": instance.state / "containers.conf",
        "CONTAINERS_REGISTRIES_CONF": instance.state / "registries.conf",
    }
    return {name: str(file) for name, file in files.items() if file.exists()}


def start_podman(instance: Instance, memory: Memory) -> None:
    """Start a Docker-compatible socket of podman for the instance: podman reads the registry configuration at start."""
    memory.scratch = tempfile.mkdtemp(prefix=_SCRATCH)  # the path of a socket may have at most 108 characters
    path = Path(memory.scratch) / _SOCKET
    memory.socket = f"unix://{path}"
    memory.save(instance)  # first: if this command is killed, the next one still finds the process
    memory.processes["engine"] = start(
        ["podman", "system", "service", "--time=0", memory.socket],
        env={**os.environ, **podman_environment(instance), **instance.mark},
        log=instance.engine_log,
        cwd=instance.state,  # conmon leaves a file "oom" where it was started if a container runs out of memory
    )
    deadline = time.monotonic() + _START_SECONDS
    while not path.exists():
        if not memory.processes["engine"].alive or time.monotonic() > deadline:
            raise ToolError("podman's socket service did not start", log=instance.engine_log)
        time.sleep(0.05)


def remove_scratch(memory: Memory) -> None:
    """Remove the socket and its directory, and nothing else."""
    if memory.scratch and Path(memory.scratch).name.startswith(_SCRATCH):
        with suppress(OSError):  # it is gone, or other files are in it
            (Path(memory.scratch) / _SOCKET).unlink(missing_ok=True)
            Path(memory.scratch).rmdir()


def write_configuration(instance: Instance) -> None:
    """Write the instance's registry configuration, and the limits that podman needs on this machine."""
    registries = Path(os.environ.get("CONTAINERS_REGISTRIES_CONF") or "/etc/containers/registries.conf")
    system = registries.read_text(encoding="utf-8") if registries.is_file() else ""
    (instance.state / "registries.conf").write_text(registry_map(instance, system), encoding="utf-8")
    if not os.environ.get("CONTAINERS_CONF") and not Path("/etc/containers/containers.conf").exists():
        (instance.state / "containers.conf").write_text(_limits(), encoding="utf-8")


def registry_map(instance: Instance, system: str) -> str:
    """Return the system's registry configuration, extended by AWS's names of the private registry.

    Args:
        instance: The instance that these names lead to.
        system: The system's ``registries.conf``.
    """
    short_names = 'unqualified-search-registries = ["docker.io"]\n'  # the meaning of "FROM python" in all other engines
    if re.search(r"^\s*unqualified-search-registries", system, re.MULTILINE):
        short_names = ""
    own = "".join(
        f'\n[[registry]]\nprefix = "{name}"\nlocation = "{location}"\ninsecure = true\n'
        for name, location in _locations(instance).items()
    )
    return f"{short_names}{system}{own}"


def _locations(instance: Instance) -> dict[str, str]:
    """Return the local addresses of the account's registries: a service may use an image of another region.

    That of the instance's own region is the address of the embedded AWS; the others are at paths of it, under their
    names.
    """
    local = instance.local_registry
    others = {name: f"{local}/{name}" for name in _registries(instance)}
    return {**others, instance.registry: local, local: local}


def _registries(instance: Instance) -> list[str]:
    """Return the names of the account's registry in all regions."""
    endpoints = EndpointResolver(create_loader().load_data("endpoints"))  # a session would read the user's profiles
    regions = dict.fromkeys([instance.region, *endpoints.get_available_endpoints("api.ecr")])
    return [replace(instance, region=region).registry for region in regions]


def default_limits() -> dict[str, int]:
    """Return limits for containers: the defaults of podman are higher than a container or an old kernel may allow."""
    import resource  # noqa: PLC0415 - missing on Windows, where the command must still reach its refusal

    return {
        name: min(_MAX_LIMIT, hard) if hard > 0 else _MAX_LIMIT
        for name, hard in (
            ("nofile", resource.getrlimit(resource.RLIMIT_NOFILE)[1]),
            ("nproc", resource.getrlimit(resource.RLIMIT_NPROC)[1]),
        )
    }


def _limits() -> str:
    """Return limits for podman, and its runtime."""
    limits = default_limits()
    ulimits = ", ".join(f'"{name}={limit}:{limit}"' for name, limit in limits.items())
    lines = ["[containers]", f"default_ulimits = [{ulimits}]", "[engine]"]
    if Path("/sys/fs/cgroup/unified").is_dir() and shutil.which("runc"):
        lines.append('runtime = "runc"')  # crun does not support hybrid control groups
    return "\n".join(lines) + "\n"
