"""The application is process 1 of its container."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.workload import containers
from ecr_fargate_constructs.tools.doctor.rule import ECS, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class NoInitProcess(Rule):
    """The application is process 1 of its container."""

    id = "no-init-process"
    severity = Severity.WARNING
    title = "The application is process 1 of its container"
    why = (
        "Process 1 has no default handling of SIGTERM and has to reap its children: many applications are "
        "killed at the stop timeout."
    )
    fix = "Set linux_parameters=ecs.LinuxParameters(scope, id, init_process_enabled=True)."
    source = ECS + "load-balancer-connection-draining.html"
    tags = ("task", "shutdown")

    def _check(self, app: App) -> Iterator[Finding]:
        for container in containers(app):
            parameters = container.definition.get("LinuxParameters") or {}
            if container.essential and not container.task.windows and parameters.get("InitProcessEnabled") is not True:
                yield self.found_in(container, "InitProcessEnabled is not set")
