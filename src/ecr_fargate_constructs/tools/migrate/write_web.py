"""Write services behind a load balancer of their own, or behind a shared one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate.code import Call, Expression, Name
from ecr_fargate_constructs.tools.migrate.model import Build, Ingress, Shape
from ecr_fargate_constructs.tools.migrate.program import STACK
from ecr_fargate_constructs.tools.migrate.write_container import dotted, library_options, sidecars
from ecr_fargate_constructs.tools.migrate.write_ports import deploy_after, mapping, offered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs.tools.migrate.model import Domain, Service
    from ecr_fargate_constructs.tools.migrate.program import Program, Shared

_DAYS = {
    1: "ONE_DAY", 3: "THREE_DAYS", 5: "FIVE_DAYS", 7: "ONE_WEEK", 14: "TWO_WEEKS", 30: "ONE_MONTH", 60: "TWO_MONTHS",
    90: "THREE_MONTHS", 120: "FOUR_MONTHS", 150: "FIVE_MONTHS", 180: "SIX_MONTHS", 365: "ONE_YEAR",
    400: "THIRTEEN_MONTHS", 545: "EIGHTEEN_MONTHS", 731: "TWO_YEARS", 1096: "THREE_YEARS", 1827: "FIVE_YEARS",
    2192: "SIX_YEARS", 2557: "SEVEN_YEARS", 2922: "EIGHT_YEARS", 3288: "NINE_YEARS", 3653: "TEN_YEARS",
}  # fmt: skip
_DEFAULT_DAYS = 30

ONE_AT_A_TIME = 101
"""The maximum percent of a deployment that stops old tasks first. Rounded down, it allows no further task up to a count
of 99. ECS rebalances zones only above 100."""


def load_balanced(program: Program, service: Service, shared: Shared) -> Name:
    """Write a service with a load balancer of its own."""
    ingress = service.ingress or Ingress()
    call = program.own(
        "LoadBalancedFargateService",
        STACK,
        program.construct_id(service.name),
        **options(program, service, cluster=shared.cluster),
        **number_of_tasks(program, service),
        ingress=ingress_call(program, ingress, [ingress.domain] if ingress.domain is not None else []),
        health_check_grace_period=program.duration(ingress.check.grace),
    )
    return _finished(program, service, call, shared)


def routed(program: Program, service: Service, shared: Shared) -> Name:
    """Write a service with a route on a load balancer that it shares."""
    ingress = service.ingress or Ingress()
    first, *more = ingress.paths or ("",)
    call = program.own(
        "RoutedFargateService",
        STACK,
        program.construct_id(service.name),
        load_balancer=shared.balancer,
        route=_route(program, ingress, first),
        **options(program, service, cluster=shared.cluster),
        health_check=_health_check(program, ingress),
        deregistration_delay=program.duration(ingress.deregistration_delay),
        target_group=_settings(program, ingress),
        **number_of_tasks(program, service),
        health_check_grace_period=program.duration(ingress.check.grace),
    )
    name = _finished(program, service, call, shared)
    for path in more:
        program.do(
            Call(f"{name.text}.add_route", program.construct_id(f"route {path}"), _route(program, ingress, path))
        )
    return name


def number_of_tasks(program: Program, service: Service, queue: Name | None = None) -> dict[str, Expression | None]:
    """Return the number of tasks: a fixed one, or the limits of an autoscaler."""
    if service.count is not None and service.count.fixed:
        return {"desired_count": service.count.minimum}
    return {"scaling": scaling(program, service, queue)}


def shared_load_balancer(program: Program, services: Sequence[Service], *, public: bool, vpc: Name | None) -> Name:
    """Write the load balancer of several services, with a certificate for every domain."""
    noun = "shared" if public else "internal"
    domains = {
        each.ingress.domain.name: each.ingress.domain for each in services if each.ingress and each.ingress.domain
    }
    ordered = list(domains.values())
    ingress = Ingress(public=public)
    balancer = program.let(
        noun,
        program.own(
            "SharedLoadBalancer",
            STACK,
            program.construct_id(noun),
            vpc=vpc,
            ingress=ingress_call(program, ingress, ordered),
        ),
    )
    for domain in ordered[1:]:
        program.do(
            program.cdk(
                "route53.ARecord",
                STACK,
                program.construct_id(f"{domain.name} record"),
                zone=program.zone(domain),
                record_name=domain.name,
                target=Call(
                    "route53.RecordTarget.from_alias",
                    program.cdk("route53_targets.LoadBalancerTarget", dotted(balancer, "load_balancer")),
                ),
            )
        )
    return balancer


def ingress_call(program: Program, ingress: Ingress, domains: Sequence[Domain]) -> Call:
    """Return the ingress; HTTPS if there is a domain."""
    kind = ("Public" if ingress.public else "Internal") + ("Https" if domains else "Http")
    certificates: list[Expression] = [
        program.cdk(
            "acm.Certificate",
            STACK,
            program.construct_id(f"{domain.name} certificate"),
            domain_name=domain.name,
            validation=program.cdk("acm.CertificateValidation.from_dns", program.zone(domain)),
        )
        for domain in domains[1:]
    ]
    return program.own(
        kind,
        domain_name=domains[0].name if domains else None,
        hosted_zone=program.zone(domains[0]) if domains else None,
        listener=program.own("ListenerSettings", certificates=certificates) if certificates else None,
        allow_from=[program.cdk("ec2.Peer.ipv4", each) for each in ingress.allow_from] or None,
        health_check=_health_check(program, ingress),
        deregistration_delay=program.duration(ingress.deregistration_delay),
        target_group=_settings(program, ingress),
    )


def scaling(program: Program, service: Service, queue: Name | None) -> Call | None:
    """Return the number of tasks; None if the file does not set it."""
    count = service.count
    if count is None:
        return None
    capacity = None
    if count.spot_after == 0:
        capacity = program.own("Spot")
    elif count.spot_after is not None:
        capacity = program.own("Mixed", base=count.spot_after, on_demand_weight=0)
    by_queue = queue is not None and count.backlog is not None
    return program.own(
        "QueueScaling" if by_queue else "Scaling",
        *([queue] if by_queue and queue is not None else []),
        messages_per_task=count.backlog if by_queue else None,
        min_capacity=count.minimum,
        max_capacity=count.maximum,
        cpu_percent=count.cpu_percent,
        memory_percent=count.memory_percent,
        requests_per_target=count.requests,
        scale_out_cooldown=program.duration(count.cooldown_out),
        scale_in_cooldown=program.duration(count.cooldown_in),
        capacity=capacity,
    )


def log_days(program: Program, service: Service) -> Name | None:
    """Return the retention of logs; None for the library's default of 30 days."""
    if service.log_days in {None, _DEFAULT_DAYS}:
        return None
    return program.constant(f"logs.RetentionDays.{_DAYS[service.log_days or _DEFAULT_DAYS]}")


def public_subnets(program: Program, service: Service) -> Call | None:
    """Return the subnets of the tasks; None for private ones."""
    if not service.public_subnets:
        return None
    return program.cdk("ec2.SubnetSelection", subnet_type=program.constant("ec2.SubnetType.PUBLIC"))


def options(program: Program, service: Service, *, cluster: Name | None) -> dict[str, Expression | None]:
    """Return the options that services behind a load balancer and workers share."""
    size = None
    if service.cpu is not None or service.storage is not None:
        size = program.own(
            "TaskSize", cpu=service.cpu, memory_mib=service.memory, ephemeral_storage_gib=service.storage
        )
    image = program.image(service.container.image, service, service.name)
    beside = sidecars(program, service)
    worker = service.shape is Shape.WORKER
    container = program.own(
        "WorkerContainer" if worker else "AppContainer",
        image,
        *([] if worker else [service.port or 80]),
        architecture=program.constant("Architecture.ARM64")
        if service.arm and not isinstance(service.container.image, Build)
        else None,
        **library_options(program, service.container, service),
    )
    return {
        "container": container,
        "sidecars": beside or None,
        "size": size,
        "deployment": program.own("Rolling", min_healthy_percent=0, max_healthy_percent=ONE_AT_A_TIME)
        if service.recreate
        else None,
        "release_command": None
        if service.release_command is None
        else program.own("ReleaseCommand", list(service.release_command)),
        "cluster": cluster,
        "subnets": public_subnets(program, service),
        "enable_execute_command": service.enable_execute_command or None,
        "log_retention": log_days(program, service),
    }


def _finished(program: Program, service: Service, call: Call, shared: Shared) -> Name:
    name = program.let(service.name, call)
    balancer = shared.balancer or name
    if service.load_balancer_variable is not None:
        address = Name(f"{balancer.text}.load_balancer.load_balancer_dns_name")
        program.do(Call(f"{name.text}.container.add_environment", service.load_balancer_variable, address))
    if service.more_ports:
        mappings: list[Expression] = [mapping(program, service, port) for port in service.more_ports]
        program.do(Call(f"{name.text}.container.add_port_mappings", *mappings))
    if shared.discovery is not None and service.discovery_name is not None:
        cloud_map = program.own("CloudMap", namespace=shared.discovery, name=service.discovery_name)
        program.do(Call(f"{name.text}.enable_cloud_map", cloud_map))
    if service.connect_name is not None and shared.namespace is not None:
        _connect(program, service, name, shared.namespace)
    return name


def _connect(program: Program, service: Service, name: Name, namespace: Name) -> None:
    """Add a service to Service Connect; the library's own method supports one port with a simple name."""
    calls: list[Expression] = [program.ecs_service(each) for each in service.calls if program.has(each)]
    if not service.more_ports and service.connect_name is not None and "." not in service.connect_name:
        connect = program.own("ServiceConnect", namespace=namespace, name=service.connect_name, calls=calls or None)
        program.do(Call(f"{name.text}.enable_service_connect", connect))
        return
    program.do(
        Call(
            f"{name.text}.service.enable_service_connect",
            namespace=dotted(namespace, "namespace_arn"),
            services=offered(program, service),
        )
    )
    deploy_after(program, Name(f"{name.text}.service"), service.calls)


def _route(program: Program, ingress: Ingress, path: str) -> Call:
    return program.own(
        "Route",
        path=[path, f"{path}/*"] if path else "/*",
        host=ingress.domain.name if ingress.domain is not None else None,
        source=list(ingress.allow_from) or None,
    )


def _settings(program: Program, ingress: Ingress) -> Call | None:
    if not ingress.sticky and ingress.protocol is None:
        return None
    protocol = None
    if ingress.protocol is not None:
        protocol = program.constant(f"elbv2.ApplicationProtocolVersion.{ingress.protocol}")
    sticky = program.own("Stickiness", duration=Call("cdk.Duration.days", 1)) if ingress.sticky else None
    return program.own("TargetGroupSettings", protocol_version=protocol, stickiness=sticky)


def _health_check(program: Program, ingress: Ingress) -> Call | None:
    check = ingress.check
    options: dict[str, Expression | None] = {
        "path": None if check.path == "/" else check.path,
        "port": check.port,
        "codes": check.codes,
        "interval": program.duration(check.interval),
        "timeout": program.duration(check.timeout),
        "healthy_threshold": check.healthy,
        "unhealthy_threshold": check.unhealthy,
    }
    if all(value is None for value in options.values()):
        return None
    return program.own("TargetHealthCheck", **options)
