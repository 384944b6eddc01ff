"""The tasks cannot reach the registry of their image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.network import Reach
from ecr_fargate_constructs.tools.doctor.readers.pulling import gaps
from ecr_fargate_constructs.tools.doctor.rule import Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class NoWayToRegistry(Rule):
    """The tasks cannot reach the registry of their image."""

    id = "no-way-to-registry"
    severity = Severity.ERROR
    title = "The tasks cannot reach the registry of their image"
    why = "Their subnets have neither a route to the internet nor endpoints for ECR, so no image can be pulled."
    fix = (
        "Run the tasks in private subnets with a NAT gateway, or add interface endpoints for ecr.api and "
        "ecr.dkr and the gateway endpoint for S3. Endpoints do not lead to public registries: mirror such "
        "an image, or use a pull-through cache."
    )
    source = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html"
    tags = ("network", "endpoints")

    def _check(self, app: App) -> Iterator[Finding]:
        for gap in gaps(app):
            if gap.registry and gap.reach is not Reach.PUBLIC:
                detail = f"{gap.subnet.path} is {gap.reach.value}; {gap.registry}"
                yield self.found(gap.service.resource, detail)
