"""The image is built for another processor architecture than its task's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.workload import PLATFORMS, containers
from ecr_fargate_constructs.tools.doctor.readers.dockerfiles import pinned_platform
from ecr_fargate_constructs.tools.doctor.rule import CDK_ISSUE, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class ArchitectureMismatch(Rule):
    """The image is built for another processor architecture than its task's."""

    id = "architecture-mismatch"
    severity = Severity.ERROR
    title = "The image is built for another processor architecture than its task's"
    why = "The container ends with 'exec format error'."
    fix = (
        "Use one architecture for both: platform of the image asset, and cpu_architecture of the task's "
        "runtime platform."
    )
    source = CDK_ISSUE + "25362"
    tags = ("image", "architecture")

    def _check(self, app: App) -> Iterator[Finding]:
        for container in containers(app):
            image, wanted = container.built, PLATFORMS.get(container.task.architecture, "")
            if image is None:
                continue
            pinned = pinned_platform(container)
            if image.platform is not None and not _same(image.platform, wanted):
                yield self.found_in(container, f"it runs on {wanted}, and its image is built for {image.platform}")
            elif pinned is not None and not _same(pinned.platform, wanted):
                detail = f"it runs on {wanted}, and its base image is for {pinned.platform}"
                yield self.found_at(container, image.dockerfile, detail, line=pinned.line)


def _same(platform: str, wanted: str) -> bool:
    """Return whether two platforms are the same but for the variant, as in linux/arm64/v8."""
    return platform.split("/")[:2] == wanted.split("/")
