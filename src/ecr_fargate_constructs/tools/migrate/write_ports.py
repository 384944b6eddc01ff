"""How services find and reach each other: Service Connect, service discovery and the rules of security groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate.code import Call, Expression, Name
from ecr_fargate_constructs.tools.migrate.fields import container_name
from ecr_fargate_constructs.tools.migrate.model import Shape

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    """Return a port mapping; it has a name where Service Connect needs one."""
    name = port_name(service, port) if service.connect_name is not None else None
    return program.cdk("ecs.PortMapping", container_port=port, name=name)


def offered(program: Program, service: Service) -> list[Expression] | None:
    """Return the ports that a service offers in Service Connect, all under one DNS name; None for no port."""
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


def deploy_after(program: Program, ecs_service: Name, service: Service) -> None:
    """Deploy a service after those that it calls: its tasks resolve the names that exist when they start."""
    for each in service.calls:
        if program.has(each):
            # The resources alone: a rule that lets the caller in belongs to the called, and would close a circle.
            called = Call(f"{program.ecs_service(each).text}.node.find_child", "Service")
            program.do(Call(f'{ecs_service.text}.node.find_child("Service").node.add_dependency', called))


def open_ports(program: Program, project: Project) -> None:
    """Let the services of a network reach each other: a name that resolves opens no port."""
    rules = list(dict.fromkeys(_rules(program, project)))
    if rules:
        program.gap()
    for called, caller, port in rules:
        program.do(Call(f"{called}.connections.allow_from", Name(caller), program.cdk("ec2.Port.tcp", port)))


def _rules(program: Program, project: Project) -> Iterator[tuple[str, str, int]]:
    """Return the called, its caller and the port of each rule; the callers of a network share a variable."""
    networks = dict.fromkeys(network for service in project.services for network in service.networks)
    for network in networks:
        members = [each for each in project.services if network in each.networks and program.has_group(each)]
        called = [each for each in members if each.ports and each.shape is not Shape.JOB]
        if len(members) < _TWO or not called:
            continue
        group = None if len(members) == _TWO else _group(program, network, members)
        for each in called:
            for caller in members:
                name = program.group(caller) if group is None else group
                if caller is not each:
                    for port in each.ports:
                        yield program.group(each).text, name.text, port


def _group(program: Program, network: str, members: list[Service]) -> Name:
    """Create the connections of all services of a network."""
    groups: list[Expression] = [Name(f"*{program.group(each).text}.connections.security_groups") for each in members]
    program.gap()
    return program.let(f"{network} network", program.cdk("ec2.Connections", security_groups=groups))
