"""The simulator: AWS's own examples, the documented rules one by one, and properties."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecr_fargate_constructs import EcrImage
from ecr_fargate_constructs._rules.lifecycle_policy import LifecyclePolicy
from ecr_fargate_constructs._rules.simulation import Outcome, simulate
from tests.rules.lifecycle_strategies import NOW, ago, image_lists, policies

Images = dict[str, tuple[list[str], float]]

BETA_AND_PROD: Images = {"A": (["beta-1", "prod-1"], 10), "B": (["beta-2", "prod-2"], 9), "C": (["beta-3"], 8)}
ALPHA_OR_BETA: Images = {
    "A": (["alpha-1"], 12),
    "B": (["beta-1"], 11),
    "C": (["alpha-2", "beta-2"], 10),
    "D": (["alpha-3"], 4),
    "E": (["beta-3"], 3),
    "F": (["alpha-4", "beta-4"], 2),
}
ALL_THREE: Images = {
    "A": (["alpha-1", "beta-1", "gamma-1"], 10),
    "B": (["alpha-2", "beta-2"], 9),
    "C": (["alpha-3", "beta-3", "gamma-2"], 8),
}
MIXED: Images = {
    "A": (["alpha-1"], 4),
    "B": (["beta-1"], 3),
    "C": ([], 2),
    "D": (["alpha-2"], 1),
}
EVERY_KIND: Images = {
    "A": (["alpha-1", "beta-1"], 4),
    "B": ([], 3),
    "C": (["alpha-2"], 2),
    "D": (["git hash"], 1),
    "E": ([], 1),  # "1 day ago" like D: not yet older than a day
}


def _rule(priority: int, count: int, **selection: Any) -> dict[str, Any]:  # noqa: ANN401 - ECR's own words
    days = "countUnit" in selection or selection.pop("days", False)
    kind = {"countType": "sinceImagePushed", "countUnit": "days"} if days else {"countType": "imageCountMoreThan"}
    status = "tagged" if "tagPrefixList" in selection or "tagPatternList" in selection else "any"
    return {
        "rulePriority": priority,
        "selection": {"tagStatus": status, **kind, "countNumber": count, **selection},
        "action": {"type": "expire"},
    }


# The examples of "Examples of lifecycle policies in Amazon ECR" and the outcomes that the page gives; where it gives no
# images ("image age", "image count"), ours.
EXAMPLES: dict[str, tuple[list[dict[str, Any]], Images, str]] = {
    "image age": (
        [_rule(1, 14, tagPatternList=["prod*"], days=True)],
        {"A": (["prod1"], 15), "B": (["prod2"], 13)},
        "A",
    ),
    "image age, untagged": (
        [_rule(1, 14, tagStatus="untagged", days=True)],
        {"A": ([], 15), "B": ([], 13), "C": (["x"], 99)},
        "A",
    ),
    "image count": ([_rule(1, 1, tagStatus="untagged")], {"A": ([], 3), "B": ([], 2), "C": ([], 1)}, "AB"),
    "multiple rules A": (
        [_rule(1, 1, tagPatternList=["prod*"]), _rule(2, 1, tagPatternList=["beta*"])],
        BETA_AND_PROD,
        "A",
    ),
    "multiple rules A, prefixes": (
        [_rule(1, 1, tagPrefixList=["prod"]), _rule(2, 1, tagPrefixList=["beta"])],
        BETA_AND_PROD,
        "A",
    ),
    "multiple rules B": (
        [_rule(1, 1, tagPatternList=["beta*"]), _rule(2, 1, tagPatternList=["prod*"])],
        BETA_AND_PROD,
        "AB",
    ),
    "multiple tags in one rule A": ([_rule(1, 5, tagPatternList=["alpha*", "beta*"], days=True)], ALPHA_OR_BETA, "C"),
    "multiple tags in one rule A, prefixes": (
        [_rule(1, 5, tagPrefixList=["alpha", "beta"], days=True)],
        ALPHA_OR_BETA,
        "C",
    ),
    "multiple tags in one rule B": ([_rule(1, 1, tagPatternList=["alpha*", "beta*"])], ALL_THREE, "AB"),
    "all images A": ([_rule(1, 1)], MIXED, "ABC"),
    "all images B": (
        [_rule(1, 1, tagPrefixList=["alpha"]), _rule(2, 1, tagStatus="untagged", days=True), _rule(3, 1)],
        EVERY_KIND,
        "ABD",
    ),
}


@pytest.mark.parametrize(("rules", "images", "expired"), EXAMPLES.values(), ids=EXAMPLES)
def test_the_examples_of_aws(rules: list[dict[str, Any]], images: Images, expired: str) -> None:
    policy = LifecyclePolicy.from_text(json.dumps({"rules": rules}))
    named = [EcrImage(pushed_at=ago(days), tags=tags, digest=name) for name, (tags, days) in images.items()]
    plan = simulate(policy, named, NOW)
    assert "".join(sorted(decision.image.digest for decision in plan.expired)) == expired


def _policy(*rules: dict[str, Any]) -> LifecyclePolicy:
    return LifecyclePolicy.from_text(json.dumps({"rules": list(rules)}))


ARCHIVE_UNPULLED = {
    "rulePriority": 1,
    "selection": {"tagStatus": "any", "countType": "sinceImagePulled", "countUnit": "days", "countNumber": 90},
    "action": {"type": "transition", "targetStorageClass": "archive"},
}
EXPIRE_ARCHIVED = {
    "rulePriority": 2,
    "selection": {
        "tagStatus": "any",
        "storageClass": "archive",
        "countType": "sinceImageTransitioned",
        "countUnit": "days",
        "countNumber": 365,
    },
    "action": {"type": "expire"},
}


@pytest.mark.parametrize(
    ("image", "outcome"),
    [
        (EcrImage(pushed_at=ago(400), pulled_at=ago(10)), Outcome.KEPT),
        (EcrImage(pushed_at=ago(400), pulled_at=ago(100)), Outcome.ARCHIVED),
        (EcrImage(pushed_at=ago(100)), Outcome.ARCHIVED),  # never pulled: the push counts
        (EcrImage(pushed_at=ago(80)), Outcome.KEPT),
        (EcrImage(pushed_at=ago(400), pulled_at=ago(300), restored_at=ago(5)), Outcome.KEPT),
        (EcrImage(pushed_at=ago(900), archived_at=ago(366)), Outcome.EXPIRED),
        (EcrImage(pushed_at=ago(900), archived_at=ago(300)), Outcome.KEPT),
    ],
)
def test_archive_rules_look_at_pulls_and_at_the_time_in_the_archive(image: EcrImage, outcome: Outcome) -> None:
    [decision] = simulate(_policy(ARCHIVE_UNPULLED, EXPIRE_ARCHIVED), [image], NOW).decisions
    assert decision.outcome is outcome


def test_archived_images_do_not_count_among_the_newest() -> None:
    images = [
        EcrImage(pushed_at=ago(1), tags=["a"], archived_at=ago(0.5)),
        EcrImage(pushed_at=ago(2), tags=["b"]),
        EcrImage(pushed_at=ago(3), tags=["c"]),
    ]
    plan = simulate(_policy(_rule(1, 1)), images, NOW)
    assert [decision.image.name for decision in plan.expired] == ["c"]


def test_an_image_that_an_index_refers_to_outlives_the_index() -> None:
    part = EcrImage(pushed_at=ago(10), digest="part")
    index = EcrImage(pushed_at=ago(10), digest="index", tags=["v1"], manifests=["part"])
    policy = _policy(_rule(1, 5, tagStatus="untagged", days=True), _rule(2, 5, days=True))
    plan = simulate(policy, [part, index], NOW)
    assert [decision.image.digest for decision in plan.expired] == ["index"]
    [kept] = plan.kept
    assert "kept, because the image index index refers to it" in kept.explain()
    assert [decision.image.digest for decision in simulate(policy, [part], NOW).expired] == ["part"]


def test_a_plan_explains_itself() -> None:
    images = [EcrImage(pushed_at=ago(n), tags=[f"v{n}"]) for n in (1, 2)]
    plan = simulate(_policy(_rule(1, 1, tagPatternList=["v*"])), [*images, EcrImage(pushed_at=ago(3))], NOW)
    assert plan.explain().splitlines() == [
        "v1: kept by rule 1 (expire images tagged v* beyond the newest 1)",
        "v2: expired because of rule 1 (expire images tagged v* beyond the newest 1)",
        "untagged image: kept, because no rule selects it",
    ]


@given(policies(), image_lists())
def test_every_image_has_exactly_one_decision(policy: LifecyclePolicy, images: list[EcrImage]) -> None:
    plan = simulate(policy, images, NOW)
    assert sorted(d.image.digest for d in plan.decisions) == sorted(image.digest for image in images)
    assert len(plan.kept) + len(plan.archived) + len(plan.expired) == len(images)


@given(policies(), image_lists(), st.randoms())
def test_the_order_of_the_images_does_not_matter(policy: LifecyclePolicy, images: list[EcrImage], random: Any) -> None:  # noqa: ANN401 - Hypothesis's own
    shuffled = random.sample(images, len(images))
    assert simulate(policy, shuffled, NOW) == simulate(policy, images, NOW)


@given(policies(), image_lists())
def test_a_policy_that_was_written_and_read_decides_the_same(policy: LifecyclePolicy, images: list[EcrImage]) -> None:
    again = LifecyclePolicy.from_text(json.dumps(policy.to_dict()))
    assert again == policy
    assert simulate(again, images, NOW) == simulate(policy, images, NOW)


@given(st.integers(1, 5), image_lists(tagged=True))
def test_a_younger_image_resurrects_no_older_one_under_a_count_rule(count: int, images: list[EcrImage]) -> None:
    policy = _policy(_rule(1, count, tagPatternList=["*"]))
    before = {decision.image.digest for decision in simulate(policy, images, NOW).expired}
    younger = EcrImage(pushed_at=NOW, tags=["new"], digest="sha256:new")
    after = {decision.image.digest for decision in simulate(policy, [*images, younger], NOW).expired}
    assert before <= after


@given(policies(), image_lists())
def test_no_rule_acts_on_what_a_rule_before_it_sees(policy: LifecyclePolicy, images: list[EcrImage]) -> None:
    for decision in simulate(policy, images, NOW).decisions:
        image = decision.image
        seeing = [r for r in policy.rules if r.selection.matches(image.tags, archived=image.archived_at is not None)]
        assert decision.rule == (seeing[0] if seeing else None)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"rules": [{}]}', '{"rules": [{"rulePriority": "x"}]}', "null"])
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="the text is not an ECR lifecycle policy"):
        LifecyclePolicy.from_text(text)
