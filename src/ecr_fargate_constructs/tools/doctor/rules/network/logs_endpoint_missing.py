"""The tasks cannot reach CloudWatch Logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.doctor.readers.pulling import gaps
from ecr_fargate_constructs.tools.doctor.rule import Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class LogsEndpointMissing(Rule):
    """The tasks cannot reach CloudWatch Logs."""

    id = "logs-endpoint-missing"
    severity = Severity.ERROR
    title = "The tasks cannot reach CloudWatch Logs"
    why = "A container whose awslogs driver cannot connect does not start."
    fix = "Add the interface endpoint for logs."
    source = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html"
    tags = ("network", "endpoints", "logs")

    def _check(self, app: App) -> Iterator[Finding]:
        for gap in gaps(app):
            for endpoint, container in gap.endpoints:
                if endpoint == "logs":
                    detail = f"container {container} needs the endpoint {endpoint} in {gap.subnet.path}"
                    yield self.found(gap.service.resource, detail)
