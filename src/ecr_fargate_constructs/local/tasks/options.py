"""Translate a container of a task definition into options of the container engine, without asking either of them."""

from __future__ import annotations

from typing import Any, TypeAlias

from ecr_fargate_constructs.local.tasks.spelling import is_true, number, task_size

_Properties: TypeAlias = dict[str, Any]

_MEBIBYTE = 1024 * 1024
_CPU_UNITS = 1024  # of one CPU
_MIN_SHARES = 2  # of the Linux kernel; ECS sets them for fewer

DEFAULT_CAPABILITIES = (
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
)
"""Docker's default set, which ECS uses: API reference of ECS, ``KernelCapabilities``. podman's own set is smaller."""


def engine_options(container: _Properties, *, root: bool = True) -> _Properties:
    """Return the engine's options for a container, in the words of ``docker.containers.run``.

    Limits on memory and CPU, volumes, ulimits and networks are not among them.

    Args:
        container: The container's definition, in the API's spelling.
        root: Whether the container's user is root, or the engine gives other users no capabilities.
    """
    linux = container.get("linuxParameters") or {}
    options = {
        "entrypoint": container.get("entryPoint") or None,
        "working_dir": container.get("workingDirectory") or None,
        "user": container.get("user") or None,
        "read_only": is_true(container.get("readonlyRootFilesystem")) or None,
        "init": is_true(linux.get("initProcessEnabled")) or None,
        "tty": is_true(container.get("pseudoTerminal")) or None,
        "stdin_open": is_true(container.get("interactive")) or None,
        "sysctls": {str(each["namespace"]): str(each["value"]) for each in container.get("systemControls") or ()}
        or None,
        "shm_size": number(linux.get("sharedMemorySize"), 0) * _MEBIBYTE or None,
        "tmpfs": dict(_tmpfs(each) for each in linux.get("tmpfs") or ()) or None,
        **(_capabilities(container) if root else _capabilities_of_others(container)),
    }
    return {name: value for name, value in options.items() if value is not None}


def limits_of_containers(container: _Properties, task: _Properties) -> _Properties:
    """Return the engine's options for memory and CPU, if the engine alone can limit them: each container by itself."""
    limit = memory_limit(container, task)
    options: _Properties = {"cpu_shares": cpu_shares(container)}
    if limit is not None:  # without swap: Fargate has none
        options |= {"mem_limit": limit * _MEBIBYTE, "memswap_limit": limit * _MEBIBYTE}
    cpu = task_size(task.get("cpu"))
    if cpu is not None:
        options["nano_cpus"] = cpu * 10**9 // _CPU_UNITS
    return options


def memory_limit(container: _Properties, task: _Properties) -> int | None:
    """Return how much memory a container may use, in MiB; None if neither it nor its task has a limit."""
    limits = (task_size(container.get("memory")), task_size(task.get("memory")))
    return min((each for each in limits if each is not None), default=None)


def cpu_shares(container: _Properties) -> int:
    """Return a container's share of its task's CPU time, relative to the other containers."""
    return max(_MIN_SHARES, number(container.get("cpu"), 0))


def ulimits(container: _Properties, highest: int) -> tuple[list[tuple[str, int, int]], list[str]]:
    """Return a container's ulimits as names with soft and hard limit, and what cannot be as high as it says.

    Args:
        container: The container's definition, in the API's spelling.
        highest: The highest number of open files that this machine allows.
    """
    found, lowered = [], []
    for each in container.get("ulimits") or ():
        name, soft, hard = str(each["name"]), int(each["softLimit"]), int(each["hardLimit"])
        if name == "nofile" and hard > highest:
            lowered.append(
                f"nofile {soft}:{hard} of container {container['name']}, which this machine lowers to {highest}"
            )
            soft, hard = min(soft, highest), highest
        found.append((name, soft, hard))
    return found, lowered


def is_root(user: str) -> bool:
    """Return whether a user, with or without a group, is root."""
    return user.partition(":")[0] in {"", "0", "root"}


def _tmpfs(properties: _Properties) -> tuple[str, str]:
    options = [f"size={number(properties.get('size'), 0)}m", *(properties.get("mountOptions") or ())]
    return str(properties["containerPath"]), ",".join(str(each) for each in options)


def _capabilities(container: _Properties) -> _Properties:
    """Return the capabilities, all of them by name, so that every engine gives the same ones."""
    if container.get("privileged"):
        return {}
    named = (container.get("linuxParameters") or {}).get("capabilities") or {}
    added, dropped = set(named.get("add") or ()), set(named.get("drop") or ())
    if "ALL" in added:
        return {"cap_add": ["ALL"], "cap_drop": sorted(dropped)}
    kept = added if "ALL" in dropped else (set(DEFAULT_CAPABILITIES) | added) - (dropped - added)
    return {"cap_add": sorted(kept), "cap_drop": ["ALL"]}


def _capabilities_of_others(container: _Properties) -> _Properties:
    """Return the capabilities for a user that is not root, which has none on ECS.

    podman gives such a user each capability that is added by name, as if it were root: it could write everywhere. So
    none is added but the one for ports below 1024, which engines allow to all users in other ways.
    """
    if container.get("privileged"):
        return {}
    named = (container.get("linuxParameters") or {}).get("capabilities") or {}
    dropped = sorted(set(named.get("drop") or ()) - set(named.get("add") or ()))
    ports = "NET_BIND_SERVICE"
    keeps_ports = ports in (named.get("add") or ()) or not {"ALL", ports} & set(dropped)
    return {"cap_add": [ports] if keeps_ports else [], "cap_drop": ["ALL"] if "ALL" in dropped else dropped}
