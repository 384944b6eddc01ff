"""The container runs as root."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.workload import containers
from ecr_fargate_constructs.tools.doctor.rule import ECS_CONTROLS, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding

_ROOT = re.compile(r"(?:root|0)(?::\S*)?")
_WITH_USER = re.compile(r"nonroot|unprivileged|rootless")
"""Names of base images that set a user."""


class RunsAsRoot(Rule):
    """The container runs as root."""

    id = "runs-as-root"
    severity = Severity.WARNING
    title = "The container runs as root"
    why = "An attacker who breaks into the application is root in its container."
    fix = "Add USER 10001 to the Dockerfile, or set user= of the container."
    source = ECS_CONTROLS
    tags = ("image", "dockerfile", "security")

    def _check(self, app: App) -> Iterator[Finding]:
        for container in containers(app):
            image, dockerfile = container.built, container.dockerfile
            if image is None or dockerfile is None or container.definition.get("User"):
                continue
            chain, user = dockerfile.chain(image.target), dockerfile.last("USER", image.target)
            if not chain or _WITH_USER.search(chain[0].image):
                continue
            if user is None:
                yield self.found_at(container, image.dockerfile, "no USER", line=chain[-1].source.line)
            elif _ROOT.fullmatch(user.value):
                yield self.found_at(container, image.dockerfile, f"USER {user.value}", line=user.line)
