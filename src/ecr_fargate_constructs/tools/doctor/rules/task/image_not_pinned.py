"""The image has no version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.workload import containers
from ecr_fargate_constructs.tools.doctor.readers.dockerfiles import reference_of
from ecr_fargate_constructs.tools.doctor.rule import Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class ImageNotPinned(Rule):
    """The image has no version."""

    id = "image-not-pinned"
    severity = Severity.WARNING
    title = "The image has no version"
    why = (
        "Each release moves the tag. Two tasks of a service may then run different code, and a rollback "
        "does not bring the old code back."
    )
    fix = "Name a version or, better, a digest."
    source = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html"
    tags = ("task", "image", "reproducibility")

    def _check(self, app: App) -> Iterator[Finding]:
        for container in containers(app):
            reference = reference_of(container)
            if reference is not None and not reference.pinned and not container.image.endswith("}"):
                yield self.found_in(container, container.image)
