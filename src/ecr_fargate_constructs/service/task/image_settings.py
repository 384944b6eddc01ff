"""Checks of a container against its image's Dockerfile: ports, user, volumes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ecr_fargate_constructs._cdk.warning import warn
from ecr_fargate_constructs._rules.dockerfile import ImageSettings
from ecr_fargate_constructs._rules.tokens import is_token

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from constructs import Construct

    from ecr_fargate_constructs.service.container.base import TaskContainer
    from ecr_fargate_constructs.service.container.images import Image

_ROOT = re.compile(r"(?:root|0+)(?::.*)?")
_AGENT = ("/managed-agents", "/var/lib/amazon/ssm", "/var/log/amazon/ssm")
"""Paths that ECS Exec's agent writes to; it runs as root, whatever the container's user is."""


def settings_of(image: Image | None) -> ImageSettings | None:
    """Return the settings of the image's Dockerfile; None if there is none to read."""
    settings = getattr(image, "settings", None)
    return settings if isinstance(settings, ImageSettings) else None


def warn_about_images(scope: Construct, containers: Mapping[str, TaskContainer]) -> None:
    """Warn of contradictions with a Dockerfile: the port behind the load balancer, and write permissions."""
    for name, container in containers.items():
        settings = settings_of(getattr(container, "image", None))
        port = getattr(container, "port", None)
        if port is not None and not is_token(port) and settings and settings.ports and port not in settings.ports:
            listed = ", ".join(map(str, settings.ports))
            warn(
                scope,
                "containerPortNotExposed",
                f"{name} receives traffic on port {port:g}, but its Dockerfile says EXPOSE {listed}; if the "
                f"application listens there, every health check fails: use container_port={settings.ports[0]}, or "
                "correct EXPOSE",
            )
    denied = [f"{path} of {name}" for name, each in containers.items() for path in _not_writable(each, containers)]
    if denied:
        warn(
            scope,
            "writablePathOwnedByRoot",
            f"{', '.join(denied)}: ECS makes the directories of volumes with root as owner (root:root, 0755), but the "
            "container runs as another user, so its writes fail with EACCES; in the Dockerfile, make the "
            "directory, chown it to the user and name it in a VOLUME, or let a Sidecar that runs as root and ends "
            "chown a SharedVolume first",
        )


def _not_writable(container: TaskContainer, containers: Mapping[str, TaskContainer]) -> Iterator[str]:
    """Yield the paths of a container that only root may write."""
    settings = settings_of(getattr(container, "image", None))
    user = container.user
    if user is None and settings is not None:
        user = settings.user
    if user is None or is_token(user) or _is_root(user):
        return
    own = {path.rstrip("/") for path in (settings.volumes if settings else ())}
    for path in container.writable_paths:
        if not is_token(path) and path.rstrip("/") not in {*own, *_AGENT}:
            yield path
    for mount in container.mounts:
        shared = not hasattr(mount.volume, "file_system") or hasattr(mount.volume, "size_gib")  # not EFS
        if mount.read_only or not shared or is_token(mount.path) or mount.path.rstrip("/") in own:
            continue
        others = [each for each in containers.values() if each is not container]
        if not any(_is_root(each.user or "") and _writes(each, mount.volume) for each in others):
            yield mount.path


def _writes(container: TaskContainer, volume: object) -> bool:
    return any(mount.volume == volume and not mount.read_only for mount in container.mounts)


def _is_root(user: str) -> bool:
    return _ROOT.fullmatch(user) is not None
