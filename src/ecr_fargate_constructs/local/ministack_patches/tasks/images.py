"""Copy folders out of an image, which engines can do with containers only."""

from __future__ import annotations

import io
import os
import tarfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def copy_out(client: Any, image: str, copies: dict[str, Path]) -> None:  # noqa: ANN401 - docker's client
    """Copy folders of an image; leave a folder empty if the image does not have it. With podman, root owns the copies.

    Args:
        client: Client of the engine.
        image: The image.
        copies: For each absolute path in it, the folder to copy into, which takes the rights of the copied one.
    """
    source = client.containers.create(image, command=["true"], network_mode="none", user="0")
    try:
        for path, folder in copies.items():
            try:
                chunks, _ = source.get_archive(path)
                packed = io.BytesIO(b"".join(chunks))
            except Exception:  # noqa: BLE001, S112 - the image has no such folder
                continue
            with tarfile.open(fileobj=packed) as archive:
                _unpack(archive, path.rpartition("/")[2], folder)
    finally:
        source.remove(v=True, force=True)


def copy_volume(client: Any, image: str, path: str, folder: Path) -> None:  # noqa: ANN401
    """Copy a folder that an image declares as ``VOLUME``, with owners and rights.

    Args:
        client: Client of the engine.
        image: The image.
        path: Its absolute path.
        folder: Folder to copy into.
    """
    api = client.api
    answer = api._post_json(  # noqa: SLF001 - podman's own API: docker's has no containers without the image's volumes
        f"{api.base_url}/v4.0.0/libpod/containers/create",
        data={"image": image, "image_volume_mode": "ignore", "command": ["true"], "netns": {"nsmode": "none"}},
    )
    if not answer.ok:  # Docker copies into volumes when it creates a container
        copy_out(client, image, {path: folder})
        return
    source = client.containers.get(answer.json()["Id"])
    try:  # the whole image: in a part of it, podman changes the owners
        with tarfile.open(fileobj=_Stream(source.export()), mode="r|") as archive:
            _unpack(archive, path.strip("/"), folder)
    finally:
        source.remove(v=True, force=True)


def _unpack(archive: tarfile.TarFile, prefix: str, folder: Path) -> None:
    """Unpack one folder of an archive."""
    for member in archive:
        name = member.name.strip("/").removeprefix("./")
        if name == prefix:
            os.chown(folder, member.uid, member.gid)
            folder.chmod(member.mode)
        elif name.startswith(f"{prefix}/") and ".." not in name.split("/"):
            member.name = name[len(prefix) + 1 :]
            archive.extract(member, folder, numeric_owner=True)


class _Stream(io.RawIOBase):
    """Chunks as a file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._rest = iter(chunks), b""

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        while size < 0 or len(self._rest) < size:
            chunk = next(self._chunks, b"")
            if not chunk:
                break
            self._rest += chunk
        taken, self._rest = (self._rest, b"") if size < 0 else (self._rest[:size], self._rest[size:])
        return taken
