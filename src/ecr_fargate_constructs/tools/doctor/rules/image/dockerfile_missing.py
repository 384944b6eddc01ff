"""The build context has no such Dockerfile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.workload import containers
from ecr_fargate_constructs.tools.doctor.rule import Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class DockerfileMissing(Rule):
    """The build context has no such Dockerfile."""

    id = "dockerfile-missing"
    severity = Severity.ERROR
    title = "The build context has no such Dockerfile"
    why = "The deployment ends when the image is built."
    fix = "Correct file= of the image asset, and check that .dockerignore does not exclude the Dockerfile."
    source = "https://docs.docker.com/build/building/context/#dockerignore-files"
    tags = ("image", "dockerfile")

    def _check(self, app: App) -> Iterator[Finding]:
        for container in containers(app):
            if container.built is not None and container.dockerfile is None:
                yield self.found_in(container, container.built.dockerfile.name)
