"""Rules, presets and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecr_fargate_constructs import (
    AllOf,
    ArchiveOlderThan,
    ArchiveUnpulled,
    ConfigurationError,
    EcrImage,
    ExpireArchived,
    ExpireOlderThan,
    ExpireUntagged,
    KeepNewest,
    LifecycleAction,
    Retention,
)
from ecr_fargate_constructs._rules.lifecycle_policy import LifecyclePolicy
from ecr_fargate_constructs.repository.running_images import expiry_risk
from tests.rules.lifecycle_strategies import NOW, ago, image_lists

if TYPE_CHECKING:
    from collections.abc import Callable

    from ecr_fargate_constructs.repository.retention import RetentionRule

TOKEN = -1.8881545897087498e289


def test_priorities_are_the_order_written_with_rules_about_all_images_last() -> None:
    retention = Retention(
        rules=[
            KeepNewest(100, tag_prefixes=["release-"]),
            ExpireOlderThan(days=30, tag_patterns=["pr-*"]),
            ArchiveUnpulled(days=90),
            ExpireUntagged(days=1),
        ]
    )
    assert retention.explain().splitlines() == [
        "rule 1 (expire images tagged release-* beyond the newest 100)",
        "rule 2 (expire images tagged pr-* pushed more than 30 days ago)",
        "rule 3 (expire untagged images pushed more than 1 day ago)",
        "rule 4 (archive all images not pulled for 90 days)",
    ]


def test_explicit_priorities_are_obeyed() -> None:
    rules = [KeepNewest(1, tag_prefixes=["a"], priority=20), KeepNewest(1, tag_prefixes=["b"], priority=10)]
    assert [rule["rulePriority"] for rule in Retention(rules).policy()["rules"]] == [10, 20]


def test_every_rule_is_written_as_ecr_reads_it() -> None:
    rules: list[RetentionRule] = [
        ExpireUntagged(1),
        KeepNewest(5, tag_prefixes=AllOf("a", "b")),
        KeepNewest(5, tag_patterns=["c*"], action=LifecycleAction.ARCHIVE),
        ExpireOlderThan(7, tag_patterns=["d*"]),
        ArchiveOlderThan(7, tag_patterns=["e*"]),
        ArchiveUnpulled(90, tag_patterns=["f*"]),
        ExpireArchived(180),
    ]
    written = [(rule["selection"], rule["action"]) for rule in Retention(rules).policy()["rules"]]
    days = {"countUnit": "days"}
    expire, archive = {"type": "expire"}, {"type": "transition", "targetStorageClass": "archive"}
    pushed, counted = {"countType": "sinceImagePushed", **days}, {"countType": "imageCountMoreThan"}
    assert written == [
        ({"tagStatus": "untagged", **pushed, "countNumber": 1}, expire),
        ({"tagStatus": "tagged", "tagPrefixList": ["a", "b"], **counted, "countNumber": 5}, expire),
        ({"tagStatus": "tagged", "tagPatternList": ["c*"], **counted, "countNumber": 5}, archive),
        ({"tagStatus": "tagged", "tagPatternList": ["d*"], **pushed, "countNumber": 7}, expire),
        ({"tagStatus": "tagged", "tagPatternList": ["e*"], **pushed, "countNumber": 7}, archive),
        (
            {
                "tagStatus": "tagged",
                "tagPatternList": ["f*"],
                "countType": "sinceImagePulled",
                **days,
                "countNumber": 90,
            },
            archive,
        ),
        (
            {
                "tagStatus": "any",
                "storageClass": "archive",
                "countType": "sinceImageTransitioned",
                **days,
                "countNumber": 180,
            },
            expire,
        ),
    ]


REFUSED: list[tuple[str, Callable[[], object], str, str]] = [
    ("count", lambda: KeepNewest(0), "KeepNewest.count=0", "use 1 or more"),
    ("days", lambda: ExpireUntagged(0), "ExpireUntagged.days=0", "use 1 or more"),
    ("half days", lambda: ExpireOlderThan(1.5, ["a"]), "ExpireOlderThan.days=1.5", "use 1 or more"),
    ("unpulled", lambda: ArchiveUnpulled(89), "ArchiveUnpulled.days=89", "use 90 or more"),
    ("archived", lambda: ExpireArchived(89), "ExpireArchived.days=89", "use 90 or more"),
    ("age of all", lambda: ExpireOlderThan(30), "service that is rarely deployed", "use KeepNewest"),
    (
        "age of all tagged",
        lambda: ArchiveOlderThan(30, tag_patterns=["*"]),
        "service that is rarely deployed",
        "name tags",
    ),
    ("one string", lambda: KeepNewest(1, tag_prefixes="a"), "KeepNewest.tag_prefixes='a'", "use ['a']"),
    ("or", lambda: KeepNewest(1, tag_prefixes=["a", "b"]), "with AND", "AllOf('a', 'b')"),
    ("both", lambda: KeepNewest(1, ["a"], ["b*"]), "tag_prefixes and tag_patterns", "only one of them"),
    ("wild prefix", lambda: KeepNewest(1, ["a*"]), "has a wildcard", "use tag_patterns"),
    ("wildcards", lambda: KeepNewest(1, tag_patterns=["*a*b*c*d*"]), "5 wildcards", "at most 4"),
    ("characters", lambda: KeepNewest(1, tag_patterns=["a b"]), "has 'a b'", "use 1 to 128"),
    ("empty", lambda: KeepNewest(1, tag_patterns=[""]), "has ''", "use 1 to 128"),
    ("no rules", lambda: Retention([]), "Retention has 0 rules", "1 to 50"),
    ("rules", lambda: Retention([KeepNewest(1, [f"a{n}-"]) for n in range(51)]), "has 51 rules", "1 to 50"),
    (
        "twice",
        lambda: Retention([KeepNewest(1, ["a"]), KeepNewest(2, ["a"])]),
        "two rules for images tagged a*",
        "one",
    ),
    (
        "untagged twice",
        lambda: Retention([ExpireUntagged(1), ExpireUntagged(2)]),
        "untagged images",
        "remove the other",
    ),
    (
        "shadow",
        lambda: Retention([KeepNewest(1, ["re"]), KeepNewest(2, ["release-"])]),
        "never act",
        "narrower rule first",
    ),
    (
        "shadow by pattern",
        lambda: Retention([KeepNewest(1, tag_patterns=["*"]), ExpireOlderThan(2, ["pr-"])]),
        "never act",
        "narrower rule first",
    ),
    (
        "nothing left",
        lambda: Retention([*Retention.keep_last(5).rules, KeepNewest(9)]),
        "every tagged and every untagged image",
        "remove it",
    ),
    (
        "some priorities",
        lambda: Retention([KeepNewest(1, ["a"], priority=1), KeepNewest(1, ["b"])]),
        "with and without priority",
        "or on none",
    ),
    (
        "priority twice",
        lambda: Retention([KeepNewest(1, ["a"], priority=1), KeepNewest(1, ["b"], priority=1)]),
        "duplicate priorities",
        "its own",
    ),
    ("priority", lambda: Retention([KeepNewest(1, ["a"], priority=0)]), "priority=0", "use 1 or more"),
    (
        "any first",
        lambda: Retention([KeepNewest(9, priority=1), KeepNewest(1, ["a"], priority=2)]),
        "all images with priority 1",
        "greatest priority number",
    ),
    ("keep none", lambda: Retention.keep_last(0), "Retention.keep_last count=0", "use 1 or more"),
    ("short archive", lambda: Retention.keep_days(30, at_least=10), "ExpireArchived.days=30", "use 90 or more"),
]


@pytest.mark.parametrize(("make", "wrong", "fix"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_cannot_work_is_refused_where_it_is_written(make: Callable[[], object], wrong: str, fix: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert wrong in str(caught.value)
    assert fix in str(caught.value)


def test_tokens_are_never_judged() -> None:
    rules: list[RetentionRule] = [
        ExpireUntagged(TOKEN),
        ExpireOlderThan(TOKEN, ["a"]),
        ArchiveUnpulled(TOKEN, ["b"]),
        KeepNewest(TOKEN),
    ]
    retention = Retention(rules)
    assert [rule["selection"]["countNumber"] for rule in retention.policy()["rules"]] == [TOKEN] * 4
    with pytest.raises(ConfigurationError, match="only the deployment knows"):
        retention.simulate([], NOW)


@given(st.integers(1, 30), image_lists(tagged=True, most=40))
def test_the_newest_tagged_images_survive_every_preset(count: int, images: list[EcrImage]) -> None:
    standard = [image for image in images if image.archived_at is None]
    newest = sorted(standard, key=lambda image: image.pushed_at)[-count:]
    for preset in (
        Retention.keep_last(count),
        Retention.keep_days(90, at_least=count),
        Retention.keep_last(count).protect(["v*"]),
    ):
        kept = {decision.image.digest for decision in preset.simulate(images, NOW).kept}
        protected = {image.digest for image in newest}
        assert protected <= kept


def test_one_string_is_no_list_of_patterns() -> None:
    with pytest.raises(
        ConfigurationError, match=r"protect: patterns='stable' is a string, not a list; use \['stable'\]"
    ):
        Retention.keep_last(5).protect("stable")


@given(image_lists(tagged=True))
def test_protected_images_never_go(images: list[EcrImage]) -> None:
    plan = Retention.keep_last(1).protect(["release-*", "v*"]).simulate(images, NOW)
    for decision in (*plan.expired, *plan.archived):
        assert not any(tag.startswith(("release-", "v")) for tag in decision.image.tags)


def test_keep_days_archives_first_and_deletes_later() -> None:
    retention = Retention.keep_days(120, at_least=1)
    images = [
        EcrImage(pushed_at=ago(1), tags=["c"]),
        EcrImage(pushed_at=ago(2), tags=["b"]),
        EcrImage(pushed_at=ago(300), tags=["a"], archived_at=ago(121)),
        EcrImage(pushed_at=ago(301), tags=["z"], archived_at=ago(119)),
    ]
    plan = retention.simulate(images, NOW)
    assert [d.image.name for d in plan.kept] == ["c", "z"]
    assert [d.image.name for d in plan.archived] == ["b"]
    assert [d.image.name for d in plan.expired] == ["a"]


@pytest.mark.parametrize(
    ("retention", "tag", "hazard"),
    [
        (Retention.keep_last(20), "0" * 64, None),
        (Retention.keep_last(9), "0" * 64, "fewer than 10 releases"),
        (Retention([KeepNewest(100, ["release-"]), ExpireOlderThan(30, ["pr-"])]), "0" * 64, None),
        (Retention([KeepNewest(100, ["release-"]), ExpireOlderThan(30, ["pr-"])]), "pr-1", "ignores running tasks"),
        (Retention([ArchiveUnpulled(90)]), "0" * 64, "ignores running tasks"),
        (Retention.keep_last(5).protect(["stable"]), "stable", None),
    ],
)
def test_a_risk_to_what_runs_is_named(retention: Retention, tag: str, hazard: str | None) -> None:
    found = expiry_risk(retention, tag)
    assert found is None if hazard is None else hazard in str(found)


def test_the_text_is_read_back() -> None:
    text = Retention.keep_last(20).policy_text()
    assert LifecyclePolicy.from_text(text).to_dict() == Retention.keep_last(20).policy()
