"""Base images past their end of life. Pure, and without a clock: every listed end was before November 2026.

Source: endoflife.date, as of November 2026. An image that is not listed is not judged.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecr_fargate_constructs._rules.image_reference import ImageReference

_FIRST_MAINTAINED = {
    "python": (3, 10),
    "node": (22,),
    "ubuntu": (22, 4),
    "debian": (11,),
    "alpine": (3, 21),
}
_ENDED_CODENAMES = ("jessie", "stretch", "buster", "bionic", "focal")
_DISCONTINUED = ("centos", "openjdk")
_VERSION = re.compile(r"\d+(?:\.\d+)*")


def end_of_life(image: ImageReference) -> str | None:
    """Return why an image gets no more fixes; None if it gets them, or is not listed."""
    name = image.name.rpartition("/")[2]
    tag = image.tag or ""
    if name in _DISCONTINUED:
        return f"{name} is no longer published"
    codename = next((each for each in _ENDED_CODENAMES if each in re.split(r"[-_.]", tag)), None)
    if codename is not None:
        return f"{codename} has reached its end of life"
    first = _FIRST_MAINTAINED.get(name)
    version = _VERSION.match(tag)
    if first is None or version is None:
        return None
    numbers = tuple(int(part) for part in version.group().split("."))[: len(first)]
    if len(numbers) < len(first) and numbers == first[: len(numbers)]:
        return None  # python:3 is the newest version 3
    return f"{name} before {'.'.join(map(str, first))} has reached its end of life" if numbers < first else None
