"""The base image has no version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.workload import containers
from ecr_fargate_constructs.tools.doctor.readers.dockerfiles import base_of
from ecr_fargate_constructs.tools.doctor.rule import Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class BaseImageNotPinned(Rule):
    """The base image has no version."""

    id = "base-image-not-pinned"
    severity = Severity.WARNING
    title = "The base image has no version"
    why = "The next build may use another version of it, and the hash of the build context stays the same."
    fix = "Name a version in FROM, or a digest."
    source = "https://docs.docker.com/build/building/best-practices/"
    tags = ("image", "dockerfile", "reproducibility")

    def _check(self, app: App) -> Iterator[Finding]:
        for container in containers(app):
            base = base_of(container)
            if base is not None and not base.reference.pinned:
                yield self.found_at(container, base.file, f"FROM {base.name}", line=base.line)
