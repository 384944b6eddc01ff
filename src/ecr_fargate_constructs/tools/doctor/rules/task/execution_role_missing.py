"""The task definition has no execution role."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.workload import tasks
from ecr_fargate_constructs.tools.doctor.rule import ECS, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.assembly.workload import Container
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class ExecutionRoleMissing(Rule):
    """The task definition has no execution role."""

    id = "execution-role-missing"
    severity = Severity.ERROR
    title = "The task definition has no execution role"
    why = "ECS is not allowed to pull a private image, to write logs or to read secrets for the task."
    fix = (
        "Give the task definition an execution role. CDK creates one when images, logs and secrets are "
        "given as its classes."
    )
    source = ECS + "task_execution_IAM_role.html"
    tags = ("task", "permissions")

    def _check(self, app: App) -> Iterator[Finding]:
        for task in tasks(app):
            if task.resource.get("ExecutionRoleArn") is not None:
                continue
            needs = (self.found_in(container, why) for container in task.containers if (why := _need(container)))
            yield from islice(needs, 1)


def _need(container: Container) -> str | None:
    if (container.definition.get("LogConfiguration") or {}).get("LogDriver") == "awslogs":
        return "it logs to CloudWatch"
    if container.definition.get("Secrets"):
        return "it has secrets"
    return "its image is in a private repository" if ".dkr.ecr." in container.image else None
