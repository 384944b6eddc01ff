"""Find the services that tasks on Fargate need at their start and cannot reach from their subnets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.endpoints import IMAGE_PULL
from ecr_fargate_constructs._rules.registry_reach import out_of_reach
from ecr_fargate_constructs.tools.assembly.network import (
    Reach,
    gateway_endpoints,
    interface_endpoints,
    reach,
    vpc_of,
)
from ecr_fargate_constructs.tools.assembly.workload import services

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App, Resource
    from ecr_fargate_constructs.tools.assembly.workload import Service, Task


@dataclass(frozen=True, kw_only=True)
class Gap:
    """The services that tasks cannot reach from a subnet.

    Attributes:
        service: The service.
        subnet: The subnet.
        reach: The reach of the subnet.
        registry: The reason why images cannot be pulled; empty if the endpoints of ECR exist.
        layers: Whether S3, which holds the layers of images, is out of reach.
        endpoints: Other missing endpoints, each with a container that needs it.
    """

    service: Service
    subnet: Resource
    reach: Reach
    registry: str = ""
    layers: bool = False
    endpoints: tuple[tuple[str, str], ...] = ()


def gaps(app: App) -> tuple[Gap, ...]:
    """Return the gap of each service on Fargate, for its first subnet that has one."""
    return app.once("gaps", lambda: tuple(gap for service in services(app) for gap in _gaps(app, service)))


def _gaps(app: App, service: Service) -> Iterator[Gap]:
    if not service.fargate or service.task is None:
        return
    for subnet in service.subnets:
        far = reach(app, subnet)
        if far is Reach.PRIVATE or (far is Reach.PUBLIC and service.has_public_address):
            continue
        present = interface_endpoints(app, vpc_of(app, subnet))
        missing = [name for name in IMAGE_PULL if name not in present]
        if missing or _has_public_image(service.task):
            why = f"no endpoint for {', '.join(missing)}" if missing else "the image is in a public registry"
            yield Gap(service=service, subnet=subnet, reach=far, registry=why)
        else:
            yield Gap(
                service=service,
                subnet=subnet,
                reach=far,
                layers="s3" not in gateway_endpoints(app, subnet),
                endpoints=tuple(each for each in sorted(_needed(service.task).items()) if each[0] not in present),
            )
        return


def _needed(task: Task) -> dict[str, str]:
    """Return the endpoints that a task needs at its start, without those for its image, and a container for each."""
    needed: dict[str, str] = {}
    for container in task.containers:
        logging = container.definition.get("LogConfiguration") or {}
        if logging.get("LogDriver") == "awslogs":
            needed.setdefault("logs", container.name)
        for secret in [*(container.definition.get("Secrets") or []), *(logging.get("SecretOptions") or [])]:
            needed.setdefault("secretsmanager" if container.managed(secret) else "ssm", container.name)
    return needed


def _has_public_image(task: Task) -> bool:
    images = (container.image for container in task.containers if "${" not in container.image)
    return any(out_of_reach(image, region=None, regions=()) is not None for image in images)
