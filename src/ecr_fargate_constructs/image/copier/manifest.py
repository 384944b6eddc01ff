"""Manifests and indexes, by the OCI image specification and Docker's registry."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .errors import CopyError, TransientError

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
ACCEPTED = (OCI_INDEX, DOCKER_LIST, OCI_MANIFEST, DOCKER_MANIFEST)
_FOREIGN = ("foreign", "nondistributable")
_LONGEST_TYPE = 200
_ALGORITHMS = {"sha256": 64, "sha512": 128}


@dataclass(frozen=True)
class Descriptor:
    """A reference in a manifest to a blob or to another manifest.

    Attributes:
        digest: Digest of the content.
        size: Its size in bytes.
        foreign: True if registries need not store it: the manifest holds its address (base layers of Windows).
        platform: Operating system and architecture; None if the manifest names none.
    """

    digest: str
    size: int
    foreign: bool = False
    platform: tuple[str, str] | None = None

    @classmethod
    def read(cls, value: Any) -> Descriptor:  # noqa: ANN401 - JSON
        """Read a descriptor, and refuse an invalid one."""
        if not isinstance(value, dict):
            raise CopyError("the manifest has a descriptor that is not an object")
        digest, size = value.get("digest"), value.get("size")
        if not isinstance(digest, str) or type(size) is not int or size < 0:  # a bool is an int, too
            raise CopyError(f"the manifest has a descriptor without digest and size: {', '.join(value)[:200]}")
        hasher_of(digest)
        platform = value.get("platform")
        system = None
        if isinstance(platform, dict):
            system = _text(platform.get("os")), _text(platform.get("architecture"))
        foreign = bool(value.get("urls")) and any(word in _text(value.get("mediaType")) for word in _FOREIGN)
        return cls(digest, size, foreign, system)


@dataclass(frozen=True)
class Manifest:
    """A manifest or an index, with the bytes of which its digest is made.

    Attributes:
        body: These bytes.
        media_type: Media type under which registries store it.
        digest: Digest of the bytes.
    """

    body: bytes
    media_type: str
    digest: str

    @classmethod
    def read(cls, body: bytes, content_type: str | None, expected: str | None) -> Manifest:
        """Read a registry's answer.

        Args:
            body: The bytes.
            content_type: Media type that the registry gives; without one the media type in the document counts.
            expected: Digest that the bytes must have; None if only the registry knows it.

        Raises:
            TransientError: The bytes have another digest.
            CopyError: They are not a manifest that ECR accepts.
        """
        digest = digest_of(body, like=expected)
        if expected is not None and digest != expected:
            raise TransientError(f"the manifest is {digest} instead of {expected}")
        document = json_object(body)
        if document is None:
            raise CopyError(f"the manifest {digest} is not a JSON object")
        # The document's own media type counts: the same bytes must not be an image in one place and an index elsewhere.
        inside = _text(document.get("mediaType"))[:_LONGEST_TYPE]
        announced = (content_type or "").partition(";")[0].strip()[:_LONGEST_TYPE]
        media_type = next((each for each in (inside, announced) if each in ACCEPTED), inside)
        if not media_type:
            media_type = OCI_INDEX if "manifests" in document else OCI_MANIFEST if "layers" in document else ""
        if media_type not in ACCEPTED:
            raise CopyError(
                f"the manifest {digest} is {media_type or announced or 'of no known type'}, which ECR does not accept; "
                "push the image again with a current tool"
            )
        return cls(body, media_type, digest)

    @cached_property
    def document(self) -> dict[str, Any]:
        """The bytes, parsed."""
        return json_object(self.body) or {}

    @property
    def is_index(self) -> bool:
        """True where it lists manifests of several platforms."""
        return self.media_type in {OCI_INDEX, DOCKER_LIST}

    @property
    def children(self) -> list[Descriptor]:
        """The manifests of an index."""
        return list(map(Descriptor.read, self._list("manifests"))) if self.is_index else []

    @property
    def blobs(self) -> list[Descriptor]:
        """Configuration and layers that a registry must store, each once."""
        if self.is_index:
            return []
        entries = [self.document.get("config"), *self._list("layers")]
        return list({each.digest: each for each in map(Descriptor.read, entries) if not each.foreign}.values())

    @property
    def config(self) -> Descriptor:
        """The configuration, which names the platform."""
        return Descriptor.read(self.document.get("config"))

    def _list(self, name: str) -> list[Any]:
        entries = self.document.get(name) or []
        if not isinstance(entries, list):
            raise CopyError(f"{name!r} of the manifest {self.digest} is not a list")
        return entries

    def child_for(self, architecture: str) -> Descriptor:
        """Return the manifest of an index for Linux on an architecture.

        Raises:
            CopyError: There is none.
        """
        for child in self.children:
            if child.platform == ("linux", architecture):
                return child
        if len(self.children) == 1 and self.children[0].platform is None:
            return self.children[0]  # its configuration names the platform
        platforms = sorted({"/".join(child.platform) for child in self.children if child.platform})
        raise CopyError(
            f"the image is not built for linux/{architecture}, only for {', '.join(platforms) or 'nothing'}"
        )


def json_object(text: bytes) -> dict[str, Any] | None:
    """Return a JSON object; None if the text is not one."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def hasher_of(digest: str) -> Any:  # noqa: ANN401 - hashlib's own type has no public name
    """Return a new hash of the algorithm that a digest names.

    Raises:
        CopyError: The text is not a digest.
    """
    algorithm, _, text = digest.partition(":")
    if _ALGORITHMS.get(algorithm) != len(text) or not set(text) <= set("0123456789abcdef"):
        raise CopyError(f"{digest[:160]!r} is not a digest")
    return hashlib.new(algorithm)


def digest_of(body: bytes, *, like: str | None = None) -> str:
    """Return the digest of bytes, by the algorithm of ``like``; default, SHA-256."""
    algorithm = "sha256" if like is None else like.partition(":")[0]
    hasher = hasher_of(like or "sha256:" + "0" * 64)
    hasher.update(body)
    return f"{algorithm}:{hasher.hexdigest()}"
