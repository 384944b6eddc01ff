"""The lock file: names of images, each with the digest that every stage runs."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ecr_fargate_constructs.errors import ConfigurationError

LOCK_FILE = "images.lock.json"
_VERSION = 1
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_REPOSITORY = re.compile(r"[a-z0-9.-]+(?::\d+)?/[a-z0-9][a-z0-9._/-]+")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
ARCHITECTURES = ("amd64", "arm64")
_LOCK = "ecr-fargate image lock"
_RESTORE = f"restore it from version control, or delete it and run '{_LOCK} NAME --stack STACK' for each image"


@dataclass(frozen=True, kw_only=True)
class LockedImage:
    """One image of the lock file.

    Attributes:
        name: Its name in the file.
        repository: Repository that it is copied from, registry included.
        digest: Digest of its manifest or index.
        tag: Its tag there; None if it had none.
        architectures: Its architectures, as images name them.
        revision: Revision of the source code, as far as it is known.
        locked_at: Time at which this digest was locked, in UTC.
        deployed_to: Names of the stacks whose services ran this digest when the file was written.
    """

    name: str
    repository: str
    digest: str
    tag: str | None
    architectures: tuple[str, ...]
    revision: str | None
    locked_at: str
    deployed_to: tuple[str, ...] = ()

    @property
    def uri(self) -> str:
        """Full name by digest."""
        return f"{self.repository}@{self.digest}"

    @property
    def tag_of_copy(self) -> str:
        """Tag of its copies: an image without a tag would count as untagged, and those expire first."""
        return self.tag or self.digest.replace(":", "-")

    def as_dict(self) -> dict[str, Any]:
        """Return the entry of the file."""
        return {
            "repository": self.repository,
            "digest": self.digest,
            "tag": self.tag,
            "architectures": list(self.architectures),
            "revision": self.revision,
            "lockedAt": self.locked_at,
            "deployedTo": list(self.deployed_to),
        }


def read_lock(file: str | os.PathLike[str]) -> dict[str, LockedImage]:
    """Read a lock file.

    Raises:
        ConfigurationError: The file is missing, or is not a lock file.
    """
    path = Path(file)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigurationError(f"{path} does not exist; write it with '{_LOCK} NAME --stack STACK'") from error
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}; {_RESTORE}") from error
    images = content.get("images") if isinstance(content, dict) else None
    if not isinstance(images, dict):
        raise ConfigurationError(f"{path} is not a lock file: it has no object 'images'; {_RESTORE}")
    if content.get("version") != _VERSION:
        raise ConfigurationError(
            f"{path} has version {content.get('version')!r}, and this library reads version {_VERSION}; upgrade the "
            "library, or lock the images again"
        )
    return {name: _read(path, name, entry) for name, entry in images.items()}


def write_lock(file: str | os.PathLike[str], images: dict[str, LockedImage]) -> None:
    """Write a lock file, sorted, so that a change of one image changes its lines only; all of it or nothing."""
    entries = {name: images[name].as_dict() for name in sorted(images)}
    path = Path(file)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(json.dumps({"version": _VERSION, "images": entries}, indent=2) + "\n", encoding="utf-8")
    draft.replace(path)


def locked_image(file: str | os.PathLike[str], name: str) -> LockedImage:
    """Return an image of a lock file.

    Raises:
        ConfigurationError: The file has no image of this name, or cannot be read.
    """
    images = read_lock(file)
    if name not in images:
        there = f"it has {', '.join(sorted(images))}" if images else "it has none"
        raise ConfigurationError(f"{Path(file)} has no image {name!r}; {there}; run '{_LOCK} {name} --stack STACK'")
    return images[name]


def check_name(name: str) -> None:
    """Refuse a name that cannot be an image of the lock file.

    Raises:
        ConfigurationError: The name is empty, too long, or has other characters.
    """
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"name={name!r} is not a name for an image; use up to 100 letters, digits, '-' and '_'"
        )


def _read(path: Path, name: str, entry: object) -> LockedImage:
    def refused(what: str, use: str) -> ConfigurationError:
        return ConfigurationError(
            f"{path}: {what} of the image {name!r} is not {use}; correct or delete this entry, then run "
            f"'{_LOCK} {name} --stack STACK'"
        )

    if not isinstance(entry, dict):
        raise refused("the entry", "an object")
    for key, pattern in (("repository", _REPOSITORY), ("digest", _DIGEST), ("tag", _TAG)):
        value = entry.get(key)
        if value is None and key == "tag":
            continue
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise refused(f"{key}={value!r}", f"a {key}")
    architectures = entry.get("architectures")
    if not isinstance(architectures, list) or not architectures or not set(architectures) <= set(ARCHITECTURES):
        raise refused(f"architectures={architectures!r}", f"a list of {' and '.join(ARCHITECTURES)}")
    deployed_to = entry.get("deployedTo", [])
    if not isinstance(deployed_to, list) or not all(isinstance(each, str) for each in deployed_to):
        raise refused(f"deployedTo={deployed_to!r}", "a list of stacks")
    revision = entry.get("revision")
    return LockedImage(
        name=name,
        repository=entry["repository"],
        digest=entry["digest"],
        tag=entry.get("tag"),
        architectures=tuple(architectures),
        revision=None if revision is None else str(revision),
        locked_at=str(entry.get("lockedAt", "")),
        deployed_to=tuple(deployed_to),
    )
