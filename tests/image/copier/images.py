"""Images as bytes: blobs, manifests and indexes, in OCI's words and in Docker's."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
OCI_ZSTD = "application/vnd.oci.image.layer.v1.tar+zstd"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
DOCKER_FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
INDEXES = {OCI_INDEX, DOCKER_LIST}

Json = dict[str, Any]


def digest_of(data: bytes, algorithm: str = "sha256") -> str:
    """The digest of bytes."""
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


@dataclass(frozen=True)
class Repeated:
    """A blob too large to be kept in memory."""

    piece: bytes
    times: int

    def __len__(self) -> int:
        return len(self.piece) * self.times

    def __iter__(self) -> Iterator[bytes]:
        return iter([self.piece] * self.times)

    @property
    def digest(self) -> str:
        """Its digest."""
        hasher = hashlib.sha256()
        for piece in self:
            hasher.update(piece)
        return f"sha256:{hasher.hexdigest()}"


Blob = bytes | Repeated


@dataclass(frozen=True)
class Image:
    """A manifest, and everything that it names."""

    media_type: str
    body: bytes
    blobs: dict[str, Blob] = field(default_factory=dict)
    children: tuple[Image, ...] = ()

    @property
    def digest(self) -> str:
        """The digest of its manifest."""
        return digest_of(self.body)

    @property
    def layers(self) -> list[str]:
        """Digests of its layers."""
        return [layer["digest"] for layer in json.loads(self.body)["layers"]]

    def everything(self) -> Iterator[Image]:
        """What an index lists, each before what lists it."""
        for child in self.children:
            yield from child.everything()
        yield self


def descriptor(media_type: str, data: bytes, **more: object) -> Json:
    """What a manifest says of a blob."""
    return {"mediaType": media_type, "digest": digest_of(data), "size": len(data), **more}


def image(
    *layers: bytes,
    architecture: str | None = "amd64",
    docker: bool = False,
    layer_type: str | None = None,
    extra: Sequence[Json] = (),
    **more: object,
) -> Image:
    """An image of layers; ``extra`` are descriptors of what nobody holds."""
    config = json.dumps({"os": "linux", **({"architecture": architecture} if architecture else {})}).encode()
    kinds = (DOCKER_MANIFEST, DOCKER_CONFIG, DOCKER_LAYER) if docker else (OCI_MANIFEST, OCI_CONFIG, OCI_LAYER)
    listed = [descriptor(layer_type or kinds[2], layer) for layer in layers]
    document = {
        "schemaVersion": 2,
        "mediaType": kinds[0],
        "config": descriptor(kinds[1], config),
        "layers": [*listed, *extra],
        **more,
    }
    blobs: dict[str, Blob] = {digest_of(each): each for each in (config, *layers)}
    return Image(kinds[0], json.dumps(document).encode(), blobs)


def index(*children: Image, platforms: Sequence[Json | None] = (), docker: bool = False, **more: object) -> Image:
    """An index of images; by default for Linux on amd64, arm64 and so on."""
    kind = DOCKER_LIST if docker else OCI_INDEX
    known = platforms or [{"os": "linux", "architecture": each} for each in ("amd64", "arm64", "s390x")]
    listed = [
        descriptor(child.media_type, child.body, **({} if platform is None else {"platform": platform}))
        for child, platform in zip(children, known, strict=False)
    ]
    document = {"schemaVersion": 2, "mediaType": kind, "manifests": listed, **more}
    return Image(kind, json.dumps(document, indent=3).encode(), {}, children)


def with_large_layer(layer: Repeated) -> Image:
    """An image of one layer that is not kept."""
    small = image()
    document = json.loads(small.body)
    document["layers"] = [{"mediaType": OCI_LAYER, "digest": layer.digest, "size": len(layer)}]
    return Image(OCI_MANIFEST, json.dumps(document).encode(), {**small.blobs, layer.digest: layer})


def write_layout(top: Image, folder: Path) -> Path:
    """Write an image as the directory that the OCI specification calls a layout."""
    stored = folder / "blobs" / "sha256"
    stored.mkdir(parents=True)
    for each in top.everything():
        stored.joinpath(each.digest.partition(":")[2]).write_bytes(each.body)
        for digest, data in each.blobs.items():
            stored.joinpath(digest.partition(":")[2]).write_bytes(b"".join([data] if isinstance(data, bytes) else data))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}', encoding="utf-8")
    entry = descriptor(top.media_type, top.body, annotations={"org.opencontainers.image.ref.name": "top"})
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}), encoding="utf-8")
    return folder
