"""Volumes of a compose file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate.fields import Fields, container_name, text_of
from ecr_fargate_constructs.tools.migrate.model import Mount, Volume

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ecr_fargate_constructs.tools.migrate.document import Node

_PATH = re.compile(r"/[\w./@+-]*[\w@+-][\w./@+-]*")
_BIND = (
    "it is a directory of the host that Docker Compose runs on",
    "copy its files into the image, or to EFS or S3",
)
_LONG = {
    "bind": ("Fargate has no directories of a host", "nothing to do"),
    "consistency": ("it concerns the host", "nothing to do"),
    "image": ("ECS mounts no images", "copy its files into the image"),
    "tmpfs": ("Fargate has no tmpfs, and no limit for a directory", "see the task's ephemeral storage"),
    "volume": ("an empty file system is mounted as it is", "see its access point, which says who may write"),
}


def storage(
    fields: Fields, declared: Mapping[str, Fields], *, read_only: bool
) -> tuple[tuple[Mount, ...], tuple[str, ...]]:
    """Return the mounts of a service, and the paths that stay writable on a read-only root."""
    mounts: list[Mount] = []
    for item in _items(fields, "volumes"):
        mount = _mount(item, fields, declared, len(mounts))
        if mount is None:
            continue
        if mount.path.rstrip("/") in {each.path.rstrip("/") for each in mounts}:
            fields.ledger.leave_out(item, "another mount has this path", "keep one of them")
        else:
            mounts.append(mount)
    taken = {each.path.rstrip("/") for each in mounts}
    writable: list[str] = []
    for item in _items(fields, "tmpfs"):
        path = (text_of(item) or "").partition(":")[0].rstrip("/")
        if not _PATH.fullmatch(path) or path in taken:
            fields.ledger.leave_out(item, "it is not an absolute path, or another mount has it", "correct it")
            continue
        taken.add(path)
        fields.ledger.check(item, "it is a directory on the task's disk, not in its memory", "nothing to do")
        if read_only:
            writable.append(path)
        else:
            name = f"tmp-{len(mounts)}"
            mounts.append(Mount(path=path, volume=Volume(name=name, owner=fields.mapping.place)))
    return tuple(mounts), tuple(writable)


def _items(fields: Fields, name: str) -> list[Node]:
    node = fields.node(name)
    if node is None:
        return []
    if isinstance(node.value, dict):
        fields.drop(name, "it is not a list", "correct it, and run the command again")
        return []
    if isinstance(node.value, list):
        fields.ledger.enter(node)
        return node.items
    return [node]


def _mount(item: Node, fields: Fields, declared: Mapping[str, Fields], number: int) -> Mount | None:
    if isinstance(item.value, dict):
        inner = Fields(item, fields.ledger)
        kind, source, target = inner.text("type") or "volume", inner.text("source"), inner.text("target") or ""
        read_only = inner.flag("read_only") or False
        inner.leave_out(_LONG)
        if kind not in {"volume", "tmpfs"}:
            fields.ledger.leave_out(item, *_BIND)
            return None
    else:
        parts = (text_of(item) or "").split(":")
        source, target, mode = (None, parts[0], "") if len(parts) == 1 else (parts[0], parts[1], "".join(parts[2:]))
        kind, read_only = "volume", "ro" in mode.split(",")
    if not _PATH.fullmatch(target):
        fields.ledger.leave_out(item, "it is not an absolute path in the container", "correct it")
        return None
    if source is not None and source.startswith(("/", ".", "~", "$")):
        fields.ledger.leave_out(item, *_BIND)
        return None
    return _volume(
        item,
        fields,
        declared,
        Mount(path=target, volume=Volume(name=source or ""), read_only=read_only),
        kind=kind,
        number=number,
    )


def _volume(
    item: Node, fields: Fields, declared: Mapping[str, Fields], mount: Mount, *, kind: str, number: int
) -> Mount | None:
    name = mount.volume.name
    if not name or kind == "tmpfs":
        fields.ledger.check(
            item, "it is an empty directory of the task, and is deleted with it", "use EfsVolume for files that stay"
        )
        volume = Volume(name=f"scratch-{number}", owner=fields.mapping.place)
        return Mount(path=mount.path, volume=volume, read_only=mount.read_only)
    if name not in declared:
        fields.ledger.leave_out(item, "the file declares no such volume", "correct it, and run the command again")
        return None
    fields.ledger.check(
        item,
        "it is a new and empty EFS file system, which all tasks share",
        "copy the files with AWS DataSync, and see its access point, which says who may write",
    )
    volume = Volume(name=container_name(name), efs=True)  # ECS takes no dots
    return Mount(path=mount.path, volume=volume, read_only=mount.read_only)
