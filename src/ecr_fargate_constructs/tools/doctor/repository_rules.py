"""What becomes of images and logs."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.lifecycle_policy import LifecyclePolicy
from ecr_fargate_constructs._rules.simulation import EcrImage, Outcome, simulate
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.tools.assembly.workload import tasks
from ecr_fargate_constructs.tools.doctor.rule import ROADMAP_ISSUE, found, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App, Resource
    from ecr_fargate_constructs.tools.doctor.rule import Finding

_RELEASES = 10
_NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)  # only distances to it count
_SOME_TAG = "0123456789abcdef"

MUTABLE_TAGS = warning(
    "mutable-tags",
    "A tag can be moved to another image, so that a rollback or a scale-out runs other bits than were tested.",
    "image_tag_mutability=ecr.TagMutability.IMMUTABLE",
    "https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html",
)
RETENTION_NONE = warning(
    "retention-none",
    "Every image is stored, and paid for, for ever.",
    "Add a lifecycle rule that keeps the newest 20 by count.",
    ROADMAP_ISSUE + "1036",
)
RETENTION_BY_AGE = warning(
    "retention-by-age",
    "Age knows no running task: the image of a service that is not deployed for a while expires, and the next task "
    "cannot start.",
    "Keep by count, and use age only for tags that narrow it down, such as pr-*. 'ecr-fargate retention simulate' "
    "shows what a policy does.",
    ROADMAP_ISSUE + "1078",
)
RETENTION_TOO_FEW = warning(
    "retention-too-few",
    f"Fewer than {_RELEASES} images are kept: a few deployments later the one to roll back to is gone.",
    f"Keep {_RELEASES} or more.",
    ROADMAP_ISSUE + "1078",
)
LOGS_NEVER_EXPIRE = warning(
    "log-group-never-expires",
    "Log events are stored, and paid for, for ever.",
    "retention=logs.RetentionDays.ONE_MONTH, or as long as you have to.",
    "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html",
)

RULES = (MUTABLE_TAGS, RETENTION_NONE, RETENTION_BY_AGE, RETENTION_TOO_FEW, LOGS_NEVER_EXPIRE)


def check(app: App) -> Iterator[Finding]:
    """Look at each repository and each log group."""
    for repository in app.of("AWS::ECR::Repository"):
        if not str(repository.get("ImageTagMutability") or "MUTABLE").startswith("IMMUTABLE"):
            yield found(MUTABLE_TAGS, repository, "ImageTagMutability is not IMMUTABLE")
        yield from _retention(app, repository)
    for group in app.of("AWS::Logs::LogGroup"):
        if group.get("RetentionInDays") is None:
            yield found(LOGS_NEVER_EXPIRE, group, "RetentionInDays is not set")


def _retention(app: App, repository: Resource) -> Iterator[Finding]:
    text = repository.get("LifecyclePolicy", "LifecyclePolicyText")
    if text is None:
        yield found(RETENTION_NONE, repository, "it has no lifecycle policy")
        return
    try:
        policy = LifecyclePolicy.from_text(text) if isinstance(text, str) else None
    except ConfigurationError:
        policy = None  # ECR will say what is wrong with it
    if policy is None:
        return
    used = _tag_in_use(app, repository)
    tag = used or _SOME_TAG
    quiet = simulate(policy, [EcrImage(tags=[tag], pushed_at=_NOW - timedelta(days=3650))], _NOW).decisions[0]
    # What is archived can be restored, which hurts only who runs it.
    if quiet.outcome is Outcome.EXPIRED or (quiet.outcome is Outcome.ARCHIVED and used is not None):
        yield found(RETENTION_BY_AGE, repository, f"an old image tagged {tag} goes: {quiet.rule}")
        return
    releases = [
        EcrImage(tags=[tag], digest=f"sha256:{number:064}", pushed_at=_NOW - timedelta(minutes=number))
        for number in range(1, _RELEASES + 1)
    ]
    gone = [each for each in simulate(policy, releases, _NOW).decisions if each.outcome is not Outcome.KEPT]
    if gone:
        yield found(RETENTION_TOO_FEW, repository, f"{_RELEASES - len(gone)} of {_RELEASES} stay: {gone[-1].rule}")


def _tag_in_use(app: App, repository: Resource) -> str | None:
    """The tag that a task of the app runs from a repository; None where none does."""
    for task in tasks(app):
        for container in task.containers:
            if repository in app.targets(container.definition.get("Image"), task.resource.template):
                tag = container.image.rpartition(":")[2]
                if tag and "/" not in tag and "}" not in tag:
                    return tag
    return None
