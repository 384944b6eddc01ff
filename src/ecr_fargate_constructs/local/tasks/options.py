"""Translate a container of a task definition into options of the container engine, without asking either of them."""

from __future__ import annotations

from typing import Any, TypeAlias

_Properties: TypeAlias = dict[str, Any]

_MEBIBYTE = 1024 * 1024

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


def engine_options(container: _Properties, task: _Properties) -> _Properties:
    """Return the engine's options for the limits of a container, in the words of ``docker.containers.run``.

    Args:
        container: The container's definition, in the API's spelling.
        task: The definition of its task.
    """
    options = {
        "entrypoint": container.get("entryPoint") or None,
        "working_dir": container.get("workingDirectory") or None,
        **_capabilities(container),
    }
    limit = memory_limit(container, task)
    if limit is not None:  # without swap: Fargate has none
        options |= {"mem_limit": limit * _MEBIBYTE, "memswap_limit": limit * _MEBIBYTE}
    return options


def memory_limit(container: _Properties, task: _Properties) -> int | None:
    """Return how much memory a container may use, in MiB; None if neither it nor its task has a limit."""
    limits = [int(value) for value in (container.get("memory"), task.get("memory")) if value]
    return min(limits, default=None)


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
