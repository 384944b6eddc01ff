"""Images and rules for properties."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import strategies as st

from ecr_fargate_constructs.repository.lifecycle_policy import (
    CountType,
    LifecycleAction,
    LifecyclePolicy,
    PolicyRule,
    Selection,
    TagStatus,
)
from ecr_fargate_constructs.repository.simulation import EcrImage

NOW = datetime(2026, 6, 1, tzinfo=timezone.utc)
TAGS = st.sampled_from(["release-1", "release-2", "pr-1", "pr-12", "main", "v1"])


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
        pushed = draw(st.integers(0, 400))
        archived = draw(st.none() | st.integers(0, pushed))
        pulled = draw(st.none() | st.integers(0, pushed))
        images.append(
            EcrImage(
                pushed_at=ago(pushed + number / 1000),
                tags=tuple(draw(st.sets(TAGS, min_size=1 if tagged else 0, max_size=3))),
                digest=digest,
                pulled_at=None if pulled is None else ago(pulled),
                archived_at=None if archived is None else ago(archived),
                manifests=tuple(draw(st.sets(st.sampled_from(digests[:number]), max_size=2))) if number else (),
            )
        )
    return images


@st.composite
def policies(draw: st.DrawFn) -> LifecyclePolicy:
    """Policies in ECR's language, whatever they do."""
    rules = []
    for priority in range(1, draw(st.integers(0, 5)) + 1):
        status = draw(st.sampled_from(TagStatus))
        globs = draw(st.lists(st.sampled_from(["release-*", "pr-*", "*", "*1", "main"]), min_size=1, max_size=2))
        kind = draw(st.sampled_from(CountType))
        archived = kind is CountType.DAYS_SINCE_ARCHIVED
        action = LifecycleAction.EXPIRE if archived else draw(st.sampled_from(LifecycleAction))
        patterns = tuple(dict.fromkeys(globs)) if status is TagStatus.TAGGED else ()
        rules.append(
            PolicyRule(
                priority=priority,
                selection=Selection(tag_status=status, patterns=patterns, archived=archived),
                count_type=kind,
                number=draw(st.integers(1, 300)),
                action=action,
            )
        )
    return LifecyclePolicy(tuple(rules))
