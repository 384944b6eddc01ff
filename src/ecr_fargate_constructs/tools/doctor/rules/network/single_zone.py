"""All tasks run in one availability zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.model import as_json
from ecr_fargate_constructs.tools.assembly.workload import services
from ecr_fargate_constructs.tools.doctor.rule import ELB_CONTROLS, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.assembly.workload import Service
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class SingleZone(Rule):
    """All tasks run in one availability zone."""

    id = "single-zone"
    severity = Severity.WARNING
    title = "All tasks run in one availability zone"
    why = "When the zone fails, all tasks fail."
    fix = "Give the service subnets in two zones or more."
    source = ELB_CONTROLS
    tags = ("network", "availability")

    def _check(self, app: App) -> Iterator[Finding]:
        for service in services(app):
            zones = {as_json(subnet.get("AvailabilityZone")) for subnet in service.subnets}
            if len(zones) == 1 and len(service.subnets) == _written(service):
                yield self.found(service.resource, f"{len(service.subnets)} subnets, one zone")


def _written(service: Service) -> int:
    """Return the number of subnets that a service has, those of other apps included."""
    value = service.resource.get("NetworkConfiguration", "AwsvpcConfiguration", "Subnets")
    return len(value) if isinstance(value, list) else 0
