"""Retention: the images that a repository keeps. Pure: no CDK objects."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from ecr_fargate_constructs._rules.checks import whole_number
from ecr_fargate_constructs._rules.lifecycle_policy import (
    CountType,
    LifecycleAction,
    LifecyclePolicy,
    PolicyRule,
    Selection,
    TagStatus,
)
from ecr_fargate_constructs._rules.lock_file import LOCK_FILE, read_lock
from ecr_fargate_constructs._rules.tokens import Number, is_token
from ecr_fargate_constructs._rules.typed import typed, typed_call
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.repository.retention_checks import MOST_IMAGES, check_rules, selection_of

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from ecr_fargate_constructs._rules.simulation import EcrImage, Plan
    from ecr_fargate_constructs.repository.retention_checks import AllOf

_ARCHIVE_DAYS = 90  # ECR bills and keeps an archived image for at least as long
_LONGEST = 30_720  # characters; "PutLifecyclePolicy" in the Amazon ECR API reference

Tags: TypeAlias = "Sequence[str] | AllOf"


class _Rule:
    """Base class of the rules.

    ECR combines several tags in one rule with AND; use ``AllOf(…)`` if you mean that, or else write a rule for each.
    """

    def __post_init__(self) -> None:
        _ = self.to_policy_rule(1)  # raise on the line where the rule is written

    def to_policy_rule(self, priority: int) -> PolicyRule:
        """Return the rule in ECR's terms."""
        raise NotImplementedError


@typed
@dataclass(frozen=True)
class KeepNewest(_Rule):
    """Keep the newest images by push time, and expire (or archive) the rest.

    Attributes:
        count: Number of images to keep, 1 or more.
        tag_prefixes: Prefix of the tags that the rule covers; default, none.
        tag_patterns: Pattern of the tags that the rule covers, with at most four ``*``; default, none. With neither,
            the rule covers all images.
        action: Action on the rest; default, ``EXPIRE``.
        priority: Place among the rules; default, derived from their order.

    Raises:
        ConfigurationError: ECR refuses the count or a tag, or several tags are combined without ``AllOf``.
    """

    count: Number
    tag_prefixes: Tags = ()
    tag_patterns: Tags = ()
    action: LifecycleAction = LifecycleAction.EXPIRE
    priority: int | None = None

    def to_policy_rule(self, priority: int) -> PolicyRule:
        """Return the rule in ECR's terms."""
        whole_number("KeepNewest.count", self.count, minimum=1, what="a number of images")
        selection = selection_of("KeepNewest", self.tag_prefixes, self.tag_patterns)
        return _policy_rule(priority, selection, CountType.IMAGES, self.count, self.action)


@typed
@dataclass(frozen=True)
class ExpireOlderThan(_Rule):
    """Expire images by the time since their push.

    Refused for all images: age alone would expire the image of a service that is rarely deployed
    (containers-roadmap#1078).

    Attributes:
        days: Whole days, 1 or more.
        tag_prefixes: Prefix of the tags that the rule covers; default, none.
        tag_patterns: Pattern of the tags that the rule covers, with at most four ``*``; default, none.
        priority: Place among the rules; default, derived from their order.

    Raises:
        ConfigurationError: ECR refuses the days or a tag, or no tag narrows the rule down.
    """

    days: Number
    tag_prefixes: Tags = ()
    tag_patterns: Tags = ()
    priority: int | None = None

    def to_policy_rule(self, priority: int) -> PolicyRule:
        """Return the rule in ECR's terms."""
        whole_number("ExpireOlderThan.days", self.days, minimum=1, what="a number of days")
        selection = selection_of("ExpireOlderThan", self.tag_prefixes, self.tag_patterns, narrowed=True)
        return _policy_rule(priority, selection, CountType.DAYS_SINCE_PUSH, self.days, LifecycleAction.EXPIRE)


@typed
@dataclass(frozen=True)
class ArchiveOlderThan(_Rule):
    """Archive images by the time since their push: they can be restored, but not pulled.

    Attributes:
        days: Whole days, 1 or more.
        tag_prefixes: Prefix of the tags that the rule covers; default, none.
        tag_patterns: Pattern of the tags that the rule covers, with at most four ``*``; default, none.
        priority: Place among the rules; default, derived from their order.

    Raises:
        ConfigurationError: As for ``ExpireOlderThan``: an archived image cannot be pulled either.
    """

    days: Number
    tag_prefixes: Tags = ()
    tag_patterns: Tags = ()
    priority: int | None = None

    def to_policy_rule(self, priority: int) -> PolicyRule:
        """Return the rule in ECR's terms."""
        whole_number("ArchiveOlderThan.days", self.days, minimum=1, what="a number of days")
        selection = selection_of("ArchiveOlderThan", self.tag_prefixes, self.tag_patterns, narrowed=True)
        return _policy_rule(priority, selection, CountType.DAYS_SINCE_PUSH, self.days, LifecycleAction.ARCHIVE)


@typed
@dataclass(frozen=True)
class ExpireUntagged(_Rule):
    """Expire untagged images by the time since their push.

    Attributes:
        days: Whole days, 1 or more.
        priority: Place among the rules; default, derived from their order.

    Raises:
        ConfigurationError: ECR refuses the days.
    """

    days: Number
    priority: int | None = None

    def to_policy_rule(self, priority: int) -> PolicyRule:
        """Return the rule in ECR's terms."""
        whole_number("ExpireUntagged.days", self.days, minimum=1, what="a number of days")
        selection = selection_of("ExpireUntagged", (), (), untagged=True)
        return _policy_rule(priority, selection, CountType.DAYS_SINCE_PUSH, self.days, LifecycleAction.EXPIRE)


@typed
@dataclass(frozen=True)
class ArchiveUnpulled(_Rule):
    """Archive images that have not been pulled for a time; ECR cannot expire by pull time.

    ECR bills an archived image for at least 90 days, and an archived image cannot be pulled until it is restored: a
    service that has not started a task for ``days`` could not start one. Pulls by Amazon Inspector do not count; those
    of other scanners do, unless ``RegistrySettings(pull_time_exclusions=…)`` names their role.

    Attributes:
        days: Whole days since the last pull (or the push, if there was none), 90 or more.
        tag_prefixes: Prefix of the tags that the rule covers; default, none.
        tag_patterns: Pattern of the tags that the rule covers, with at most four ``*``; default, none. With neither,
            the rule covers all images.
        priority: Place among the rules; default, derived from their order.

    Raises:
        ConfigurationError: There are fewer than 90 days, or ECR refuses a tag.
    """

    days: Number
    tag_prefixes: Tags = ()
    tag_patterns: Tags = ()
    priority: int | None = None

    def to_policy_rule(self, priority: int) -> PolicyRule:
        """Return the rule in ECR's terms."""
        whole_number("ArchiveUnpulled.days", self.days, minimum=_ARCHIVE_DAYS, what="a safe number of days")
        selection = selection_of("ArchiveUnpulled", self.tag_prefixes, self.tag_patterns)
        return _policy_rule(priority, selection, CountType.DAYS_SINCE_PULL, self.days, LifecycleAction.ARCHIVE)


@typed
@dataclass(frozen=True)
class ExpireArchived(_Rule):
    """Expire archived images by the time since they were archived.

    Attributes:
        days: Whole days, 90 or more: ECR does not expire images that were archived more recently.
        tag_prefixes: Prefix of the tags that the rule covers; default, none.
        tag_patterns: Pattern of the tags that the rule covers, with at most four ``*``; default, none. With neither,
            the rule covers all archived images.
        priority: Place among the rules; default, derived from their order.

    Raises:
        ConfigurationError: ECR refuses the days or a tag.
    """

    days: Number
    tag_prefixes: Tags = ()
    tag_patterns: Tags = ()
    priority: int | None = None

    def to_policy_rule(self, priority: int) -> PolicyRule:
        """Return the rule in ECR's terms."""
        whole_number("ExpireArchived.days", self.days, minimum=_ARCHIVE_DAYS, what="a number of days that ECR accepts")
        selection = replace(selection_of("ExpireArchived", self.tag_prefixes, self.tag_patterns), archived=True)
        return _policy_rule(priority, selection, CountType.DAYS_SINCE_ARCHIVED, self.days, LifecycleAction.EXPIRE)


RetentionRule: TypeAlias = (
    KeepNewest | ExpireOlderThan | ArchiveOlderThan | ExpireUntagged | ArchiveUnpulled | ExpireArchived
)
"""Any rule of a ``Retention``."""


@typed
@dataclass(frozen=True)
class Retention:
    """The images that a repository keeps, and those that expire.

    Rules have the priority in which they are written, except that rules for all images come last, as ECR requires. Set
    ``priority`` on every rule, or on none.

    Attributes:
        rules: The rules, at most 50.

    Raises:
        ConfigurationError: The rules break ECR's syntax or contradict each other: two cover the same images, two cover
            untagged images, or a rule has no images left after the rules before it.
    """

    rules: Sequence[RetentionRule]

    def __post_init__(self) -> None:
        object.__setattr__(self, "rules", tuple(self.rules))
        for rule in self.rules:
            if not isinstance(rule, _Rule):
                raise ConfigurationError(
                    f"Retention.rules has {rule!r}, which is not a rule; use for example KeepNewest(20)"
                )
        check_rules(self._policy.rules, explicit=[rule.priority for rule in self.rules])
        length = len(self.policy_text())
        if length > _LONGEST:
            raise ConfigurationError(
                f"Retention makes a policy of {length} characters; ECR accepts at most {_LONGEST:,}; use fewer tags, "
                "or patterns for several of them"
            )

    @classmethod
    @typed_call
    def keep_last(cls, count: Number) -> Retention:
        """Keep the newest ``count`` tagged images; untagged ones expire after a day.

        ECR does not know which images run. Keep at least 10, so that the running image, and the ones that you may roll
        back to, are among them.

        Raises:
            ConfigurationError: ``count`` is not a whole number of 1 or more.
        """
        whole_number("Retention.keep_last count", count, minimum=1, what="a number of images")
        return cls([ExpireUntagged(1), KeepNewest(count, tag_patterns=["*"])])

    @classmethod
    @typed_call
    def keep_days(cls, days: Number, *, at_least: Number) -> Retention:
        """Keep the newest ``at_least`` tagged images ready to run, and the others restorable for ``days``.

        ECR cannot express "older than these days, but never the newest few": a rule by age has no count. It can express
        this: tagged images beyond the newest ``at_least`` are archived, which keeps them restorable but not pullable,
        and are deleted ``days`` after that. Untagged images expire after a day.

        Raises:
            ConfigurationError: ``days`` is less than 90, ECR's minimum in the archive, or ``at_least`` less than 1.
        """
        whole_number("Retention.keep_days at_least", at_least, minimum=1, what="a number of images")
        newest = KeepNewest(at_least, tag_patterns=["*"], action=LifecycleAction.ARCHIVE)
        return cls([ExpireUntagged(1), newest, ExpireArchived(days)])

    @typed_call
    def protect(self, patterns: Sequence[str]) -> Retention:
        """Return the same retention, except that images with a tag of any of these patterns never expire.

        ECR has no rule that keeps images. A rule before the others that allows more images than a repository can hold
        (100,000 by its quota) has that effect, because a rule shields the images that it covers from later rules.

        Raises:
            ConfigurationError: ECR refuses a pattern, ``patterns`` is one string, or the rules have priorities.
        """
        return replace(self, rules=[*(KeepNewest(MOST_IMAGES, tag_patterns=[p]) for p in patterns), *self.rules])

    @typed_call
    def protect_locked(self, lock_file: str | os.PathLike[str] = LOCK_FILE) -> Retention:
        """Return the same retention, except that the images of a lock file never expire, because other stages run them.

        For a repository whose images several stages pull, and for the one that they copy from. A stage with a
        repository of its own needs nothing: its copies count there.

        Args:
            lock_file: The lock file; default, ``images.lock.json`` in the working directory. An image that was locked
                without a tag cannot be protected.

        Raises:
            ConfigurationError: The lock file cannot be read, or the rules have priorities.
        """
        tags = (each.tag for each in read_lock(lock_file).values() if each.tag is not None)
        return self.protect(list(dict.fromkeys(tags)))

    def policy(self) -> dict[str, Any]:
        """Return the lifecycle policy as ECR reads it; numbers that are CDK tokens stay tokens."""
        return self._policy.to_dict()

    def policy_text(self) -> str:
        """Return the lifecycle policy's text."""
        return json.dumps(self.policy(), separators=(",", ":"))

    def explain(self) -> str:
        """Return the rules in words, in the order in which they are applied."""
        return "\n".join(map(str, self._policy.rules))

    @typed_call
    def simulate(self, images: Iterable[EcrImage], now: datetime) -> Plan:
        """Simulate the policy on images, and return the result with the rule that decided each.

        Raises:
            ConfigurationError: A number is a CDK token.
        """
        from ecr_fargate_constructs._rules.simulation import simulate  # noqa: PLC0415 - synthesis does not need it

        return simulate(self._policy, images, now)

    @property
    def applied_rules(self) -> Sequence[PolicyRule]:
        """The rules in the order in which ECR applies them, with their priorities."""
        return self._policy.rules

    def deciding_rule(self, tag: str) -> PolicyRule | None:
        """Return the first rule that covers an image with only this tag, and so decides; None if no rule covers it."""
        return next((rule for rule in self._policy.rules if rule.selection.matches([tag], archived=False)), None)

    def rule_about_untagged(self) -> PolicyRule | None:
        """Return the rule that expires untagged images by age, or only untagged ones by count; None if none does."""
        rules = self._policy.rules
        rule = next((each for each in rules if each.selection.matches([], archived=False)), None)
        harmless = rule is None or (rule.count_type is CountType.IMAGES and rule.selection.tag_status is TagStatus.ANY)
        return None if harmless else rule

    def never_expires(self, tag: str) -> bool:
        """Return whether no rule ever acts on an image with only this tag."""
        rule = self.deciding_rule(tag)
        return rule is None or (rule.count_type is CountType.IMAGES and not self.counts(rule, tag))

    @staticmethod
    def counts(rule: PolicyRule, tag: str) -> bool:
        """Return whether a rule that keeps a number of images counts one with this tag, and can reach its number."""
        reaches = is_token(rule.number) or rule.number < MOST_IMAGES
        return rule.count_type is CountType.IMAGES and reaches and rule.selection.matches([tag], archived=False)

    @cached_property
    def _policy(self) -> LifecyclePolicy:
        """Return the policy: rules for all images last, the others as written; or all by their priorities."""
        if all(rule.priority is not None for rule in self.rules):
            rules = [rule.to_policy_rule(rule.priority or 0) for rule in self.rules]
            return LifecyclePolicy(tuple(sorted(rules, key=lambda rule: rule.priority)))
        drafts = [rule.to_policy_rule(1) for rule in self.rules]
        ordered = sorted(drafts, key=lambda rule: rule.selection.tag_status.value == "any")
        return LifecyclePolicy(tuple(replace(rule, priority=number) for number, rule in enumerate(ordered, 1)))


def _policy_rule(
    priority: int, selection: Selection, count_type: CountType, number: float, action: LifecycleAction
) -> PolicyRule:
    return PolicyRule(priority=priority, selection=selection, count_type=count_type, number=number, action=action)
