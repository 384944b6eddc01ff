"""Lifecycle rules that ECR refuses, or that cannot be intended. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.checks import whole_number
from ecr_fargate_constructs._rules.lifecycle_policy import CountType, PolicyRule, Selection, TagStatus
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_IMAGES = 100_000
"""Images that a repository holds: the default of the quota "Images per repository" of Amazon ECR."""

_MOST_RULES = 50
_MOST_TAGS = 1_000  # of an image: the quota "Tags per image", which AWS does not raise
_CENTURY = 36_500  # days
_MOST_WILDCARDS = 4
_TAG = re.compile(r"[A-Za-z0-9._*-]{1,128}")


@typed
@dataclass(frozen=True, init=False)
class AllOf:
    """Several tags that an image must all have, which is how ECR reads several tags in one rule."""

    tags: tuple[str, ...]

    def __init__(self, *tags: str) -> None:
        object.__setattr__(self, "tags", tags)


def selection_of(
    rule: str,
    prefixes: Sequence[str] | AllOf,
    patterns: Sequence[str] | AllOf,
    *,
    untagged: bool = False,
    narrowed: bool = False,
) -> Selection:
    """Return the selection of a rule, checked.

    Args:
        rule: Name of the rule, for messages.
        prefixes: Its prefixes.
        patterns: Its patterns.
        untagged: Select untagged images.
        narrowed: Refuse a selection of all tagged images.
    """
    if untagged:
        return Selection(tag_status=TagStatus.UNTAGGED)
    first, second = _tags(f"{rule}.tag_prefixes", prefixes), _tags(f"{rule}.tag_patterns", patterns)
    if first and second:
        raise ConfigurationError(f"{rule} has tag_prefixes and tag_patterns; ECR accepts only one of them in a rule")
    # A tag that begins with one prefix also begins with every prefix of that prefix.
    apart = sum(not after.startswith(prefix) for prefix, after in pairwise([*sorted(set(first)), ""]))
    if apart > _MOST_TAGS:
        raise ConfigurationError(
            f"{rule}.tag_prefixes requires {apart:,} tags on an image, which has at most {_MOST_TAGS:,}, so no image "
            "matches; write a rule for each"
        )
    if any("*" in prefix for prefix in first):
        raise ConfigurationError(f"{rule}.tag_prefixes={list(first)} has a wildcard; use tag_patterns instead")
    if narrowed and (not first + second or second == ("*",)):
        raise ConfigurationError(
            f"{rule} without a tag to narrow it down would expire the image of a service that is rarely deployed, "
            "because ECR does not know which images run (containers-roadmap#1078); name tags, for example "
            "tag_patterns=['pr-*'], or use KeepNewest"
        )
    status = TagStatus.TAGGED if first or second else TagStatus.ANY
    return Selection(tag_status=status, prefixes=first, patterns=second)


def _tags(name: str, tags: Sequence[str] | AllOf) -> tuple[str, ...]:
    if isinstance(tags, str):
        raise ConfigurationError(f"{name}={tags!r} is a string, not a list; use [{tags!r}]")
    given = tags.tags if isinstance(tags, AllOf) else tuple(tags)
    if len(given) > 1 and not isinstance(tags, AllOf):
        raise ConfigurationError(
            f"{name}={list(given)}: ECR combines several tags in one rule with AND, so only images with all of them "
            f"match; write a rule for each, or AllOf({', '.join(map(repr, given))}) if you mean AND"
        )
    for tag in given:
        if not isinstance(tag, str) or not _TAG.fullmatch(tag):
            raise ConfigurationError(f"{name} has {tag!r}; use 1 to 128 letters, digits, '.', '_', '-' and '*'")
        if tag.count("*") > _MOST_WILDCARDS:
            raise ConfigurationError(
                f"{name} has {tag!r} with {tag.count('*')} wildcards; use at most {_MOST_WILDCARDS}"
            )
    return given


def check_rules(rules: Sequence[PolicyRule], *, explicit: Sequence[int | None]) -> None:
    """Refuse a set of rules that ECR refuses, or in which one rule can never act.

    Args:
        rules: The rules, by priority.
        explicit: The priorities that the user set.
    """
    if not 1 <= len(rules) <= _MOST_RULES:
        raise ConfigurationError(f"Retention has {len(rules)} rules; ECR accepts 1 to {_MOST_RULES}")
    _check_priorities(rules, explicit)
    for earlier, later in combinations(rules, 2):
        if earlier.selection == later.selection:
            raise ConfigurationError(
                f"Retention has two rules for {later.selection}: {earlier} and {later}; ECR accepts one, remove the "
                "other"
            )
        if later.selection.implies(earlier.selection):
            raise ConfigurationError(
                f"{later} can never act: {earlier} comes first and covers all of its images, which shields them; write "
                "the narrower rule first"
            )
    _check_leftovers(rules)


def idle_rule(rules: Sequence[PolicyRule]) -> str | None:
    """Return why a rule can never act, whatever is pushed; None when every rule can."""
    for rule in rules:
        if is_token(rule.number):
            continue
        if rule.count_type is CountType.IMAGES and rule.number > MOST_IMAGES:
            return (
                f"{rule} never acts: a repository holds {MOST_IMAGES:,} images unless the account's quota (Images per "
                "repository) is raised; use a smaller count"
            )
        if rule.count_type is not CountType.IMAGES and rule.number > _CENTURY:
            return f"{rule} never acts: the time is more than a hundred years; use fewer days, or remove the rule"
    return None


def _check_priorities(rules: Sequence[PolicyRule], explicit: Sequence[int | None]) -> None:
    given = [priority for priority in explicit if priority is not None]
    if not given:
        return
    if len(given) < len(explicit):
        raise ConfigurationError("Retention has rules with and without priority; set it on every rule, or on none")
    for priority in given:
        whole_number("priority", priority, minimum=1, what="a priority")
    if len(set(given)) < len(given):
        raise ConfigurationError(f"Retention has duplicate priorities {sorted(given)}; give each rule its own")
    for storage in (False, True):
        statuses = [rule.selection.tag_status for rule in rules if rule.selection.archived is storage]
        if TagStatus.ANY in statuses[:-1]:
            raise ConfigurationError(
                f"Retention has a rule for all images with priority {_any_priority(rules, archived=storage)} before "
                "others, but ECR evaluates it last; give it the greatest priority number"
            )


def _any_priority(rules: Sequence[PolicyRule], *, archived: bool) -> int:
    return next(
        rule.priority
        for rule in rules
        if rule.selection.tag_status is TagStatus.ANY and rule.selection.archived is archived
    )


def _check_leftovers(rules: Sequence[PolicyRule]) -> None:
    """Refuse a rule for all images if rules before it cover both the tagged and the untagged ones."""
    for last in (rule for rule in rules if rule.selection.tag_status is TagStatus.ANY):
        before = [rule.selection for rule in rules if rule.priority < last.priority]
        taken = {
            selection.tag_status
            for selection in before
            if selection.archived is last.selection.archived
            and (selection.tag_status is TagStatus.UNTAGGED or selection.globs == ("*",))
        }
        if taken == {TagStatus.TAGGED, TagStatus.UNTAGGED}:
            raise ConfigurationError(
                f"{last} can never act: the rules before it cover every tagged and every untagged image; remove it"
            )
