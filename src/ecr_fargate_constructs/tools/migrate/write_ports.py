"""Write the connections of services: Service Connect, service discovery and security group rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate.code import Call, Expression, Name
from ecr_fargate_constructs.tools.migrate.fields import container_name
from ecr_fargate_constructs.tools.migrate.model import Shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ecr_fargate_constructs.tools.migrate.model import Project, Service
    from ecr_fargate_constructs.tools.migrate.program import Program

LIBRARY_PORT = "web"
"""Name of the container and of its port in the services of this library."""

_TWO = 2


def port_name(service: Service, port: int) -> str:
    """Return the name of a port mapping: the main one has the service's name, or the library's."""
    main = LIBRARY_PORT if service.shape is Shape.WEB else container_name(service.name).lower()
    return main if port == service.port else f"{main}-{port}"


def mapping(program: Program, service: Service, port: int) -> Call:
    """Return a port mapping, with a name if Service Connect needs one."""
    name = port_name(service, port) if service.connect_name is not None else None
    return program.cdk("ecs.PortMapping", container_port=port, name=name)


def offered(program: Program, service: Service) -> list[Expression] | None:
    """Return the Service Connect ports of a service, all with one DNS name; None if it has none."""
    if service.connect_name is None or service.port is None:
        return None
    first = container_name(service.connect_name)  # Cloud Map takes no dots
    return [
        program.cdk(
            "ecs.ServiceConnectService",
            port_mapping_name=port_name(service, port),
            discovery_name=first if port == service.port else f"{first}-{port}",
            dns_name=service.connect_name,
        )
        for port in (service.port, *service.more_ports)
    ]


def deploy_after(program: Program, ecs_service: Name, others: Iterable[str]) -> None:
    """Deploy a service after others, such as those that it calls.

    Its tasks resolve the names that exist when they start.
    """
    for each in others:
        if program.has(each):
            # The resources alone: a rule that lets the caller in belongs to the called service: a cycle.
            called = Call(f"{program.ecs_service(each).text}.node.find_child", "Service")
            program.do(Call(f'{ecs_service.text}.node.find_child("Service").node.add_dependency', called))


def open_ports(program: Program, project: Project) -> None:
    """Allow connections between the services of a network, which Service Connect does not do."""
    networks = dict.fromkeys(network for service in project.services for network in service.networks)
    open_networks = {network: members for network in networks if (members := _members(program, project, network))}
    if open_networks:
        program.gap()
    rules = dict.fromkeys(rule for item in open_networks.items() for rule in _rules(program, *item))
    for called, caller, port in rules:
        program.do(Call(f"{called}.connections.allow_from", Name(caller), program.cdk("ec2.Port.tcp", port)))


def _members(program: Program, project: Project, network: str) -> list[Service]:
    """Return the services on a network; none if none of them calls another, so that no rule is needed."""
    members = [each for each in project.services if network in each.networks and program.has_group(each)]
    return members if len(members) > 1 and any(map(_is_called, members)) else []


def _is_called(service: Service) -> bool:
    return bool(service.ports) and service.shape is not Shape.JOB


def _rules(program: Program, network: str, members: list[Service]) -> Iterator[tuple[str, str, int]]:
    """Return callee, caller and port of each rule; for more than two services, they use a common variable."""
    everyone = program.group_of(network, members) if len(members) > _TWO else None
    for called in filter(_is_called, members):
        for caller in members if everyone is None else [called]:
            if everyone is not None or caller is not called:
                name = everyone or program.group(caller)
                for port in called.ports:
                    yield program.group(called).text, name.text, port
