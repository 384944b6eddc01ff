"""Simulate what the lifecycle policy of a repository does to its images."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.lifecycle_policy import LifecyclePolicy
from ecr_fargate_constructs._rules.simulation import EcrImage, Outcome, simulate
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.tools.assembly.workload import containers

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.assembly.model import App, Resource

RELEASES = 10
"""A sufficient number of images to roll back to."""

_NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)  # any time will do: only differences matter
_OLD = timedelta(days=3650)
_SOME_TAG = "0123456789abcdef"


def policy_of(repository: Resource) -> LifecyclePolicy | None:
    """Return the lifecycle policy of a repository; None if there is none, or ECR would refuse it."""
    text = repository.get("LifecyclePolicy", "LifecyclePolicyText")
    try:
        return LifecyclePolicy.from_text(text) if isinstance(text, str) else None
    except ConfigurationError:
        return None


def expires_by_age(app: App, repository: Resource) -> str | None:
    """Return what happens to the only image of a repository once it is old; None if it is kept."""
    policy = policy_of(repository)
    if policy is None:
        return None
    used = _tag_in_use(app, repository)
    tag = used or _SOME_TAG
    only = simulate(policy, [EcrImage(tags=[tag], pushed_at=_NOW - _OLD)], _NOW).decisions[0]
    # An archived image can be restored, which is too late for a task that runs it.
    if only.outcome is Outcome.EXPIRED or (only.outcome is Outcome.ARCHIVED and used is not None):
        return f"an old image tagged {tag} is removed: {only.rule}"
    return None


def kept_releases(app: App, repository: Resource) -> str | None:
    """Return how many of ten newly pushed images are kept, and why; None if all of them are."""
    policy = policy_of(repository)
    if policy is None:
        return None
    tag = _tag_in_use(app, repository) or _SOME_TAG
    releases = [
        EcrImage(tags=[tag], digest=f"sha256:{number:064}", pushed_at=_NOW - timedelta(minutes=number))
        for number in range(1, RELEASES + 1)
    ]
    gone = [each for each in simulate(policy, releases, _NOW).decisions if each.outcome is not Outcome.KEPT]
    return f"{RELEASES - len(gone)} of {RELEASES} are kept: {gone[-1].rule}" if gone else None


def _tag_in_use(app: App, repository: Resource) -> str | None:
    """Return the tag that a task of the app runs from a repository; None if no task does."""
    return app.once("tags in use", lambda: _tags_in_use(app)).get(repository)


def _tags_in_use(app: App) -> dict[Resource, str]:
    tags: dict[Resource, str] = {}
    for container in containers(app):
        tag = container.image.rpartition(":")[2]
        if tag and "/" not in tag and "}" not in tag:
            for target in app.targets(container.definition.get("Image"), container.task.resource.template):
                tags.setdefault(target, tag)
    return tags
