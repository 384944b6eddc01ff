"""Fargate does not support an option of the task definition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.workload import tasks
from ecr_fargate_constructs.tools.doctor.rule import Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.assembly.workload import Container, Task
    from ecr_fargate_constructs.tools.doctor.rule import Finding

_DRIVERS = ("awslogs", "splunk", "awsfirelens")
_OPTIONS = (
    "Privileged",
    "Links",
    "DnsServers",
    "DnsSearchDomains",
    "ExtraHosts",
    "DockerSecurityOptions",
    "Hostname",
    "DisableNetworking",
)
_LINUX_OPTIONS = ("Devices", "SharedMemorySize", "Tmpfs")


class FargateOptionUnsupported(Rule):
    """Fargate does not support an option of the task definition."""

    id = "fargate-option-unsupported"
    severity = Severity.ERROR
    title = "Fargate does not support an option of the task definition"
    why = "Fargate refuses the task definition."
    fix = "Leave the option out, or run the service on EC2."
    source = "https://docs.aws.amazon.com/AmazonECS/latest/userguide/fargate-task-defs.html"
    tags = ("task", "fargate")

    def _check(self, app: App) -> Iterator[Finding]:
        for task in tasks(app):
            for detail in _unsupported(task) if task.fargate else ():
                yield self.found(task.resource, detail)


def _unsupported(task: Task) -> Iterator[str]:
    mode = task.resource.get("NetworkMode")
    if mode != "awsvpc":
        yield f"NetworkMode {mode or 'bridge'}; Fargate has awsvpc only"
    if task.resource.get("PlacementConstraints"):
        yield "PlacementConstraints"
    for volume in task.resource.get("Volumes") or []:
        if (volume.get("Host") or {}).get("SourcePath") or volume.get("DockerVolumeConfiguration"):
            yield f"volume {volume.get('Name')} on the host"
    for container in task.containers:
        yield from (f"container {container.name}: {option}" for option in _options(container))


def _options(container: Container) -> Iterator[str]:
    definition = container.definition
    yield from (name for name in _OPTIONS if definition.get(name))
    linux = definition.get("LinuxParameters") or {}
    yield from (f"LinuxParameters.{name}" for name in _LINUX_OPTIONS if linux.get(name))
    if any(each.get("Type") == "GPU" for each in definition.get("ResourceRequirements") or []):
        yield "a GPU"
    driver = (definition.get("LogConfiguration") or {}).get("LogDriver")
    if driver is not None and driver not in _DRIVERS:
        yield f"log driver {driver}; Fargate has {', '.join(_DRIVERS)}"
    for mapping in definition.get("PortMappings") or []:
        host = container.number(mapping.get("HostPort"))
        if host not in {None, 0, container.number(mapping.get("ContainerPort"))}:
            yield f"host port {host} differs from the container's"
