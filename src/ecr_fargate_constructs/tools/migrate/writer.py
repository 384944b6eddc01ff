"""The program for a project: one stack with all its services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate.code import Call, Name, kebab_case, pascal_case
from ecr_fargate_constructs.tools.migrate.model import Shape
from ecr_fargate_constructs.tools.migrate.program import STACK, Program
from ecr_fargate_constructs.tools.migrate.write_plain import plain
from ecr_fargate_constructs.tools.migrate.write_web import load_balanced, routed, shared_load_balancer

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.migrate.model import Project, Service


def write(project: Project) -> str:
    """The program as text."""
    program = Program(one_service=len(project.services) == 1)
    cluster = _cluster(program, project)
    namespace = None
    if any(service.connect_name is not None for service in project.services):
        namespace = program.let(
            "namespace",
            program.cdk(
                "cloudmap.HttpNamespace", STACK, program.construct_id("namespace"), name=kebab_case(project.name)
            ),
        )
    balancers = {public: _balancer(program, project, public=public, network=cluster) for public in (True, False)}
    for service in _callees_first(project.services):
        program.gap()
        if service.shape is not Shape.WEB or service.way_in is None:
            assert cluster is not None  # noqa: S101 - made above for such services; for the type checker
            name = plain(program, service, cluster=cluster, namespace=namespace)
        else:
            balancer = balancers[service.way_in.public]
            if balancer is None:
                name = load_balanced(program, service, cluster=cluster, namespace=namespace)
            else:
                name = routed(program, service, balancer=balancer, cluster=cluster, namespace=namespace)
        program.remember(service, name)
        for key, value in service.tags.items():
            program.do(Call(f"cdk.Tags.of({name.text}).add", key, value))
    _let_in(program, project)
    return program.text(
        f"Made from {project.source} by ecr-fargate migrate: read it before you deploy it.", pascal_case(project.name)
    )


def _cluster(program: Program, project: Project) -> Name | None:
    """A cluster with its network, where plain CDK or a file system needs them by name."""
    files = any(mount.volume.efs for service in project.services for mount in service.mounts)
    if not files and all(service.shape is Shape.WEB for service in project.services):
        return None
    network = program.let("network", program.own("Network", STACK, program.construct_id("network")))
    return program.let(
        "cluster", program.cdk("ecs.Cluster", STACK, program.construct_id("cluster"), vpc=Name(f"{network.text}.vpc"))
    )


def _balancer(program: Program, project: Project, *, public: bool, network: Name | None) -> Name | None:
    """The load balancer that services share; None when each has its own."""
    behind = [each for each in project.services if each.way_in is not None and each.way_in.public is public]
    if not project.one_load_balancer or not behind:
        return None
    if len(behind) == 1 and behind[0].way_in is not None and not behind[0].way_in.paths:
        return None
    return shared_load_balancer(program, behind, public=public, vpc=None if network is None else Name("network.vpc"))


def _callees_first(services: tuple[Service, ...]) -> list[Service]:
    """The services in an order in which those that are called stand before those that call them."""
    by_name = {service.name: service for service in services}
    ordered: dict[str, Service] = {}
    for service in services:
        above = {service.name: iter(service.calls)}  # the services on the way here, each with the calls that are left
        while above:
            name, calls = next(reversed(above.items()))
            called = next(
                (each for each in calls if each in by_name and each not in above and each not in ordered), None
            )
            if called is not None:
                above[called] = iter(by_name[called].calls)
            else:
                del above[name]
                ordered.setdefault(name, by_name[name])
    return list(ordered.values())


def _let_in(program: Program, project: Project) -> None:
    """Open the port of each service to those that call it: finding a service is not reaching it."""
    ports = {service.name: service.port for service in project.services}
    rules = [(each, service.name) for service in project.services for each in service.calls if ports.get(each)]
    if rules:
        program.gap()
    for called, caller in rules:
        port = program.cdk("ec2.Port.tcp", ports[called] or 80)
        program.do(Call(f"{program.service(called).text}.connections.allow_from", program.service(caller), port))
