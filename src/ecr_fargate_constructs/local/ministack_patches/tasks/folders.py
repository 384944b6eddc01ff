"""The folders of this machine that are a task's volumes."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ecr_fargate_constructs.local.ministack_patches.internals import find
from ecr_fargate_constructs.local.ministack_patches.tasks.failures import NotStartedError
from ecr_fargate_constructs.local.tasks.volumes import Kind, Mount, Volume, mounts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_Properties: TypeAlias = dict[str, Any]

_MODE = 0o755  # of the folder of a bind mount and of a new file system: root's, and nobody else may write
_EFS = "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: "


class FileSystems:
    """The EFS file systems of MiniStack, as folders that outlive tasks."""

    def __init__(self, efs: Any, folder: Path) -> None:  # noqa: ANN401 - an untyped package
        """Look up MiniStack's internals.

        Args:
            efs: MiniStack's module for EFS.
            folder: Where the folders of all file systems are.

        Raises:
            MovedError: MiniStack's internals have changed.
        """
        self._systems, self._points, self._targets = (
            find(efs, name) for name in ("_file_systems", "_access_points", "_mount_targets")
        )
        self._folder = folder

    def folder_of(self, volume: Volume, region: str) -> Path:
        """Return the folder that a volume shows.

        Raises:
            NotStartedError: The file system, its mount target, access point or folder does not exist.
        """
        name = volume.file_system
        if name not in self._systems or not any(each.get("FileSystemId") == name for each in self._targets.values()):
            message = (
                f'b\'Failed to resolve "{name}.efs.{region}.amazonaws.com" - check that your file system ID is '
                "correct, and ensure that the VPC has an EFS mount target for this file system ID.'"
            )
            raise NotStartedError(_EFS + message)
        system = self._folder / name
        if not system.exists():
            _make(system)
        if not volume.access_point:
            return self._existing(system, volume.root, name, region)
        point = self._points.get(volume.access_point)
        if point is None:
            raise NotStartedError(f"{_EFS}b'mount.nfs4: access denied by server while mounting 127.0.0.1:/'")
        root = point.get("RootDirectory") or {}
        path, owner = str(root.get("Path") or "/"), root.get("CreationInfo")
        folder = system / path.strip("/")
        if owner and not folder.exists():
            folder.mkdir(parents=True)
            folder.chmod(int(str(owner["Permissions"]), 8))
            os.chown(folder, int(owner["OwnerUid"]), int(owner["OwnerGid"]))
        return self._existing(system, path, name, region)

    @staticmethod
    def _existing(system: Path, root: str, name: str, region: str) -> Path:
        folder = system / root.strip("/")
        if folder.resolve().is_relative_to(system.resolve()) and folder.is_dir():
            return folder
        message = (
            f"b'mount.nfs4: mounting {name}.efs.{region}.amazonaws.com:{root} failed, reason given by server: "
            "No such file or directory'"
        )
        raise NotStartedError(_EFS + message)


class Folders:
    """The folders of one task."""

    def __init__(self, definition: _Properties, folder: Path, systems: FileSystems, region: str) -> None:
        """Create nothing yet.

        Args:
            definition: The task definition, in the API's spelling.
            folder: Where its own folders are.
            systems: The file systems that outlive it.
            region: Its region.
        """
        self._definition, self._folder, self._systems, self._region = definition, folder, systems, region

    def mount(self, container: _Properties, image: str, client: Any) -> list[str]:  # noqa: ANN401 - docker's client
        """Return the binds of a container, and create the folders that it is the first to mount.

        Args:
            container: Its definition.
            image: The image that it runs, which the engine has.
            client: Client of the engine.

        Raises:
            NotStartedError: A file system cannot be mounted.
        """
        return list(self._binds(container, image, client))

    def _binds(self, container: _Properties, image: str, client: Any) -> Iterator[str]:  # noqa: ANN401
        for each in mounts_of(container, self._definition):
            match each.volume.kind:
                case Kind.HOST:
                    folder = Path(each.volume.source)
                case Kind.EFS:
                    folder = self._systems.folder_of(each.volume, self._region)
                case _:
                    folder = self._own(each, image, client)
            yield f"{folder}:{each.path}:{'ro' if each.read_only else 'rw'}"

    def _own(self, mount: Mount, image: str, client: Any) -> Path:  # noqa: ANN401
        folder = self._folder / mount.volume.name
        if not folder.exists():
            _make(folder)
            declared = (client.images.get(image).attrs.get("Config") or {}).get("Volumes") or {}
            if mount.volume.kind is Kind.TASK and mount.path.rstrip("/") in {each.rstrip("/") for each in declared}:
                copy_out(client, image, mount.path.rstrip("/"), folder)
        return folder

    def remove(self) -> None:
        """Remove the folders that end with the task."""
        shutil.rmtree(self._folder, ignore_errors=True)


def _make(folder: Path) -> None:
    folder.mkdir(parents=True)
    folder.chmod(_MODE)


def copy_out(client: Any, image: str, path: str, folder: Path) -> None:  # noqa: ANN401 - docker's client
    """Copy a folder of an image, with owners and rights; leave the folder empty if the image does not have it.

    Args:
        client: Client of the engine.
        image: The image.
        path: Absolute path in it.
        folder: Folder to copy into, which takes the rights of the copied one.
    """
    source = client.containers.create(image, command=["true"], network_mode="none")
    try:
        try:
            chunks, _ = source.get_archive(path)
        except Exception:  # noqa: BLE001 - the image names a volume that it has no folder for
            return
        packed = io.BytesIO(b"".join(chunks))
    finally:
        source.remove(v=True, force=True)
    with tarfile.open(fileobj=packed) as archive:
        for member in archive.getmembers():
            _, _, inside = member.name.strip("/").partition("/")
            if ".." in inside.split("/"):
                continue
            if not inside:
                os.chown(folder, member.uid, member.gid)
                folder.chmod(member.mode)
                continue
            member.name = inside
            archive.extract(member, folder, numeric_owner=True)
