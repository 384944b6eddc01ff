"""The service uses a port that the container does not declare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.workload import services
from ecr_fargate_constructs.tools.doctor.rule import ECS, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class ContainerPortNotMapped(Rule):
    """The service uses a port that the container does not declare."""

    id = "container-port-not-mapped"
    severity = Severity.ERROR
    title = "The service uses a port that the container does not declare"
    why = "ECS refuses the service."
    fix = "Add the port to the container's port mappings, or correct the service's container port."
    source = ECS + "service-event-messages-list.html"
    tags = ("service", "ingress")

    def _check(self, app: App) -> Iterator[Finding]:
        for service in services(app):
            containers = {container.name: container for container in service.task.containers} if service.task else {}
            for entry in service.resource.get("LoadBalancers") or []:
                container = containers.get(str(entry.get("ContainerName")))
                port = app.number(entry.get("ContainerPort"), service.resource.template)
                if container is not None and port is not None and container.ports and port not in container.ports:
                    ports = ", ".join(map(str, container.ports))
                    yield self.found(service.resource, f"port {port} of container {container.name}, which has {ports}")
