"""Offline simulation of a lifecycle policy on images, by ECR's documented rules. Pure.

Sources: "Lifecycle policy evaluation rules" and "Examples of lifecycle policies in Amazon ECR" in the Amazon ECR user
guide. Assumptions where they say nothing: rules for archived images and rules for others do not shield each other's
images; of two images pushed at the same instant the one with the greater digest counts as the younger.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.lifecycle_policy import (
    CountType,
    LifecycleAction,
    LifecyclePolicy,
    PolicyRule,
    line_of,
)
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@typed
@dataclass(frozen=True, kw_only=True)
class EcrImage:
    """An image of a repository, as far as retention is concerned.

    Attributes:
        pushed_at: Time of its push.
        tags: Its tags; default, none.
        digest: Its digest; default, empty.
        pulled_at: Time of the last pull that ECR recorded; default, none.
        archived_at: Time when it was archived; None for an image in standard storage; default, None.
        restored_at: Time when it was last restored from the archive; default, none.
        manifests: Digests of the images that it refers to, if it is an image index; default, none.
    """

    pushed_at: datetime
    tags: Sequence[str] = ()
    digest: str = ""
    pulled_at: datetime | None = None
    archived_at: datetime | None = None
    restored_at: datetime | None = None
    manifests: Sequence[str] = ()

    @property
    def name(self) -> str:
        """Its tags, or its digest."""
        return ", ".join(self.tags) or self.digest or "untagged image"


class Outcome(Enum):
    """The effect of a policy on an image."""

    KEPT = "kept"
    ARCHIVED = "archived"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Decision:
    """The effect of a policy on an image, and its reason.

    Attributes:
        image: The image.
        outcome: The effect.
        rule: The rule that decided: the one that acts, or the first that selects the image and shields it from the
            rules after it; None if no rule selects it.
        held_by: Digest of the image index that prevents an image from being expired.
    """

    image: EcrImage
    outcome: Outcome
    rule: PolicyRule | None
    held_by: str | None = None

    def explain(self) -> str:
        """Return the decision as a sentence."""
        if self.held_by is not None:
            return (
                f"{self.image.name}: kept, because the image index {self.held_by} refers to it; otherwise {self.rule} "
                "would apply"
            )
        if self.rule is None:
            return f"{self.image.name}: kept, because no rule selects it"
        because = "because of" if self.outcome is not Outcome.KEPT else "by"
        return f"{self.image.name}: {self.outcome.value} {because} {self.rule}"


@dataclass(frozen=True)
class Plan:
    """The effect of a policy on all images.

    Attributes:
        decisions: One for each image, the youngest first.
    """

    decisions: tuple[Decision, ...]

    @property
    def kept(self) -> tuple[Decision, ...]:
        """The images that are kept."""
        return self._with(Outcome.KEPT)

    @property
    def archived(self) -> tuple[Decision, ...]:
        """The images that are archived: they can be restored, but not pulled."""
        return self._with(Outcome.ARCHIVED)

    @property
    def expired(self) -> tuple[Decision, ...]:
        """The images that are deleted."""
        return self._with(Outcome.EXPIRED)

    def explain(self) -> str:
        """Return every decision, one per line."""
        return "\n".join(decision.explain() for decision in self.decisions)

    def _with(self, outcome: Outcome) -> tuple[Decision, ...]:
        return tuple(decision for decision in self.decisions if decision.outcome is outcome)


def simulate(policy: LifecyclePolicy, images: Iterable[EcrImage], now: datetime) -> Plan:
    """Simulate a policy on images at a point in time.

    All rules are evaluated at once and then applied by priority. A rule counts every image that it selects, including
    those on which an earlier rule acts; but it acts only on images that no earlier rule selects. An image that an index
    in the repository refers to is not expired while the index exists.

    Raises:
        ConfigurationError: A number of the policy is a CDK token.
    """
    young_first = sorted(images, key=lambda image: (image.pushed_at, image.digest, tuple(image.tags)), reverse=True)
    held = {digest: image.digest for image in young_first for digest in image.manifests}
    stored: dict[bool, list[int]] = {False: [], True: []}  # indexes of standard and of archived images
    for place, image in enumerate(young_first):
        stored[image.archived_at is not None].append(place)
    lines = {archived: [line_of(young_first[place].tags) for place in places] for archived, places in stored.items()}
    decided: list[Decision | None] = [None] * len(young_first)
    for rule in sorted(policy.rules, key=lambda rule: rule.priority):
        if is_token(rule.number):
            raise ConfigurationError(
                f"{rule} cannot be simulated, because only the deployment knows its number; use a plain number"
            )
        oldest_allowed = None if rule.count_type is CountType.IMAGES else now - timedelta(days=rule.number)
        places = stored[rule.selection.archived]
        for seen, index in enumerate(rule.selection.seen(lines[rule.selection.archived]), 1):
            place = places[index]
            if decided[place] is None:
                image = young_first[place]
                marked = seen > rule.number if oldest_allowed is None else _since(rule, image) < oldest_allowed
                decided[place] = _decide(rule, image, held, marked=marked)
    return Plan(
        tuple(
            decision or Decision(image, Outcome.KEPT, None)
            for image, decision in zip(young_first, decided, strict=True)
        )
    )


def _decide(rule: PolicyRule, image: EcrImage, held: dict[str, str], *, marked: bool) -> Decision:
    if not marked:
        return Decision(image, Outcome.KEPT, rule)
    if rule.action is LifecycleAction.ARCHIVE:
        return Decision(image, Outcome.ARCHIVED, rule)
    if image.digest in held:
        return Decision(image, Outcome.KEPT, rule, held[image.digest])
    return Decision(image, Outcome.EXPIRED, rule)


def _since(rule: PolicyRule, image: EcrImage) -> datetime:
    """Return the time from which a rule counts days."""
    match rule.count_type:
        case CountType.DAYS_SINCE_ARCHIVED:
            return image.archived_at or image.pushed_at
        case CountType.DAYS_SINCE_PULL:
            used = image.pulled_at or image.pushed_at
            return max(used, image.restored_at) if image.restored_at is not None else used
        case _:
            return image.pushed_at
