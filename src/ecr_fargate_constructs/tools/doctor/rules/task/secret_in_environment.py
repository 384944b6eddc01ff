"""A secret is in the environment in clear text."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.secret_names import is_secret_value, seems_secret
from ecr_fargate_constructs.tools.assembly.workload import containers
from ecr_fargate_constructs.tools.doctor.rule import ECS_CONTROLS, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.assembly.workload import Container
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class SecretInEnvironment(Rule):
    """A secret is in the environment in clear text."""

    id = "secret-in-environment"
    severity = Severity.WARNING
    title = "A secret is in the environment in clear text"
    why = "Everyone who may read the task definition, the template or the image can read the secret."
    fix = "Use secrets={name: ecs.Secret.from_secrets_manager(…)} of the container."
    source = ECS_CONTROLS
    tags = ("task", "dockerfile", "secrets")

    def _check(self, app: App) -> Iterator[Finding]:
        for container in containers(app):
            for entry in container.definition.get("Environment") or []:
                name, value, home = str(entry.get("Name")), entry.get("Value"), container.task.resource.template
                literal = app.literal(value, home)
                # CloudFormation fills in {{resolve:…}}, and describe-task-definition shows the result to everyone.
                if seems_secret(name, literal) if literal else is_secret_value(app.text(value, home)):
                    yield self.found_in(container, f"variable {name}")
            yield from self._dockerfile(container)

    def _dockerfile(self, container: Container) -> Iterator[Finding]:
        image, dockerfile = container.built, container.dockerfile
        if image is None or dockerfile is None:
            return
        instructions = (each for stage in dockerfile.chain(image.target) for each in stage.instructions)
        for each in instructions:
            names = (
                (name for name, value in each.assignments if seems_secret(name, value)) if each.name == "ENV" else ()
            )
            for name in islice(names, 1):
                yield self.found_at(container, image.dockerfile, f"ENV {name}", line=each.line)
