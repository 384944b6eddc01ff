"""Images and rules for properties."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import combinations, product

from hypothesis import strategies as st

from ecr_fargate_constructs._rules.lifecycle_policy import (
    CountType,
    LifecycleAction,
    LifecyclePolicy,
    PolicyRule,
    Selection,
    TagStatus,
)
from ecr_fargate_constructs._rules.simulation import EcrImage

NOW = datetime(2026, 6, 1, tzinfo=timezone.utc)
TAGS = ["release-1", "release-2", "pr-1", "pr-12", "main", "v1"]
MOST = 40

# Made once: Hypothesis validates a strategy when it first draws from it, which in a loop takes longer than to draw.
# Sets are drawn whole, since one of three takes seven draws.
AGES = st.integers(0, 400)
LATER = st.none() | AGES
SOME_TAGS = st.sampled_from([tags for size in range(4) for tags in combinations(TAGS, size)])
ONE_TAG_OR_MORE = st.sampled_from([tags for size in range(1, 4) for tags in combinations(TAGS, size)])
OTHERS = st.sampled_from([others for size in range(3) for others in combinations(range(MOST), size)])
STATUSES = st.sampled_from(TagStatus)
GLOBS = st.sampled_from(
    [globs for size in (1, 2) for globs in product(["release-*", "pr-*", "*", "*1", "main"], repeat=size)]
)
KINDS = st.sampled_from(CountType)
ACTIONS = st.sampled_from(LifecycleAction)
NUMBERS = st.integers(1, 300)
RULES = st.integers(0, 5)


def ago(days: float) -> datetime:
    """An instant so many days before now."""
    return NOW - timedelta(days=days)


@st.composite
def image_lists(draw: st.DrawFn, *, tagged: bool = False, most: int = 12) -> list[EcrImage]:
    """Images with distinct digests, of any age, some archived, some pulled, some indexes of others."""
    count = draw(st.integers(0, most))
    digests = [f"sha256:{number:064x}" for number in range(count)]
    images = []
    for number, digest in enumerate(digests):
        pushed = draw(AGES)
        archived, pulled = (None if age is None else age % (pushed + 1) for age in (draw(LATER), draw(LATER)))
        images.append(
            EcrImage(
                pushed_at=ago(pushed + number / 1000),
                tags=draw(ONE_TAG_OR_MORE if tagged else SOME_TAGS),
                digest=digest,
                pulled_at=None if pulled is None else ago(pulled),
                archived_at=None if archived is None else ago(archived),
                manifests=tuple({digests[other % number] for other in draw(OTHERS)}) if number else (),
            )
        )
    return images


@st.composite
def policies(draw: st.DrawFn) -> LifecyclePolicy:
    """Policies in ECR's language, whatever they do."""
    rules = []
    for priority in range(1, draw(RULES) + 1):
        status = draw(STATUSES)
        globs = draw(GLOBS)
        kind = draw(KINDS)
        archived = kind is CountType.DAYS_SINCE_ARCHIVED
        action = LifecycleAction.EXPIRE if archived else draw(ACTIONS)
        patterns = tuple(dict.fromkeys(globs)) if status is TagStatus.TAGGED else ()
        rules.append(
            PolicyRule(
                priority=priority,
                selection=Selection(tag_status=status, patterns=patterns, archived=archived),
                count_type=kind,
                number=draw(NUMBERS),
                action=action,
            )
        )
    return LifecyclePolicy(tuple(rules))
