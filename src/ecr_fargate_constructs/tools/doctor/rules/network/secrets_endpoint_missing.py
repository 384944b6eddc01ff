"""The tasks cannot reach the service that holds their secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.doctor.readers.pulling import gaps
from ecr_fargate_constructs.tools.doctor.rule import ECS, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class SecretsEndpointMissing(Rule):
    """The tasks cannot reach the service that holds their secrets."""

    id = "secrets-endpoint-missing"
    severity = Severity.ERROR
    title = "The tasks cannot reach the service that holds their secrets"
    why = "ECS reads the secrets of a task before its containers start, so the task does not start."
    fix = "Add the interface endpoint for secretsmanager, or for ssm when the secrets are parameters."
    source = ECS + "resource-initialization-error.html"
    tags = ("network", "endpoints", "secrets")

    def _check(self, app: App) -> Iterator[Finding]:
        for gap in gaps(app):
            for endpoint, container in gap.endpoints:
                if endpoint != "logs":
                    detail = f"container {container} needs the endpoint {endpoint} in {gap.subnet.path}"
                    yield self.found(gap.service.resource, detail)
