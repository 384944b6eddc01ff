"""The base image has reached its end of life."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.workload import containers
from ecr_fargate_constructs.tools.doctor.readers.base_images import end_of_life
from ecr_fargate_constructs.tools.doctor.readers.dockerfiles import base_of
from ecr_fargate_constructs.tools.doctor.rule import Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class BaseImageEndOfLife(Rule):
    """The base image has reached its end of life."""

    id = "base-image-end-of-life"
    severity = Severity.WARNING
    title = "The base image has reached its end of life"
    why = "It gets no more security fixes."
    fix = "Use a version that is maintained."
    source = "https://endoflife.date"
    tags = ("image", "dockerfile", "security")

    def _check(self, app: App) -> Iterator[Finding]:
        for container in containers(app):
            base = base_of(container)
            ended = None if base is None else end_of_life(base.reference)
            if base is not None and ended is not None:
                yield self.found_at(container, base.file, f"FROM {base.name}: {ended}", line=base.line)
