"""Tags of the repository can be moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.doctor.rule import Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class MutableTags(Rule):
    """Tags of the repository can be moved."""

    id = "mutable-tags"
    severity = Severity.WARNING
    title = "Tags of the repository can be moved"
    why = "When a tag moves to another image, a rollback or a scale-out runs other code than was tested."
    fix = "Set image_tag_mutability=ecr.TagMutability.IMMUTABLE."
    source = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html"
    tags = ("repository", "reproducibility")

    def _check(self, app: App) -> Iterator[Finding]:
        for repository in app.of("AWS::ECR::Repository"):
            if not str(repository.get("ImageTagMutability") or "MUTABLE").startswith("IMMUTABLE"):
                yield self.found(repository, "ImageTagMutability is not IMMUTABLE")
