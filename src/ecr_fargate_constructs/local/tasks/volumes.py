"""Map the volumes of a task to folders of this machine, and to paths in its containers.

Sources: "Use bind mounts with Amazon ECS", "Use Amazon EFS volumes" and "Use Amazon EBS volumes" in the developer guide
of ECS.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias

from ecr_fargate_constructs.local.tasks.spelling import is_true

if TYPE_CHECKING:
    from collections.abc import Iterator

_Properties: TypeAlias = dict[str, Any]


class Kind(Enum):
    """The place of a volume's files."""

    TASK = "bind mount"
    HOST = "a path of the host"
    EFS = "Amazon EFS"
    EBS = "Amazon EBS"


@dataclass(frozen=True)
class Volume:
    """A volume.

    Attributes:
        name: Its name in the task definition.
        kind: Where its files are; those of a bind mount and of EBS are deleted with the task.
        source: The path of the host.
        file_system: Id of the EFS file system.
        root: Folder in it.
        access_point: Id of the access point, which replaces the folder.
    """

    name: str
    kind: Kind = Kind.TASK
    source: str = ""
    file_system: str = ""
    root: str = "/"
    access_point: str = ""

    @classmethod
    def of(cls, properties: _Properties) -> Volume:
        """Read a volume of a task definition, in the API's spelling."""
        name = str(properties["name"])
        efs = properties.get("efsVolumeConfiguration")
        if efs:
            authorization = efs.get("authorizationConfig") or {}
            point = str(authorization.get("accessPointId") or "")
            return cls(name, Kind.EFS, "", str(efs["fileSystemId"]), str(efs.get("rootDirectory") or "/"), point)
        if is_true(properties.get("configuredAtLaunch")):
            return cls(name, Kind.EBS)
        source = (properties.get("host") or {}).get("sourcePath")
        return cls(name, Kind.HOST, str(source)) if source else cls(name)


@dataclass(frozen=True)
class Mount:
    """A place where a container sees a volume.

    Attributes:
        volume: The volume.
        path: Path in the container.
        read_only: Whether the container may only read.
    """

    volume: Volume
    path: str
    read_only: bool = False


def volumes_of(task: _Properties) -> dict[str, Volume]:
    """Return the volumes of a task definition by name."""
    return {str(each["name"]): Volume.of(each) for each in task.get("volumes") or ()}


def mounts_of(container: _Properties, task: _Properties) -> list[Mount]:
    """Return what a container mounts, also with ``volumesFrom``; its own mount points count before those of others."""
    volumes = volumes_of(task)
    others = {str(each["name"]): each for each in task.get("containerDefinitions") or ()}
    found = {each.path: each for each in _own(container, volumes)}
    for source in container.get("volumesFrom") or ():
        other, read_only = others.get(str(source.get("sourceContainer"))), is_true(source.get("readOnly"))
        for each in _own(other or {}, volumes):
            found.setdefault(each.path, Mount(each.volume, each.path, read_only or each.read_only))
    return list(found.values())


def _own(container: _Properties, volumes: dict[str, Volume]) -> Iterator[Mount]:
    for each in container.get("mountPoints") or ():
        volume, path = volumes.get(str(each.get("sourceVolume"))), each.get("containerPath")
        if volume is not None and path:
            yield Mount(volume, str(path), is_true(each.get("readOnly")))
