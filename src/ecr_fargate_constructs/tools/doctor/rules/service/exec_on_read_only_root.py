"""ECS Exec has no directory to write to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.workload import services
from ecr_fargate_constructs.tools.doctor.rule import ROADMAP_ISSUE, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.assembly.workload import Container
    from ecr_fargate_constructs.tools.doctor.rule import Finding

_AGENT_PATHS = ("/managed-agents", "/var/lib/amazon/ssm", "/var/log/amazon/ssm")


class ExecOnReadOnlyRoot(Rule):
    """ECS Exec has no directory to write to."""

    id = "exec-on-read-only-root"
    severity = Severity.WARNING
    title = "ECS Exec has no directory to write to"
    why = "The agent of ECS Exec writes to the container's file system, whose root is read-only, so no shell opens."
    fix = "Mount writable volumes at /managed-agents, /var/lib/amazon/ssm and /var/log/amazon/ssm."
    source = ROADMAP_ISSUE + "1359"
    tags = ("service", "exec")

    def _check(self, app: App) -> Iterator[Finding]:
        for service in services(app):
            if service.resource.get("EnableExecuteCommand") is not True or service.task is None:
                continue
            for container in service.task.containers:
                missing = _missing(container)
                if container.essential and missing:
                    yield self.found(service.resource, f"container {container.name}: {', '.join(missing)}")


def _missing(container: Container) -> list[str]:
    """Return the directories of the agent that a container with a read-only root does not mount writable."""
    if container.definition.get("ReadonlyRootFilesystem") is not True:
        return []
    writable = {
        str(mount.get("ContainerPath"))
        for mount in container.definition.get("MountPoints") or []
        if mount.get("ReadOnly") is not True
    }
    return [path for path in _AGENT_PATHS if path not in writable]
