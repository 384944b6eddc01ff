"""The image is pulled from Docker Hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.workload import containers
from ecr_fargate_constructs.tools.doctor.readers.dockerfiles import reference_of
from ecr_fargate_constructs.tools.doctor.rule import Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class DockerHubImage(Rule):
    """The image is pulled from Docker Hub."""

    id = "docker-hub-image"
    severity = Severity.WARNING
    title = "The image is pulled from Docker Hub"
    why = "Docker Hub limits pulls. A scale-out that reaches the limit starts no task."
    fix = "Take the image from public.ecr.aws, or mirror it into a repository of your own."
    source = "https://docs.docker.com/docker-hub/usage/pulls/"
    tags = ("task", "image", "availability")

    def _check(self, app: App) -> Iterator[Finding]:
        for container in containers(app):
            reference = reference_of(container)
            if reference is not None and reference.on_docker_hub and not container.image.startswith("${"):
                yield self.found_in(container, container.image)
