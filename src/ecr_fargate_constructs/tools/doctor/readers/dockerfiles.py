"""The images that containers run, and those that their Dockerfiles build on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.image_reference import ImageReference
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from ecr_fargate_constructs.tools.assembly.workload import Container

_OPEN = re.compile(r"\$\{[^}]*\}")
"""Parts of a name that only the deployment knows."""


@dataclass(frozen=True)
class Base:
    """The base image of a Dockerfile.

    Attributes:
        file: The Dockerfile.
        line: The line of its FROM.
        name: The name in it, with its variables replaced.
        reference: The name, parsed.
    """

    file: Path
    line: int
    name: str
    reference: ImageReference


@dataclass(frozen=True)
class PinnedPlatform:
    """A platform that a Dockerfile sets itself.

    Attributes:
        platform: The platform, such as ``linux/arm64``.
        line: The line of its FROM.
    """

    platform: str
    line: int


def base_of(container: Container) -> Base | None:
    """Return the base image of a container's Dockerfile; None if there is none, or its name is unknown."""
    image, dockerfile = container.built, container.dockerfile
    chain = () if image is None or dockerfile is None else dockerfile.chain(image.target)
    if image is None or not chain or chain[0].image == "scratch":
        return None
    reference = _parsed(chain[0].image)
    if reference is None:
        return None
    return Base(image.dockerfile, chain[0].source.line, chain[0].image, reference)


def pinned_platform(container: Container) -> PinnedPlatform | None:
    """Return the platform that FROM sets for a container's base image; None if the build decides it."""
    image, dockerfile = container.built, container.dockerfile
    chain = () if image is None or dockerfile is None else dockerfile.chain(image.target)
    if not chain or chain[0].platform is None:
        return None
    return PinnedPlatform(chain[0].platform, chain[0].source.line)


def reference_of(container: Container) -> ImageReference | None:
    """Return the name of an image that the app does not build; None if it builds it, or the name is unknown."""
    return None if container.built is not None else _parsed(_OPEN.sub("x", container.image))


def _parsed(name: str) -> ImageReference | None:
    try:
        return ImageReference.parse(name, name="image")
    except ConfigurationError:
        return None
