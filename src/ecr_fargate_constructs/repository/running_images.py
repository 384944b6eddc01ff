"""The images of a repository that the program runs, and the effect of its retention policy on them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ecr_fargate_constructs._rules.lifecycle_policy import CountType
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from ecr_fargate_constructs.repository.retention import Retention

_ROLLBACK = 10  # releases that should be kept for a rollback

UNKNOWN = "\0"
"""The tag of an image that is named by its digest: only rules about all tagged images, or all images, see it."""


class RunningImage(NamedTuple):
    """An image that the program names.

    Attributes:
        name: Its name in messages.
        tag: Its tag; ``UNKNOWN`` for an image that is named by its digest.
        changes: True if new releases replace it, as for an application; a mirror stays the same for months.
    """

    name: str
    tag: str
    changes: bool


class RunningImages:
    """The images that run out of one repository.

    Attributes:
        retention: The repository's retention.
    """

    def __init__(self, retention: Retention) -> None:
        self.retention = retention
        self._images: list[RunningImage] = []

    def add(self, image: RunningImage) -> str | None:
        """Note an image, and return why it, or one before it, might expire; None when they are safe enough.

        The tag of a mirror is protected where the rules allow it: the tag changes only with the reference, and the
        releases of an application in the same repository would push the mirror out of the count.
        """
        if is_token(image.tag) or any(each.tag == image.tag for each in self._images):
            return None  # one image under several names, as of two services
        if not image.changes:
            self.retention = _protected(self.retention, image.tag)
        others, self._images = self._images, [*self._images, image]
        risk = expiry_risk(self.retention, image.tag)
        if risk is not None:
            return f"{risk}; keep at least 10 releases by count, for example Retention.keep_last(20)"
        return next((each for other in others if (each := self._counted_together(image, other)) is not None), None)

    def _counted_together(self, image: RunningImage, other: RunningImage) -> str | None:
        for stable, changing in ((image, other), (other, image)):
            rule = self.retention.deciding_rule(stable.tag)
            if rule is None or not changing.changes or not self.retention.counts(rule, changing.tag):
                continue
            return (
                f"{rule} counts {image.name} and {other.name} together, so new releases of {changing.name} expire the "
                f"image of {stable.name} while it runs; use a repository for each, or tags with a prefix and a "
                "KeepNewest for each, or Retention.protect(…) for the running tag"
            )
        return None


def _protected(retention: Retention, tag: str) -> Retention:
    """Return the retention with one more tag that never expires; unchanged if its rules leave no room for that."""
    if retention.never_expires(tag):
        return retention
    try:
        return retention.protect([tag])
    except ConfigurationError:
        return retention


def expiry_risk(retention: Retention, tag: str) -> str | None:
    """Return why an image that runs under ``tag`` might expire; None if it is safe."""
    rule = retention.deciding_rule(tag)
    if rule is None:
        return None
    if rule.count_type is not CountType.IMAGES:
        return f"{rule} ignores running tasks"
    if not is_token(rule.number) and rule.number < _ROLLBACK:
        return f"{rule} keeps fewer than {_ROLLBACK} releases to run and to roll back to"
    return None
