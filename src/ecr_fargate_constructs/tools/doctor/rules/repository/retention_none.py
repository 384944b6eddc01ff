"""The repository has no lifecycle policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.doctor.rule import ROADMAP_ISSUE, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class RetentionNone(Rule):
    """The repository has no lifecycle policy."""

    id = "retention-none"
    severity = Severity.WARNING
    title = "The repository has no lifecycle policy"
    why = "Every image is stored, and paid for, forever."
    fix = "Add a lifecycle rule that keeps the newest 20 images."
    source = ROADMAP_ISSUE + "1036"
    tags = ("repository", "retention", "cost")

    def _check(self, app: App) -> Iterator[Finding]:
        for repository in app.of("AWS::ECR::Repository"):
            if repository.get("LifecyclePolicy", "LifecyclePolicyText") is None:
                yield self.found(repository, "it has no lifecycle policy")
