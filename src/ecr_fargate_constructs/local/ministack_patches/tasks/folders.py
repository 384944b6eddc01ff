"""The folders of this machine that are a task's volumes."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ecr_fargate_constructs.local.ministack_patches.internals import find
from ecr_fargate_constructs.local.ministack_patches.tasks.failures import NotStartedError
from ecr_fargate_constructs.local.ministack_patches.tasks.images import copy_out, copy_volume
from ecr_fargate_constructs.local.tasks.volumes import Kind, Mount, Volume, mounts_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ecr_fargate_constructs.local.ministack_patches.tasks.synced import Landed

_Properties: TypeAlias = dict[str, Any]

_WRITABLE_IN_PODMAN = ("/run", "/tmp", "/var/tmp")  # noqa: S108 - in a container
"""Folders where podman mounts a ``tmpfs`` into containers with a read-only root; ECS does not."""
_PODMANS_FILES = (".containerenv", "podman-init")  # what podman mounts in /run

_SYNCED = ".synced"  # no volume has such a name: ECS allows letters, digits, hyphens and underscores
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
                copy_volume(client, image, mount.path.rstrip("/"), folder)
        return folder

    def mount_synced(self, name: str, files: Mapping[str, Landed], container: _Properties) -> list[str]:
        """Return the binds of synced files, of which each task has its own copies.

        Args:
            name: Name of the container.
            files: Its synced files, by their absolute paths in it.
            container: Its definition; without a read-only root it may write to them.
        """
        folder = self._folder / _SYNCED / name
        folder.mkdir(parents=True, exist_ok=True)
        access = "ro" if container.get("readonlyRootFilesystem") else "rw"
        binds = []
        for number, (path, landed) in enumerate(sorted(files.items())):
            copy = folder / str(number)
            shutil.copy2(landed.source, copy)
            os.chown(copy, landed.user, landed.group)
            copy.chmod(landed.mode)
            binds.append(f"{copy}:{path}:{access}")
        return binds

    def remove(self) -> None:
        """Remove the folders that end with the task."""
        shutil.rmtree(self._folder, ignore_errors=True)


class ReadOnlyRoots:
    """Makes the folders that podman would leave writable on a read-only root read-only, once for each image."""

    def __init__(self, folder: Path) -> None:
        """Copy nothing yet.

        Args:
            folder: Where the copies are.
        """
        self._folder, self._lock = folder, threading.Lock()

    def binds(self, image: str, mounted: set[str], client: Any) -> list[str]:  # noqa: ANN401 - docker's client
        """Return binds of the image's own folders, for reading only.

        Args:
            image: The image.
            mounted: Paths where the container mounts something.
            client: Client of the engine.
        """
        paths = [path for path in _WRITABLE_IN_PODMAN if path not in mounted]
        inside = sorted(each for each in mounted if each.startswith(tuple(f"{path}/" for path in paths)))
        name = hashlib.sha256(repr((client.images.get(image).id, paths, inside)).encode()).hexdigest()[:16]
        copies = {path: self._folder / name / path[1:].replace("/", "-") for path in paths}
        with self._lock:
            if paths and not (self._folder / name).exists():
                self._copy(client, image, copies, inside)
        return [f"{folder}:{path}:ro" for path, folder in copies.items()]

    @staticmethod
    def _copy(client: Any, image: str, copies: dict[str, Path], inside: list[str]) -> None:  # noqa: ANN401
        for folder in copies.values():
            _make(folder)
        copy_out(client, image, copies)
        for path, folder in copies.items():
            for other in inside:  # the engine cannot make them in a folder that is read-only
                if other.startswith(f"{path}/"):
                    (folder / other[len(path) + 1 :]).mkdir(parents=True, exist_ok=True)
            if path == "/run":
                for file in _PODMANS_FILES:
                    (folder / file).touch()


def _make(folder: Path) -> None:
    folder.mkdir(parents=True)
    folder.chmod(_MODE)
