"""What podman needs to serve one instance: a registry map and a socket, without a word in /etc."""

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
_MOST = 1024


def podman_environment(instance: Instance) -> dict[str, str]:
    """Variables that make podman read the instance's own configuration; docker does not know them."""
    files = {
        "CONTAINERS_CONF": instance.state / "containers.conf",
        "CONTAINERS_REGISTRIES_CONF": instance.state / "registries.conf",
    }
    return {name: str(file) for name, file in files.items() if file.exists()}


def start_podman(instance: Instance, memory: Memory) -> None:
    """Start podman's Docker-compatible socket: a service of our own, since it reads the registry map when it starts.

    Raises:
        ToolError: It does not start.
    """
    memory.scratch = tempfile.mkdtemp(prefix=_SCRATCH)  # a socket's path may have 108 characters at most
    path = Path(memory.scratch) / _SOCKET
    memory.socket = f"unix://{path}"
    memory.save(instance)  # before it starts: whoever is killed meanwhile leaves nothing that nobody knows of
    memory.processes["engine"] = start(
        ["podman", "system", "service", "--time=0", memory.socket],
        env={**os.environ, **podman_environment(instance), **instance.mark},
        log=instance.engine_log,
    )
    deadline = time.monotonic() + _START_SECONDS
    while not path.exists():
        if not memory.processes["engine"].alive or time.monotonic() > deadline:
            raise ToolError("podman's socket service did not start", log=instance.engine_log)
        time.sleep(0.05)


def remove_scratch(memory: Memory) -> None:
    """Remove the socket's directory, and nothing that is not the socket."""
    if memory.scratch and Path(memory.scratch).name.startswith(_SCRATCH):
        with suppress(OSError):  # gone, or there is more in it
            (Path(memory.scratch) / _SOCKET).unlink(missing_ok=True)
            Path(memory.scratch).rmdir()


def write_configuration(instance: Instance) -> None:
    """Write the instance's registry map, and the limits that podman needs on this machine."""
    registries = Path(os.environ.get("CONTAINERS_REGISTRIES_CONF") or "/etc/containers/registries.conf")
    theirs = registries.read_text(encoding="utf-8") if registries.is_file() else ""
    (instance.state / "registries.conf").write_text(registry_map(instance, theirs), encoding="utf-8")
    if not os.environ.get("CONTAINERS_CONF") and not Path("/etc/containers/containers.conf").exists():
        (instance.state / "containers.conf").write_text(_limits(), encoding="utf-8")


def registry_map(instance: Instance, theirs: str) -> str:
    """The machine's registries, and AWS's name of the private one, which leads to this instance."""
    short_names = 'unqualified-search-registries = ["docker.io"]\n'  # "FROM python" means this to every other engine
    if re.search(r"^\s*unqualified-search-registries", theirs, re.MULTILINE):
        short_names = ""
    ours = "".join(
        f'\n[[registry]]\nprefix = "{name}"\nlocation = "{instance.local_registry}"\ninsecure = true\n'
        for name in (*_registries(instance), instance.local_registry)
    )
    return f"{short_names}{theirs}{ours}"


def _registries(instance: Instance) -> list[str]:
    """Names of the account's registry in every region: a service may run an image of another one."""
    known = EndpointResolver(create_loader().load_data("endpoints"))  # a session would read the user's profiles
    regions = dict.fromkeys([instance.region, *known.get_available_endpoints("api.ecr")])
    return [replace(instance, region=region).registry for region in regions]


def _limits() -> str:
    """Podman asks for more files and processes than a container or an old kernel may grant: ask for less."""
    import resource  # noqa: PLC0415 - Windows has none, and must get as far as being refused

    limits = {
        name: min(_MOST, hard) if hard > 0 else _MOST
        for name, hard in (
            ("nofile", resource.getrlimit(resource.RLIMIT_NOFILE)[1]),
            ("nproc", resource.getrlimit(resource.RLIMIT_NPROC)[1]),
        )
    }
    ulimits = ", ".join(f'"{name}={limit}:{limit}"' for name, limit in limits.items())
    lines = ["[containers]", f"default_ulimits = [{ulimits}]", "[engine]"]
    if Path("/sys/fs/cgroup/unified").is_dir() and shutil.which("runc"):
        lines.append('runtime = "runc"')  # crun refuses control groups in hybrid mode
    return "\n".join(lines) + "\n"
