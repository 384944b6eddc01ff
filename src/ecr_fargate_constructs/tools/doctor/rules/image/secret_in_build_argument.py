"""A build argument looks like a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.secret_names import seems_secret
from ecr_fargate_constructs.tools.assembly.workload import containers
from ecr_fargate_constructs.tools.doctor.rule import Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class SecretInBuildArgument(Rule):
    """A build argument looks like a secret."""

    id = "secret-in-build-argument"
    severity = Severity.WARNING
    title = "A build argument looks like a secret"
    why = "Build arguments can be read in the cloud assembly and in the image's history."
    fix = "Use build_secrets of the image asset."
    source = "https://docs.docker.com/build/building/secrets/"
    tags = ("image", "secrets")

    def _check(self, app: App) -> Iterator[Finding]:
        for container in containers(app):
            for name, value in sorted(container.built.arguments.items()) if container.built is not None else ():
                if seems_secret(name, value):
                    yield self.found_in(container, f"argument {name}")
