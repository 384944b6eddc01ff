"""The images of a repository that the program runs, and what its retention policy would do to them. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from ecr_fargate_constructs.repository.retention import Retention

UNKNOWN = "\0"
"""The tag of an image that is named by its digest: only rules about all tagged images, or all images, see it."""


@dataclass(frozen=True)
class RunningImage:
    """An image that the program names.

    Attributes:
        name: What it is called in messages.
        tag: Its tag; ``UNKNOWN`` for an image that is named by its digest.
        changes: Whether new releases of it come, as of an application; a mirror is the same for months.
    """

    name: str
    tag: str
    changes: bool


@dataclass
class RunningImages:
    """The images that run out of one repository.

    Attributes:
        retention: Which images the repository keeps.
    """

    retention: Retention
    _known: list[RunningImage] = field(default_factory=list)

    def add(self, image: RunningImage) -> str | None:
        """Note an image, and return why it, or one before it, could go; None when they are safe enough.

        The tag of a mirror is protected, where the rules allow it: it changes with its reference alone, and the
        releases of an application in the same repository would count it out.
        """
        if is_token(image.tag) or any(each.tag == image.tag for each in self._known):
            return None  # one image under several names, as of two services
        if not image.changes:
            self.retention = _protected(self.retention, image.tag)
        others, self._known = self._known, [*self._known, image]
        hazard = self.retention.hazard(image.tag)
        if hazard is not None:
            return f"{hazard}; keep at least 10 releases by count, for example Retention.keep_last(20)"
        return next((told for other in others if (told := self._counted_together(image, other)) is not None), None)

    def _counted_together(self, image: RunningImage, other: RunningImage) -> str | None:
        for still, busy in ((image, other), (other, image)):
            rule = self.retention.deciding_rule(still.tag)
            if rule is None or not busy.changes or not self.retention.counts(rule, busy.tag):
                continue
            return (
                f"{rule} counts {image.name} and {other.name} together, so that releases of {busy.name} take the image "
                f"of {still.name} while it runs; give each a repository of its own, or tags with a prefix and a "
                "KeepNewest for each, or Retention.protect(…) the tag that runs"
            )
        return None


def _protected(retention: Retention, tag: str) -> Retention:
    """The retention with one more tag that never expires; as it was where its rules leave no room for that."""
    if retention.never_expires(tag):
        return retention
    try:
        return retention.protect([tag])
    except ConfigurationError:
        return retention
