"""The target groups of services, and the ports that their tasks' security groups open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.network import openings
from ecr_fargate_constructs.tools.assembly.workload import attribute, services

if TYPE_CHECKING:
    from collections.abc import Callable

    from ecr_fargate_constructs.tools.assembly.model import App, Resource
    from ecr_fargate_constructs.tools.assembly.workload import Service

LONGEST_DELAY = 120
"""The longest deregistration delay that does not slow deployments down much, in seconds."""

_DELAY_DEFAULT = 300
_INTERVAL_DEFAULT = 30
_HEALTHY_DEFAULT = 5


def target_groups(app: App) -> tuple[tuple[Service, Resource], ...]:
    """Return the target groups of services, each once, with the first service that uses it."""

    def collected() -> tuple[tuple[Service, Resource], ...]:
        users: dict[Resource, Service] = {}
        for service in services(app):
            for group in service.target_groups:
                users.setdefault(group, service)
        return tuple((service, group) for group, service in users.items())

    return app.once("target groups", collected)


def checks_until_healthy(app: App, group: Resource) -> tuple[int, int] | None:
    """Return how many checks a new target has to pass, and the seconds between two; None if unknown."""
    interval = app.number(_or(group.get("HealthCheckIntervalSeconds"), _INTERVAL_DEFAULT), group.template)
    threshold = app.number(_or(group.get("HealthyThresholdCount"), _HEALTHY_DEFAULT), group.template)
    return None if interval is None or threshold is None else (threshold, interval)


def deregistration_delay(app: App, group: Resource) -> int | None:
    """Return the deregistration delay of a target group in seconds; None if unknown."""
    text = attribute(group, "deregistration_delay.timeout_seconds")
    return _DELAY_DEFAULT if text is None else app.number(text, group.template)


def service_ports(service: Service) -> set[int] | None:
    """Return the ports of a service that load balancers send requests to; None if one of them is unknown."""
    ports = {
        service.app.number(entry.get("ContainerPort"), service.resource.template)
        for entry in service.resource.get("LoadBalancers") or []
    }
    return None if None in ports else {port for port in ports if port is not None}


def entered(service: Service) -> set[str]:
    """Return the names of the containers that load balancers send requests to."""
    return {str(entry.get("ContainerName")) for entry in service.resource.get("LoadBalancers") or []}


def admission(service: Service) -> Callable[[int], bool] | None:
    """Return a function that returns whether a service's load balancer may connect to a port of its tasks.

    Return None if the app does not create the security groups of both.
    """
    app, balancers = service.app, service.load_balancers
    sources = {
        source
        for balancer in balancers
        for source in app.targets(balancer.get("SecurityGroups"), balancer.template)
        if source.kind == "AWS::EC2::SecurityGroup"
    }
    if not service.security_groups or not sources:
        return None
    admitted = [
        opening
        for opening in openings(app, service.security_groups)
        if isinstance(opening.source, str) or opening.source in sources
    ]
    return lambda port: any(opening.admits(port) for opening in admitted)


def _or(value: object, default: int) -> object:
    return default if value is None else value
