"""Which images a repository keeps. Pure: no CDK objects."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
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
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs._rules.typed import typed, typed_call
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.repository.retention_checks import MOST_IMAGES, check_rules, idle, selection_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from ecr_fargate_constructs._rules.simulation import EcrImage, Plan
    from ecr_fargate_constructs.repository.retention_checks import AllOf

_ARCHIVE_DAYS = 90  # ECR bills and keeps an archived image for at least as long
_ROLLBACK = 10  # releases that should be there to roll back to
_LONGEST = 30_720  # characters; "PutLifecyclePolicy" in the Amazon ECR API reference
_ANY_HASH = "0" * 64

Tags: TypeAlias = "Sequence[str] | AllOf"


@dataclass(frozen=True)
class _Rule:
    """What the rules have in common.

    Several tags in one rule mean AND to ECR; say ``AllOf(…)`` where that is meant, or write a rule for each.
    """

    def __post_init__(self) -> None:
        _ = self.to_policy_rule(1)  # refuse at the line where the rule is written

    def to_policy_rule(self, priority: int) -> PolicyRule:
        """The rule in ECR's terms."""
        raise NotImplementedError


@typed
@dataclass(frozen=True)
class KeepNewest(_Rule):
    """Keep the newest images by push time, and expire (or archive) the rest.

    Attributes:
        count: Images that stay, 1 or more.
        tag_prefixes: Prefix of the tags that it is about.
        tag_patterns: Pattern of the tags that it is about; at most four ``*``. With neither, all images.
        action: What happens to the rest.
        priority: Its place among the rules; worked out when left out.

    Raises:
        ConfigurationError: For a count or a tag that ECR refuses, or several tags where OR was meant.
    """

    count: float
    tag_prefixes: Tags = ()
    tag_patterns: Tags = ()
    action: LifecycleAction = LifecycleAction.EXPIRE
    priority: int | None = None

    def to_policy_rule(self, priority: int) -> PolicyRule:
        """The rule in ECR's terms."""
        whole_number("KeepNewest.count", self.count, minimum=1, what="a number of images")
        selection = selection_of("KeepNewest", self.tag_prefixes, self.tag_patterns)
        return _policy_rule(priority, selection, CountType.IMAGES, self.count, self.action)


@typed
@dataclass(frozen=True)
class ExpireOlderThan(_Rule):
    """Expire images by the time since their push.

    Refused for all images: age alone deletes the image that a quiet service runs (containers-roadmap#1078).

    Attributes:
        days: Whole days, 1 or more.
        tag_prefixes: Prefix of the tags that it is about.
        tag_patterns: Pattern of the tags that it is about; at most four ``*``.
        priority: Its place among the rules; worked out when left out.

    Raises:
        ConfigurationError: For days or a tag that ECR refuses, or without a tag that narrows it down.
    """

    days: float
    tag_prefixes: Tags = ()
    tag_patterns: Tags = ()
    priority: int | None = None

    def to_policy_rule(self, priority: int) -> PolicyRule:
        """The rule in ECR's terms."""
        whole_number("ExpireOlderThan.days", self.days, minimum=1, what="a number of days")
        selection = selection_of("ExpireOlderThan", self.tag_prefixes, self.tag_patterns, narrowed=True)
        return _policy_rule(priority, selection, CountType.DAYS_SINCE_PUSH, self.days, LifecycleAction.EXPIRE)


@typed
@dataclass(frozen=True)
class ArchiveOlderThan(_Rule):
    """Archive images by the time since their push: they can be restored, but not pulled.

    Attributes:
        days: Whole days, 1 or more.
        tag_prefixes: Prefix of the tags that it is about.
        tag_patterns: Pattern of the tags that it is about; at most four ``*``.
        priority: Its place among the rules; worked out when left out.

    Raises:
        ConfigurationError: As for ``ExpireOlderThan``: an archived image cannot be pulled either.
    """

    days: float
    tag_prefixes: Tags = ()
    tag_patterns: Tags = ()
    priority: int | None = None

    def to_policy_rule(self, priority: int) -> PolicyRule:
        """The rule in ECR's terms."""
        whole_number("ArchiveOlderThan.days", self.days, minimum=1, what="a number of days")
        selection = selection_of("ArchiveOlderThan", self.tag_prefixes, self.tag_patterns, narrowed=True)
        return _policy_rule(priority, selection, CountType.DAYS_SINCE_PUSH, self.days, LifecycleAction.ARCHIVE)


@typed
@dataclass(frozen=True)
class ExpireUntagged(_Rule):
    """Expire untagged images by the time since their push.

    Attributes:
        days: Whole days, 1 or more.
        priority: Its place among the rules; worked out when left out.

    Raises:
        ConfigurationError: For days that ECR refuses.
    """

    days: float
    priority: int | None = None

    def to_policy_rule(self, priority: int) -> PolicyRule:
        """The rule in ECR's terms."""
        whole_number("ExpireUntagged.days", self.days, minimum=1, what="a number of days")
        selection = selection_of("ExpireUntagged", (), (), untagged=True)
        return _policy_rule(priority, selection, CountType.DAYS_SINCE_PUSH, self.days, LifecycleAction.EXPIRE)


@typed
@dataclass(frozen=True)
class ArchiveUnpulled(_Rule):
    """Archive images that nobody has pulled; ECR cannot expire by pull time.

    ECR bills an archived image for 90 days at least, and an archived image cannot be pulled until it is restored: a
    service that has not started a task for ``days`` could not start one. Pulls by Amazon Inspector do not count; those
    of other scanners do, unless their role has an ``ecr.CfnPullTimeUpdateExclusion``.

    Attributes:
        days: Whole days since the last pull (or the push, if there was none), 90 or more.
        tag_prefixes: Prefix of the tags that it is about.
        tag_patterns: Pattern of the tags that it is about; at most four ``*``. With neither, all images.
        priority: Its place among the rules; worked out when left out.

    Raises:
        ConfigurationError: For fewer than 90 days, or a tag that ECR refuses.
    """

    days: float
    tag_prefixes: Tags = ()
    tag_patterns: Tags = ()
    priority: int | None = None

    def to_policy_rule(self, priority: int) -> PolicyRule:
        """The rule in ECR's terms."""
        whole_number("ArchiveUnpulled.days", self.days, minimum=_ARCHIVE_DAYS, what="a safe number of days")
        selection = selection_of("ArchiveUnpulled", self.tag_prefixes, self.tag_patterns)
        return _policy_rule(priority, selection, CountType.DAYS_SINCE_PULL, self.days, LifecycleAction.ARCHIVE)


@typed
@dataclass(frozen=True)
class ExpireArchived(_Rule):
    """Expire archived images by the time since they were archived.

    Attributes:
        days: Whole days, 90 or more: ECR expires nothing that was archived more recently.
        tag_prefixes: Prefix of the tags that it is about.
        tag_patterns: Pattern of the tags that it is about; at most four ``*``. With neither, all archived images.
        priority: Its place among the rules; worked out when left out.

    Raises:
        ConfigurationError: For days or a tag that ECR refuses.
    """

    days: float
    tag_prefixes: Tags = ()
    tag_patterns: Tags = ()
    priority: int | None = None

    def to_policy_rule(self, priority: int) -> PolicyRule:
        """The rule in ECR's terms."""
        whole_number("ExpireArchived.days", self.days, minimum=_ARCHIVE_DAYS, what="a number of days that ECR takes")
        selection = replace(selection_of("ExpireArchived", self.tag_prefixes, self.tag_patterns), archived=True)
        return _policy_rule(priority, selection, CountType.DAYS_SINCE_ARCHIVED, self.days, LifecycleAction.EXPIRE)


RetentionRule: TypeAlias = (
    KeepNewest | ExpireOlderThan | ArchiveOlderThan | ExpireUntagged | ArchiveUnpulled | ExpireArchived
)
"""The rules."""


@typed
@dataclass(frozen=True)
class Retention:
    """Which images a repository keeps, and which expire.

    Priorities are the order in which the rules are written, but rules about all images come last, as ECR demands. Give
    ``priority`` to every rule, or to none.

    Attributes:
        rules: The rules, at most 50.

    Raises:
        ConfigurationError: For rules that contradict ECR's language or each other: two about the same images, two about
            untagged ones, one that a rule before it leaves nothing to do.
    """

    rules: Sequence[RetentionRule]

    def __post_init__(self) -> None:
        """Refuse rules that ECR refuses, or that cannot have been meant."""
        object.__setattr__(self, "rules", tuple(self.rules))
        for rule in self.rules:
            if not isinstance(rule, _Rule):
                raise ConfigurationError(
                    f"Retention.rules has {rule!r}, which is no rule; use for example KeepNewest(20)"
                )
        check_rules(self._policy().rules, explicit=[rule.priority for rule in self.rules])
        length = len(self.policy_text())
        if length > _LONGEST:
            raise ConfigurationError(
                f"Retention makes a policy of {length} characters; ECR takes {_LONGEST:,} at most: use fewer tags, or "
                "patterns for several of them"
            )

    @classmethod
    @typed_call
    def keep_last(cls, count: float) -> Retention:
        """Keep the newest ``count`` tagged images; untagged ones go after a day.

        ECR does not know what runs. Keep at least 10, so that what runs, and what it may be rolled back to, is among
        them.

        Raises:
            ConfigurationError: ``count`` is not a whole number, 1 or more.
        """
        whole_number("Retention.keep_last count", count, minimum=1, what="a number of images")
        return cls([ExpireUntagged(1), KeepNewest(count, tag_patterns=["*"])])

    @classmethod
    @typed_call
    def keep_days(cls, days: float, *, at_least: float) -> Retention:
        """Keep the newest ``at_least`` tagged images ready to run, and the others restorable for ``days``.

        ECR's language cannot say "older than these days, but never the newest few": an age rule looks at no count.
        What it can say: the tagged images beyond the newest ``at_least`` are archived, which keeps them restorable but
        not pullable, and are deleted ``days`` after that. Untagged ones go after a day.

        Raises:
            ConfigurationError: ``days`` is less than 90, ECR's minimum in the archive, or ``at_least`` less than 1.
        """
        whole_number("Retention.keep_days at_least", at_least, minimum=1, what="a number of images")
        newest = KeepNewest(at_least, tag_patterns=["*"], action=LifecycleAction.ARCHIVE)
        return cls([ExpireUntagged(1), newest, ExpireArchived(days)])

    @typed_call
    def protect(self, patterns: Sequence[str]) -> Retention:
        """The same retention, but images with a tag of any of these patterns never expire.

        ECR has no rule that keeps. A rule before the others that allows more images than a repository can hold (100,000
        by its quota) does it, because a rule shields what it sees from the rules after it.

        Raises:
            ConfigurationError: For a pattern that ECR refuses, one string for them all, or explicit priorities.
        """
        return replace(self, rules=[*(KeepNewest(MOST_IMAGES, tag_patterns=[p]) for p in patterns), *self.rules])

    def policy(self) -> dict[str, Any]:
        """The lifecycle policy as ECR reads it; numbers that are CDK tokens stay tokens."""
        return self._policy().to_dict()

    def policy_text(self) -> str:
        """The lifecycle policy's text."""
        return json.dumps(self.policy(), separators=(",", ":"))

    def explain(self) -> str:
        """The rules in words, in the order in which they are applied."""
        return "\n".join(map(str, self._policy().rules))

    @typed_call
    def simulate(self, images: Iterable[EcrImage], now: datetime) -> Plan:
        """Work out offline what happens to images, with the rule that decided each.

        Raises:
            ConfigurationError: A number is a CDK token.
        """
        from ecr_fargate_constructs._rules.simulation import simulate  # noqa: PLC0415 - synthesis does without

        return simulate(self._policy(), images, now)

    @typed_call
    def hazard(self, tag: str = _ANY_HASH) -> str | None:
        """Why an image that runs under ``tag`` (by default a content hash) could go; None when it is safe enough."""
        rule = self.deciding_rule(tag)
        if rule is None:
            return None
        if rule.count_type is not CountType.IMAGES:
            return f"{rule} looks at no running task"
        if not is_token(rule.number) and rule.number < _ROLLBACK:
            return f"{rule} leaves fewer than {_ROLLBACK} releases to run and to roll back to"
        return None

    def idle(self) -> str | None:
        """Why a rule will never act, whatever is pushed; None when each may."""
        return idle(self._policy().rules)

    def deciding_rule(self, tag: str) -> PolicyRule | None:
        """Return the rule that decides about an image with this one tag, the first that sees it; None if none does."""
        return next((rule for rule in self._policy().rules if rule.selection.matches([tag], archived=False)), None)

    def rule_about_untagged(self) -> PolicyRule | None:
        """Return the rule that takes images without a tag by age, or untagged ones alone by count; None for none."""
        rules = self._policy().rules
        rule = next((each for each in rules if each.selection.matches([], archived=False)), None)
        alike = rule is None or (rule.count_type is CountType.IMAGES and rule.selection.tag_status is TagStatus.ANY)
        return None if alike else rule

    def never_expires(self, tag: str) -> bool:
        """Return whether no rule ever acts on an image with this one tag."""
        rule = self.deciding_rule(tag)
        return rule is None or (rule.count_type is CountType.IMAGES and not self.counts(rule, tag))

    @staticmethod
    def counts(rule: PolicyRule, tag: str) -> bool:
        """Return whether a rule that keeps a number of images counts one with this tag, and can reach its number."""
        reaches = is_token(rule.number) or rule.number < MOST_IMAGES
        return rule.count_type is CountType.IMAGES and reaches and rule.selection.matches([tag], archived=False)

    def _policy(self) -> LifecyclePolicy:
        """Rules about all images last, the others as written; or everything by its explicit priority."""
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
