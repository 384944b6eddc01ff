"""Anyone can connect to the tasks directly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.network import openings
from ecr_fargate_constructs.tools.assembly.workload import services
from ecr_fargate_constructs.tools.doctor.rule import ECS_CONTROLS, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class TaskOpenToWorld(Rule):
    """Anyone can connect to the tasks directly."""

    id = "task-open-to-world"
    severity = Severity.WARNING
    title = "Anyone can connect to the tasks directly"
    why = "Such a connection bypasses the load balancer, with its TLS, its logs and its rules."
    fix = "Let the load balancer's security group be the only source in the tasks' security group."
    source = ECS_CONTROLS
    tags = ("network", "security")

    def _check(self, app: App) -> Iterator[Finding]:
        for service in services(app):
            world = [opening for opening in openings(app, service.security_groups) if opening.to_the_world]
            if world and service.target_groups:
                ports = "every port" if world[0].first is None else f"port {world[0].first}"
                yield self.found(service.resource, f"{ports} is open to {world[0].source}")
