"""Connections between the services of a Copilot application, and the variables that Copilot sets.

Copilot puts all services of an environment into one security group, whose members reach each other at all ports
(templates/environment/cf.yml of aws/copilot-cli), and gives each service with a port a name in a DNS namespace. In the
program the services reach each other at the ports that the manifests name.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate.compose_hosts import hosts_in
from ecr_fargate_constructs.tools.migrate.fields import Fields, text_of
from ecr_fargate_constructs.tools.migrate.model import Shape
from ecr_fargate_constructs.tools.migrate.order import callees_first

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ecr_fargate_constructs.tools.migrate.document import Node
    from ecr_fargate_constructs.tools.migrate.ledger import Ledger
    from ecr_fargate_constructs.tools.migrate.model import Container, Service

_OPTIONS = {
    "COPILOT_APPLICATION_NAME": "--variable COPILOT_APPLICATION_NAME=…",
    "COPILOT_ENVIRONMENT_NAME": "--environment …, or --variable COPILOT_ENVIRONMENT_NAME=…",
}
ENVIRONMENT = "environment"
"""Name of the network of an environment."""


@dataclass(frozen=True)
class Manifest:
    """A manifest.

    Attributes:
        service: The service that it describes.
        root: The document.
        ledger: Its ledger.
    """

    service: Service
    root: Node
    ledger: Ledger


@dataclass(frozen=True, kw_only=True)
class Names:
    """The names of the application and of its environment.

    Attributes:
        application: Name of the application; None if unknown.
        environment: Name of the environment; None if unknown.
        alone: Whether there is only one manifest.
    """

    application: str | None
    environment: str | None
    alone: bool

    @property
    def endpoint(self) -> str:
        """The DNS namespace of an environment: ``test.shop.local``."""
        return ".".join([*filter(None, (self.environment, self.application or "app")), "local"])

    @property
    def variables(self) -> dict[str, str | None]:
        """The variables that every container gets; None for an unknown value."""
        complete = self.application is not None and self.environment is not None
        resolves = complete or not self.alone  # the program has a namespace of this name if there are several services
        return {
            "COPILOT_APPLICATION_NAME": self.application,
            "COPILOT_ENVIRONMENT_NAME": self.environment,
            "COPILOT_SERVICE_DISCOVERY_ENDPOINT": self.endpoint if resolves else None,
        }


def with_variables(fields: Fields, service: Service, names: Names) -> Service:
    """Return the service with the variables that Copilot sets, and list those that have no value.

    Source: envvars-common.yml and envvars-container.yml of aws/copilot-cli.
    """
    common = {"COPILOT_SERVICE_NAME": service.name, **names.variables}
    missing = [name for name, value in common.items() if value is None]
    if missing:
        fields.check(
            "name",
            f"Copilot also sets {', '.join(missing)}, which the program does not",
            f"run the command again with {' and '.join(_OPTIONS[each] for each in missing if each in _OPTIONS)}",
        )

    def given(container: Container) -> Container:
        values = {name: value for name, value in common.items() if value is not None}
        if container.mounts:
            mounts = {mount.volume.name: mount.path for mount in container.mounts}
            values["COPILOT_MOUNT_POINTS"] = json.dumps(mounts, separators=(",", ":"))
        return replace(container, environment={**values, **container.environment})

    sidecars = tuple(replace(each, container=given(each.container)) for each in service.sidecars)
    return replace(service, container=given(service.container), sidecars=sidecars)


def list_alone(fields: Fields, service: Service, names: Names) -> None:
    """Add a finding that the other services of the environment are not in the program."""
    if names.alone and service.ports and service.networks:
        fields.check(
            "type",
            "in Copilot the other services of the environment reach it; the program has no other service",
            "pass the manifests of all services at once, if there are others",
        )


def connect(services: Sequence[Service], manifests: Sequence[Manifest], names: Names) -> list[Service]:
    """Return the services with their names in the DNS namespace and with their calls through Service Connect."""
    if names.alone:
        return [replace(service, networks=()) for service in services]
    registered = [
        replace(service, discovery_name=service.name) if service.networks and _listens(service) else service
        for service in _on_own_routes(services, manifests)
    ]
    members = {
        service.connect_name: service for service in registered if service.connect_name and service.port is not None
    }
    calls: dict[str, dict[str, Node]] = {service.name: {} for service in registered}
    for service, manifest in zip(registered, manifests, strict=True):
        for host, node in _hosts(manifest.root) if service.connect_name else ():
            member = members.get(host)
            if member is not None and member.name != service.name:
                calls[service.name].setdefault(member.name, node)
    position = {name: place for place, name in enumerate(callees_first(calls))}
    for manifest in manifests:
        caller = manifest.service.name
        for called, node in list(calls[caller].items()):
            if position[called] > position[caller]:
                del calls[caller][called]
                manifest.ledger.check(
                    node,
                    f"{called} also refers to {caller} and is deployed after it, so the first tasks of {caller} do not "
                    f"resolve {called}",
                    f"after the first deployment, start new tasks: aws ecs update-service --force-new-deployment for "
                    f"{caller}",
                )
    return [replace(service, calls=tuple(calls[service.name])) for service in registered]


def _on_own_routes(services: Sequence[Service], manifests: Sequence[Manifest]) -> Iterator[Service]:
    """Give a service its own load balancer if another one already has its route."""
    taken: dict[tuple[bool, str, str], str] = {}
    for service, manifest in zip(services, manifests, strict=True):
        ingress = service.ingress
        if ingress is None or not ingress.shared:
            yield service
            continue
        host = ingress.domain.name if ingress.domain is not None else ""
        routes = [(ingress.public, path, host) for path in ingress.paths or ("",)]
        other = next((taken[route] for route in routes if route in taken), None)
        taken |= dict.fromkeys(routes, service.name) if other is None else {}
        if other is None:
            yield service
            continue
        Fields(manifest.root, manifest.ledger).check(
            "http",
            f"{other} has the same route, so the service has a load balancer of its own",
            "choose a different path or alias for each service, and run the command again",
        )
        yield replace(service, ingress=replace(ingress, shared=False))


def _listens(service: Service) -> bool:
    return service.shape is not Shape.JOB and bool(service.ports)


def _hosts(root: Node) -> Iterator[tuple[str, Node]]:
    """Find the hosts in the variables and the commands of all containers of a manifest."""
    sidecars = root.entries.get("sidecars")
    for container in (root, *(sidecars.entries.values() if sidecars is not None else ())):
        variables = container.entries.get("variables")
        nodes = list(variables.entries.values()) if variables is not None else []
        for option in ("command", "entrypoint"):
            node = container.entries.get(option)
            nodes += (node.items or [node]) if node is not None else []
        for node in nodes:
            for host, _ in hosts_in(text_of(node) or ""):
                yield host, node
