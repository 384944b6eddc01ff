"""The repository keeps fewer than 10 images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.doctor.readers.retention import expires_by_age, kept_releases
from ecr_fargate_constructs.tools.doctor.rule import ROADMAP_ISSUE, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class RetentionTooFew(Rule):
    """The repository keeps fewer than 10 images."""

    id = "retention-too-few"
    severity = Severity.WARNING
    title = "The repository keeps fewer than 10 images"
    why = "After a few deployments the image to roll back to is gone."
    fix = "Keep 10 images or more."
    source = ROADMAP_ISSUE + "1078"
    tags = ("repository", "retention")

    def _check(self, app: App) -> Iterator[Finding]:
        for repository in app.of("AWS::ECR::Repository"):
            detail = None if expires_by_age(app, repository) else kept_releases(app, repository)
            if detail is not None:
                yield self.found(repository, detail)
