"""Make the entry of an image in the lock file. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.lock_file import LockedImage

if TYPE_CHECKING:
    from datetime import datetime

    from ecr_fargate_constructs.tools.lock.sources import FoundImage


def entry_for(
    name: str,
    found: FoundImage,
    before: LockedImage | None,
    *,
    stack: str | None,
    revision: str | None,
    now: datetime,
) -> LockedImage:
    """Return the entry for an image.

    A digest that is locked already keeps its repository, tag, revision and time, and gets one more stack that ran it.
    Another digest starts afresh.

    Args:
        name: Name in the lock file.
        found: The image.
        before: The entry before; None if there was none.
        stack: Stack whose service runs the image; None if it is locked by its name.
        revision: Revision of the source code; None for the image's own label.
        now: The time, in UTC.
    """
    ran = () if stack is None else (stack,)
    if before is not None and before.digest == found.digest:
        return replace(before, deployed_to=tuple(dict.fromkeys((*before.deployed_to, *ran))))
    return LockedImage(
        name=name,
        repository=found.repository,
        digest=found.digest,
        tag=found.tag,
        architectures=found.architectures,
        revision=revision or found.revision,
        locked_at=f"{now:%Y-%m-%dT%H:%M:%SZ}",
        deployed_to=ran,
    )
