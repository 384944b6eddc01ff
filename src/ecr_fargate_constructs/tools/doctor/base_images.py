"""Base images that are maintained no more. Pure, and without a clock: what is listed had ended in November 2026.

Source: endoflife.date, as of November 2026. What is not listed is not judged.
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
_CODENAMES = ("jessie", "stretch", "buster", "bionic", "focal")
_GONE = ("centos", "openjdk")
_VERSION = re.compile(r"\d+(?:\.\d+)*")


def end_of_life(image: ImageReference) -> str | None:
    """Why an image is maintained no more; None when nothing is known against it."""
    name = image.name.rpartition("/")[2]
    tag = image.tag or ""
    if name in _GONE:
        return f"{name} is published no more"
    ended = next((codename for codename in _CODENAMES if codename in re.split(r"[-_.]", tag)), None)
    if ended is not None:
        return f"{ended} has ended"
    first = _FIRST_MAINTAINED.get(name)
    version = _VERSION.match(tag)
    if first is None or version is None:
        return None
    has = tuple(int(part) for part in version.group().split("."))[: len(first)]
    if len(has) < len(first) and has == first[: len(has)]:
        return None  # python:3 is the newest 3
    return f"{name} before {'.'.join(map(str, first))} has ended" if has < first else None
