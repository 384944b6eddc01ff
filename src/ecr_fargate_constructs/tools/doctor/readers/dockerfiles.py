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
"""Parts of a name that only a deployment fills in."""


@dataclass(frozen=True)
class Base:
    """The image that a Dockerfile builds on.

    Attributes:
        file: The Dockerfile.
        line: The line of its FROM.
        name: The name in it, with its variables replaced.
        reference: The name, taken apart.
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
    """Return the image that a container's Dockerfile builds on; None for none, ``scratch``, or an unknown name."""
    image, dockerfile = container.built, container.dockerfile
    chain = () if image is None or dockerfile is None else dockerfile.chain(image.target)
    if image is None or not chain or chain[0].image == "scratch":
        return None
    reference = _parsed(chain[0].image)
    if reference is None:
        return None
    return Base(image.dockerfile, chain[0].source.line, chain[0].image, reference)


def pinned_platform(container: Container) -> PinnedPlatform | None:
    """Return the platform that the FROM of a container's base image sets; None when it follows the build."""
    image, dockerfile = container.built, container.dockerfile
    chain = () if image is None or dockerfile is None else dockerfile.chain(image.target)
    if not chain or chain[0].platform is None:
        return None
    return PinnedPlatform(chain[0].platform, chain[0].source.line)


def reference_of(container: Container) -> ImageReference | None:
    """Return the name of an image that the app does not build; None when it builds it, or the name is unknown."""
    return None if container.built is not None else _parsed(_OPEN.sub("x", container.image))


def _parsed(name: str) -> ImageReference | None:
    try:
        return ImageReference.parse(name, name="image")
    except ConfigurationError:
        return None
