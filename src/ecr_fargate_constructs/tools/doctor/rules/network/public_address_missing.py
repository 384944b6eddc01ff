"""The tasks run in a public subnet without public addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.network import Reach
from ecr_fargate_constructs.tools.doctor.readers.pulling import gaps
from ecr_fargate_constructs.tools.doctor.rule import ECS, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class PublicAddressMissing(Rule):
    """The tasks run in a public subnet without public addresses."""

    id = "public-address-missing"
    severity = Severity.ERROR
    title = "The tasks run in a public subnet without public addresses"
    why = "A task in a public subnet reaches the internet only with a public address, so no image can be pulled."
    fix = "Set assign_public_ip=True, or run the tasks in private subnets."
    source = ECS + "task_cannot_pull_image.html"
    tags = ("network",)

    def _check(self, app: App) -> Iterator[Finding]:
        for gap in gaps(app):
            if gap.registry and gap.reach is Reach.PUBLIC:
                detail = f"{gap.subnet.path} is {gap.reach.value}; {gap.registry}"
                yield self.found(gap.service.resource, detail)
