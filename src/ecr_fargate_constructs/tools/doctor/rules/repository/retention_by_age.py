"""Images that tasks run expire by age."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.doctor.readers.retention import expires_by_age
from ecr_fargate_constructs.tools.doctor.rule import ROADMAP_ISSUE, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class RetentionByAge(Rule):
    """Images that tasks run expire by age."""

    id = "retention-by-age"
    severity = Severity.WARNING
    title = "Images that tasks run expire by age"
    why = (
        "A lifecycle policy does not know which images are in use. The image of a service that is not "
        "deployed for a while expires, and its next task cannot start."
    )
    fix = (
        "Keep images by count, and use age only for tags that narrow it down, such as pr-*. 'ecr-fargate "
        "retention simulate' shows the effect of a policy."
    )
    source = ROADMAP_ISSUE + "1078"
    tags = ("repository", "retention", "availability")

    def _check(self, app: App) -> Iterator[Finding]:
        for repository in app.of("AWS::ECR::Repository"):
            detail = expires_by_age(app, repository)
            if detail is not None:
                yield self.found(repository, detail)
