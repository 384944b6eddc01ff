"""ECR's lifecycle policy language: parsed, checked and written. Pure: no CDK objects.

Source: "Lifecycle policy properties in Amazon ECR" and "Automate the cleanup of images by using lifecycle policies" in
the Amazon ECR user guide.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class TagStatus(Enum):
    """The tag status of the images that a rule selects."""

    TAGGED = "tagged"
    UNTAGGED = "untagged"
    ANY = "any"


class CountType(Enum):
    """The quantity that a rule counts."""

    IMAGES = "imageCountMoreThan"
    DAYS_SINCE_PUSH = "sinceImagePushed"
    DAYS_SINCE_PULL = "sinceImagePulled"
    DAYS_SINCE_ARCHIVED = "sinceImageTransitioned"


class LifecycleAction(Enum):
    """The action of a rule on the images that it marks."""

    EXPIRE = "expire"
    ARCHIVE = "transition"


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The images that a rule selects.

    Several prefixes or patterns are combined with AND: an image matches if each of them matches one of its tags.

    Attributes:
        tag_status: Tagged, untagged or any.
        prefixes: Prefixes of tags.
        patterns: Patterns of tags; ``*`` stands for any characters.
        archived: True to select archived images, and only those.
    """

    tag_status: TagStatus
    prefixes: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    archived: bool = False

    @property
    def globs(self) -> tuple[str, ...]:
        """Prefixes and patterns, all as patterns."""
        return (*self.patterns, *(f"{prefix}*" for prefix in self.prefixes))

    def matches(self, tags: Sequence[str], *, archived: bool) -> bool:
        """Return whether the rule selects an image with these tags, in this storage class."""
        return archived == self.archived and bool(self.seen([line_of(tags)]))

    def seen(self, lines: Sequence[str]) -> Sequence[int]:
        """Return the indexes of the selected images, given the ``line_of`` of each image in this storage class."""
        match self.tag_status:
            case TagStatus.ANY:
                return range(len(lines))
            case TagStatus.UNTAGGED:
                return [index for index, line in enumerate(lines) if not line]
            case TagStatus.TAGGED:
                selected = [index for index, line in enumerate(lines) if line]
                for search in map(_searching, self.globs):
                    selected = [index for index in selected if search(lines[index])]
                return selected

    def implies(self, other: Selection) -> bool:
        """Return whether ``other`` selects every image that this selection selects."""
        if self.archived != other.archived:
            return False
        if other.tag_status is TagStatus.ANY:
            return True
        if self.tag_status is not other.tag_status:
            return False
        narrower = line_of(self.globs)
        return all(_searching(wider)(narrower) for wider in other.globs)

    def __str__(self) -> str:
        storage = "archived images" if self.archived else "images"
        match self.tag_status:
            case TagStatus.ANY:
                return f"all {storage}"
            case TagStatus.UNTAGGED:
                return f"untagged {storage}"
            case TagStatus.TAGGED:
                return f"{storage} tagged {' and '.join(self.globs)}"


def line_of(tags: Sequence[str]) -> str:
    """Return the tags of an image as one text, which a single search can match; empty if it has no tags."""
    return f"\n{chr(10).join(tags)}\n" if tags else ""


@cache
def _searching(glob: str) -> Callable[[str], object]:
    """Return a function that finds a tag, or a narrower pattern, matching ``glob`` in a ``line_of`` tags."""
    return re.compile("\n" + "[^\n]*".join(map(re.escape, glob.split("*"))) + "\n").search


@dataclass(frozen=True, kw_only=True)
class PolicyRule:
    """A rule of a lifecycle policy.

    Attributes:
        priority: Priority; 1 is applied first.
        selection: The images that it selects.
        count_type: The quantity that it counts.
        number: Number of images to keep, or of days after which it acts.
        action: Its action.
        description: Description; default, empty.
    """

    priority: int
    selection: Selection
    count_type: CountType
    number: float
    action: LifecycleAction
    description: str = ""

    def __str__(self) -> str:
        verb = "archive" if self.action is LifecycleAction.ARCHIVE else "expire"
        match self.count_type:
            case CountType.IMAGES:
                what = f"{verb} {self.selection} beyond the newest {_number(self.number)}"
            case CountType.DAYS_SINCE_PUSH:
                what = f"{verb} {self.selection} pushed more than {_days(self.number)} ago"
            case CountType.DAYS_SINCE_PULL:
                what = f"{verb} {self.selection} not pulled for {_days(self.number)}"
            case CountType.DAYS_SINCE_ARCHIVED:
                what = f"{verb} {self.selection} archived more than {_days(self.number)} ago"
        return f"rule {self.priority} ({what})"

    def to_dict(self) -> dict[str, Any]:
        """Return the rule as ECR reads it."""
        selection: dict[str, Any] = {"tagStatus": self.selection.tag_status.value}
        if self.selection.patterns:
            selection["tagPatternList"] = list(self.selection.patterns)
        if self.selection.prefixes:
            selection["tagPrefixList"] = list(self.selection.prefixes)
        if self.selection.archived:
            selection["storageClass"] = "archive"
        selection["countType"] = self.count_type.value
        if self.count_type is not CountType.IMAGES:
            selection["countUnit"] = "days"
        selection["countNumber"] = self.number
        action = {"type": self.action.value}
        if self.action is LifecycleAction.ARCHIVE:
            action["targetStorageClass"] = "archive"
        described = {"description": self.description} if self.description else {}
        return {"rulePriority": self.priority, **described, "selection": selection, "action": action}

    @classmethod
    def from_dict(cls, rule: Mapping[str, Any]) -> PolicyRule:
        """Parse a rule as ECR does."""
        selection = rule["selection"]
        return cls(
            priority=int(rule["rulePriority"]),
            selection=Selection(
                tag_status=TagStatus(selection["tagStatus"]),
                prefixes=tuple(selection.get("tagPrefixList", ())),
                patterns=tuple(selection.get("tagPatternList", ())),
                archived=selection.get("storageClass", "standard") == "archive",
            ),
            count_type=CountType(selection["countType"]),
            number=selection["countNumber"],
            action=LifecycleAction(rule["action"]["type"]),
            description=rule.get("description", ""),
        )


@dataclass(frozen=True)
class LifecyclePolicy:
    """A lifecycle policy, whoever wrote it.

    Attributes:
        rules: Its rules, by priority.
    """

    rules: tuple[PolicyRule, ...]

    @classmethod
    def from_text(cls, text: str) -> LifecyclePolicy:
        """Parse a policy's text."""
        try:
            rules = [PolicyRule.from_dict(rule) for rule in json.loads(text)["rules"]]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigurationError(
                f"the text is not an ECR lifecycle policy ({type(error).__name__}: {error}); "
                'use the form {"rules": [{"rulePriority": 1, "selection": {…}, "action": {"type": "expire"}}]}'
            ) from error
        return cls(tuple(sorted(rules, key=lambda rule: rule.priority)))

    def to_dict(self) -> dict[str, Any]:
        """Return the policy as ECR reads it; numbers that are CDK tokens stay tokens."""
        return {"rules": [rule.to_dict() for rule in self.rules]}


def _days(value: float) -> str:
    return f"{_number(value)} {'day' if value == 1 else 'days'}"


def _number(value: float) -> str:
    return "as many as a parameter says" if is_token(value) else f"{value:.0f}"
