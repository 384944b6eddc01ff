"""Put images of several architectures together: one index, whose tag every task can pull."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .errors import CopyError
from .manifest import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, Manifest, digest_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .copying import Copy
    from .registry import Registry


@dataclass(frozen=True)
class Index:
    """An index to make.

    Attributes:
        sources: The image of each architecture, as images name it.
        copy: The copy of the index itself: destination, deadline and further tags. Its source is one of ``sources``.
    """

    sources: Mapping[str, Registry]
    copy: Copy

    def make(self) -> str:
        """Copy each image, then put the index under the tag; return its digest.

        The index depends on the images alone: the same images make the same digest. A tag that holds an index of these
        architectures is kept, because tags are immutable, and the same code built twice need not have the same bytes.

        Raises:
            CopyError: An image cannot be copied, or the tag belongs to something else; nothing is tagged.
        """
        destination = self.copy.destination
        tag = destination.reference.tag
        if tag is None:
            raise CopyError(f"{destination.reference} names no tag")
        self.copy.deadline.doing = f"looking for {destination.reference}"
        held = destination.manifest(tag)
        if held is not None:
            if {child.platform for child in held.children} >= {("linux", each) for each in self.sources}:
                print(f"{tag} exists: {held.digest}")
                self.copy.add_tags(held)
                return held.digest
            raise CopyError(
                f"{destination.reference} exists and holds {held.digest}, which is not an index of "
                f"{', '.join(sorted(self.sources))}, and its tags are immutable; delete that image"
            )
        images = {}
        for architecture, source in self.sources.items():
            one = replace(self.copy, source=source, architecture=architecture, further_tags=())
            images[architecture] = one.wanted()
            one.push(images[architecture], images[architecture].digest)
        index = index_of(images)
        self.copy.check_tags(index.digest)
        digest = self.copy.push(index, tag)
        self.copy.add_tags(index if digest == index.digest else destination.manifest(digest) or index)
        return digest


def index_of(images: Mapping[str, Manifest]) -> Manifest:
    """Return the index of images by their architectures; Docker's own kind if all of them are Docker's."""
    docker = all(image.media_type == DOCKER_MANIFEST for image in images.values())
    kind = DOCKER_LIST if docker else OCI_INDEX
    manifests = [
        {
            "mediaType": image.media_type,
            "digest": image.digest,
            "size": len(image.body),
            "platform": {"architecture": architecture, "os": "linux"},
        }
        for architecture, image in sorted(images.items())
    ]
    document = {"schemaVersion": 2, "mediaType": kind, "manifests": manifests}
    body = json.dumps(document, separators=(",", ":")).encode()
    return Manifest(body, kind, digest_of(body))
