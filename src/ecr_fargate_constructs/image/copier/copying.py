"""Copy an image between two repositories: skip what exists, mount what can be mounted, stream the rest."""

from __future__ import annotations

from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

import urllib3

from .connections import LARGEST_ANSWER
from .errors import CopyError, OutOfTimeError, TransientError
from .manifest import Descriptor, Manifest, hasher_of, json_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .deadline import Deadline
    from .gates import Gates
    from .registry import Registry

ALL_ARCHITECTURES = "all"
_PART = 2**20
_AT_ONCE = 4
_DEEPEST = 4


@dataclass(frozen=True)
class Copy:
    """A copy to make.

    Attributes:
        source: Registry and name of the image.
        destination: Registry, name and tag of the copy.
        architecture: An architecture as images name it, such as ``amd64``; ``all`` copies an index as it is.
        deadline: Time limit.
        gates: Conditions that the image has to meet before it gets the tag; None for none.
        further_tags: Tags that the copy gets too; each names this image for ever, or the copy fails.
    """

    source: Registry
    destination: Registry
    architecture: str
    deadline: Deadline
    gates: Gates | None = None
    further_tags: tuple[str, ...] = ()

    def make(self) -> str:
        """Copy the image, unless the tag already holds the expected one; return the digest in the destination.

        Layers and the manifests of an index are sent first, so that no tag ever names an incomplete image. A tag also
        says that the image has passed the gates, which are not asked again: a rollback must not fail because of a
        vulnerability that has become known since.

        Raises:
            CopyError: The image cannot be copied; nothing is tagged.
        """
        tag = self.destination.reference.tag
        if tag is None:
            raise CopyError(f"{self.destination.reference} names no tag")
        self.deadline.doing = f"looking for {self.destination.reference}"
        held = self.destination.manifest(tag)
        if held is not None and self._is_expected(held):
            print(f"{tag} exists: {held.digest}")
            self.add_tags(held)
            return held.digest
        manifest = self.wanted()
        if held is not None and held.digest != manifest.digest:
            raise self._other(held, manifest)
        if self.gates is not None:
            self.gates.check_source(manifest.digest)
            self.push(manifest, manifest.digest)
            self.gates.check_copy(manifest)
        self.check_tags(manifest.digest)
        digest = self.push(manifest, tag)
        # Another copy may have been faster, with other bytes of the same code.
        self.add_tags(manifest if digest == manifest.digest else self.destination.manifest(digest) or manifest)
        return digest

    def check_tags(self, digest: str) -> list[str]:
        """Return the further tags that are free; refuse one of another image, before anything is tagged."""
        free = []
        for tag in self.further_tags:
            held = self.destination.manifest(tag)
            if held is not None and held.digest != digest:
                reference = self.destination.reference
                raise CopyError(
                    f"{reference.host}/{reference.repository}:{tag} is {held.digest}, and not {digest}: a tag names "
                    "one image for ever; raise the version in tags=, or remove the tag there"
                )
            if held is None:
                free.append(tag)
        return free

    def add_tags(self, manifest: Manifest) -> None:
        """Give the copy the further tags; refuse one that names another image."""
        for tag in self.check_tags(manifest.digest):
            answer = self.destination.put_manifest(tag, manifest)
            if answer.status >= 300:  # noqa: PLR2004 - no success
                self.check_tags(manifest.digest)  # another copy may have been faster
                if self.destination.manifest(tag) is None:
                    raise self.destination.refusal(answer)
            print(f"{tag} is {manifest.digest}")

    def _is_expected(self, held: Manifest) -> bool:
        """Return whether the manifest under the tag is the expected one, as far as the destination alone can tell.

        A digest in the source's name decides. Without one the tag represents the first copy: tags are immutable, the
        same code built twice need not have the same bytes, and the source may be gone when a stack rolls back.
        """
        if self.source.reference.digest is not None:
            return held.digest == self.source.reference.digest or held.digest == self.wanted().digest
        if self.architecture == ALL_ARCHITECTURES:
            return True
        if held.is_index:
            return any(child.platform == ("linux", self.architecture) for child in held.children)
        try:
            return self._runs_on(self.destination, held) in {None, self.architecture}
        except OutOfTimeError:
            raise
        except CopyError as error:  # an account that may push need not be allowed to download
            print(f"{held.digest} cannot be inspected: {error}")
            return True

    def wanted(self) -> Manifest:
        """Return the manifest to copy: that of one architecture, or the one that the source's name refers to."""
        version = self.source.reference.version
        self.deadline.doing = f"reading {self.source.reference}"
        manifest = self._read(version)
        for _ in range(_DEEPEST):
            if self.architecture == ALL_ARCHITECTURES or not manifest.is_index:
                break
            manifest = self._read(manifest.child_for(self.architecture).digest)
        if self.architecture != ALL_ARCHITECTURES:
            actual = self._runs_on(self.source, manifest)
            if actual not in {None, self.architecture}:
                raise CopyError(f"{self.source.reference} is built for {actual}, not for {self.architecture}")
        return manifest

    def _read(self, version: str) -> Manifest:
        manifest = self.source.manifest(version)
        if manifest is None:
            raise CopyError(f"the image {self.source.reference} does not exist ({version} is not in the repository)")
        return manifest

    @staticmethod
    def _runs_on(registry: Registry, manifest: Manifest) -> str | None:
        """Return the architecture in an image's configuration; None if it names none."""
        if manifest.config.size > LARGEST_ANSWER:  # not the configuration of an image
            return None
        architecture = (json_object(registry.small_blob(manifest.config)) or {}).get("architecture")
        return architecture if isinstance(architecture, str) and architecture else None

    def push(self, manifest: Manifest, version: str, depth: int = 0) -> str:
        """Send a manifest after its parts; return the digest that the destination then holds."""
        if depth > _DEEPEST:
            raise CopyError("the image's indexes are nested too deeply")
        for child in manifest.children:
            if not self.destination.has_manifest(child.digest):
                self.push(self._read(child.digest), child.digest, depth + 1)
        self._send_blobs(manifest.blobs)
        self.deadline.doing = f"putting the manifest {version}"
        self.deadline.check()
        answer = self.destination.put_manifest(version, manifest)
        if answer.status < 300:  # noqa: PLR2004 - success
            print(f"{version} is {manifest.digest}")
            return manifest.digest
        # Another copy may have been faster, or an earlier attempt succeeded and its answer was lost.
        current = self.destination.manifest(version)
        if current is None:
            raise self.destination.refusal(answer)
        if current.digest != manifest.digest and not self._is_expected(current):
            raise self._other(current, manifest)
        print(f"{version} was pushed by another copy: {current.digest}")
        return current.digest

    def _other(self, held: Manifest, wanted: Manifest) -> CopyError:
        return CopyError(
            f"{self.destination.reference} exists and holds {held.digest} instead of {wanted.digest} "
            f"({self.architecture}), and its tags are immutable; use another tag, or delete the image"
        )

    def _send_blobs(self, blobs: list[Descriptor]) -> None:
        """Send several blobs at once; the first failure ends all."""
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as threads:
            sent = [threads.submit(self._send_blob, blob) for blob in blobs]
            done, _ = wait(sent, return_when=FIRST_EXCEPTION)
            failure = next((error for each in done if (error := each.exception()) is not None), None)
            if failure is not None:
                self.deadline.stop()
                threads.shutdown(cancel_futures=True)
                raise failure

    def _send_blob(self, blob: Descriptor) -> None:
        source = self.source.reference
        one_registry = source.host == self.destination.reference.host
        mount_from = source.repository if one_registry else None
        self.deadline.doing = f"copying {blob.digest} ({blob.size} bytes)"
        self.deadline.retry(lambda: self._mount_or_stream(blob, mount_from))

    def _mount_or_stream(self, blob: Descriptor, mount_from: str | None) -> None:
        if self.destination.has_blob(blob.digest):  # from another image, or from an attempt whose answer was lost
            print(f"{blob.digest} exists")
            return
        address = self.destination.start_upload(blob.digest, mount_from)
        if address is None:
            print(f"{blob.digest} is mounted")
            return
        with self.source.blob(blob.digest) as response:
            self.destination.upload(address, blob.digest, blob.size, self._checked(response, blob))
        print(f"{blob.digest} is sent, {blob.size} bytes")

    def _checked(self, response: urllib3.BaseHTTPResponse, blob: Descriptor) -> Iterator[bytes]:
        """Yield the parts of a blob; hold back the last until the digest is right, so no wrong blob arrives."""
        hasher, size, last = hasher_of(blob.digest), 0, b""
        try:
            for part in response.stream(_PART, decode_content=False):
                self.deadline.check()
                hasher.update(part)
                size += len(part)
                if size > blob.size:
                    break
                if last:
                    yield last
                last = part
        except urllib3.exceptions.HTTPError as error:
            raise TransientError(f"the source's connection broke after {size} of {blob.size} bytes") from error
        algorithm = blob.digest.partition(":")[0]
        actual = f"{algorithm}:{hasher.hexdigest()}"
        if size != blob.size or actual != blob.digest:
            raise TransientError(f"the source gave {size} bytes with {actual} for {blob.digest} of {blob.size} bytes")
        if last:
            yield last
