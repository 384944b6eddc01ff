"""The program for a project: one stack with all its services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate.code import Call, Name, kebab_case, pascal_case
from ecr_fargate_constructs.tools.migrate.model import Shape
from ecr_fargate_constructs.tools.migrate.order import callees_first
from ecr_fargate_constructs.tools.migrate.program import STACK, Program, Shared
from ecr_fargate_constructs.tools.migrate.write_job import scheduled
from ecr_fargate_constructs.tools.migrate.write_plain import plain
from ecr_fargate_constructs.tools.migrate.write_ports import deploy_after, open_ports
from ecr_fargate_constructs.tools.migrate.write_web import load_balanced, routed, shared_load_balancer
from ecr_fargate_constructs.tools.migrate.write_worker import publish, worker

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.migrate.model import Project, Service

_OWN = frozenset({Shape.WEB, Shape.WORKER})
"""Services of this library, which need no variable for their cluster."""


def write(project: Project) -> str:
    """Return the program as text."""
    program = Program(one_service=len(project.services) == 1)
    cluster = _cluster(program, project)
    namespace = _namespace(program, project)
    discovery = _discovery(program, project)
    balancers = {public: _balancer(program, project, public=public, network=cluster) for public in (True, False)}
    by_name = {service.name: service for service in project.services}
    for name in callees_first({service.name: (*service.calls, *service.after) for service in project.services}):
        service = by_name[name]
        program.gap()
        if service.shape is Shape.WORKER:
            variable = worker(program, service, Shared(cluster=cluster, namespace=namespace, discovery=discovery))
        elif service.shape is not Shape.WEB or service.ingress is None:
            assert cluster is not None  # noqa: S101 - created above for such services; tells the type checker
            shared = Shared(cluster=cluster, namespace=namespace, discovery=discovery)
            variable = (
                plain(program, service, shared)
                if service.schedule is None
                else scheduled(program, service, service.schedule, shared)
            )
        else:
            balancer = balancers[service.ingress.public] if service.ingress.shared else None
            shared = Shared(cluster=cluster, namespace=namespace, discovery=discovery, balancer=balancer)
            variable = routed(program, service, shared) if balancer else load_balanced(program, service, shared)
        program.remember(service, variable)
        if service.after:
            deploy_after(program, program.ecs_service(service.name), service.after)
        publish(program, service, variable)
        for key, value in service.tags.items():
            program.do(Call(f"cdk.Tags.of({variable.text}).add", key, value))
    open_ports(program, project)
    return program.text(
        f"Made from {project.source} by ecr-fargate migrate: read it before you deploy it.", pascal_case(project.name)
    )


def _namespace(program: Program, project: Project) -> Name | None:
    """Create the Service Connect namespace, if a service uses it."""
    if all(service.connect_name is None for service in project.services):
        return None
    name = kebab_case(project.name)
    return program.let(
        "namespace", program.cdk("cloudmap.HttpNamespace", STACK, program.construct_id("namespace"), name=name)
    )


def _discovery(program: Program, project: Project) -> Name | None:
    """Create the DNS namespace of service discovery, if the project has one."""
    if project.discovery is None:
        return None
    return program.let(
        "discovery",
        program.cdk(
            "cloudmap.PrivateDnsNamespace",
            STACK,
            program.construct_id("discovery"),
            name=project.discovery,
            vpc=Name("network.vpc"),
        ),
    )


def _cluster(program: Program, project: Project) -> Name | None:
    """Create a cluster with its network, if plain CDK, a file system or a DNS namespace needs a variable for them."""
    files = any(mount.volume.efs for service in project.services for mount in service.mounts)
    if not files and project.discovery is None and all(service.shape in _OWN for service in project.services):
        return None
    network = program.let("network", program.own("Network", STACK, program.construct_id("network")))
    return program.let(
        "cluster", program.cdk("ecs.Cluster", STACK, program.construct_id("cluster"), vpc=Name(f"{network.text}.vpc"))
    )


def _balancer(program: Program, project: Project, *, public: bool, network: Name | None) -> Name | None:
    """Create the load balancer that services share; None if each has its own."""
    behind = [each for each in project.services if _shares(each, public=public)]
    if not project.one_load_balancer or not behind:
        return None
    if len(behind) == 1 and behind[0].ingress is not None and not behind[0].ingress.paths:
        return None
    return shared_load_balancer(program, behind, public=public, vpc=None if network is None else Name("network.vpc"))


def _shares(service: Service, *, public: bool) -> bool:
    return service.ingress is not None and service.ingress.shared and service.ingress.public is public
