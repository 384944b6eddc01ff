"""Volumes of a compose file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate.fields import Fields, text_of
from ecr_fargate_constructs.tools.migrate.model import Mount, Volume

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ecr_fargate_constructs.tools.migrate.document import Node

_PATH = re.compile(r"/[\w./@+-]*[\w@+-][\w./@+-]*")
_VOLUME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_BIND = (
    "it is a directory of the machine that compose runs on",
    "copy what it holds into the image, or put it into EFS or S3",
)
_LONG = {
    "bind": ("there is no directory of a machine", "nothing to do"),
    "consistency": ("it is a matter of the machine", "nothing to do"),
    "image": ("ECS mounts no images", "copy what it holds into the image"),
    "tmpfs": ("Fargate has no memory as a disk, and no limit for a directory", "look at the task's storage"),
    "volume": ("an empty file system is mounted as it is", "look at who may write"),
}


def storage(
    fields: Fields, declared: Mapping[str, Fields], *, read_only: bool
) -> tuple[tuple[Mount, ...], tuple[str, ...]]:
    """The mounts of a service, and the paths that stay writable on a read-only root."""
    mounts: list[Mount] = []
    for item in _items(fields, "volumes"):
        mount = _mount(item, fields, declared, len(mounts))
        if mount is not None and mount.path.rstrip("/") not in {each.path.rstrip("/") for each in mounts}:
            mounts.append(mount)
    taken = {each.path.rstrip("/") for each in mounts}
    writable: list[str] = []
    for item in _items(fields, "tmpfs"):
        path = (text_of(item) or "").partition(":")[0].rstrip("/")
        if not _PATH.fullmatch(path) or path in taken:
            fields.ledger.leave_out(item, "it is not an absolute path of its own", "correct it")
            continue
        taken.add(path)
        fields.ledger.check(item, "it is a directory on the task's disk, not in its memory", "nothing to do")
        if read_only:
            writable.append(path)
        else:
            name = f"tmp-{len(mounts)}"
            mounts.append(Mount(path=path, volume=Volume(name=name, owner=fields.here.place)))
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
            item, "it is an empty directory of the task's, gone with it", "use EfsVolume for what stays"
        )
        volume = Volume(name=f"scratch-{number}", owner=fields.here.place)
        return Mount(path=mount.path, volume=volume, read_only=mount.read_only)
    if name not in declared or not _VOLUME.fullmatch(name):
        fields.ledger.leave_out(item, "the file declares no such volume", "correct it, and run the command again")
        return None
    fields.ledger.check(
        item,
        "it is a new and empty file system of EFS, the same for all tasks",
        "move the files with AWS DataSync, and look at the user that may write",
    )
    declared[name].carry("name")
    return Mount(path=mount.path, volume=Volume(name=name, efs=True), read_only=mount.read_only)
