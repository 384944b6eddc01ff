"""Services behind a load balancer, of their own or shared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate.code import Call, Expression, Name
from ecr_fargate_constructs.tools.migrate.model import Build, WayIn
from ecr_fargate_constructs.tools.migrate.program import STACK
from ecr_fargate_constructs.tools.migrate.write_container import dotted, library_options, sidecars

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs.tools.migrate.model import Domain, Service
    from ecr_fargate_constructs.tools.migrate.program import Program

_DAYS = {
    1: "ONE_DAY", 3: "THREE_DAYS", 5: "FIVE_DAYS", 7: "ONE_WEEK", 14: "TWO_WEEKS", 30: "ONE_MONTH", 60: "TWO_MONTHS",
    90: "THREE_MONTHS", 120: "FOUR_MONTHS", 150: "FIVE_MONTHS", 180: "SIX_MONTHS", 365: "ONE_YEAR",
    400: "THIRTEEN_MONTHS", 545: "EIGHTEEN_MONTHS", 731: "TWO_YEARS", 1096: "THREE_YEARS", 1827: "FIVE_YEARS",
    2192: "SIX_YEARS", 2557: "SEVEN_YEARS", 2922: "EIGHT_YEARS", 3288: "NINE_YEARS", 3653: "TEN_YEARS",
}  # fmt: skip
_DEFAULT_DAYS = 30


def load_balanced(program: Program, service: Service, *, cluster: Name | None, namespace: Name | None) -> Name:
    """A service with a load balancer of its own."""
    way = service.way_in or WayIn()
    options = _options(program, service, cluster=cluster)
    fixed = service.count is not None and service.count.fixed
    call = program.own(
        "LoadBalancedFargateService",
        STACK,
        program.construct_id(service.name),
        **options,
        desired_count=service.count.minimum if fixed and service.count is not None else None,
        scaling=None if fixed else scaling(program, service),
        ingress=ingress(program, way, [way.domain] if way.domain is not None else []),
        health_check_grace_period=program.duration(way.check.grace),
    )
    return _finished(program, service, call, namespace)


def routed(program: Program, service: Service, *, balancer: Name, cluster: Name | None, namespace: Name | None) -> Name:
    """A service along its route on a load balancer that it shares."""
    way = service.way_in or WayIn()
    first, *more = way.paths or ("",)
    call = program.own(
        "RoutedFargateService",
        STACK,
        program.construct_id(service.name),
        load_balancer=balancer,
        route=_route(program, way, first),
        **_options(program, service, cluster=cluster),
        targets=_targets(program, way),
        scaling=scaling(program, service),
        health_check_grace_period=program.duration(way.check.grace),
    )
    name = _finished(program, service, call, namespace)
    for path in more:
        program.do(Call(f"{name.text}.add_route", program.construct_id(f"route {path}"), _route(program, way, path)))
    return name


def shared_load_balancer(program: Program, services: Sequence[Service], *, public: bool, vpc: Name | None) -> Name:
    """The load balancer of several services, with a certificate for every domain."""
    noun = "shared" if public else "internal"
    domains = {each.way_in.domain.name: each.way_in.domain for each in services if each.way_in and each.way_in.domain}
    ordered = list(domains.values())
    way = WayIn(public=public)
    balancer = program.let(
        noun,
        program.own(
            "SharedLoadBalancer",
            STACK,
            program.construct_id(noun),
            vpc=vpc,
            ingress=ingress(program, way, ordered),
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


def ingress(program: Program, way: WayIn, domains: Sequence[Domain]) -> Call:
    """The way in; over HTTPS when there is a domain."""
    kind = ("Public" if way.public else "Internal") + ("Https" if domains else "Http")
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
        allow_from=[program.cdk("ec2.Peer.ipv4", each) for each in way.allow_from] or None,
        health_check=_health_check(program, way),
        deregistration_delay=program.duration(way.deregistration_delay),
        target_group=_settings(program, way),
    )


def scaling(program: Program, service: Service) -> Call | None:
    """How many tasks run, when the manifest says it."""
    count = service.count
    if count is None:
        return None
    capacity = None
    if count.spot_after == 0:
        capacity = program.own("Spot")
    elif count.spot_after is not None:
        capacity = program.own("Mixed", base=count.spot_after, on_demand_weight=0)
    return program.own(
        "Scaling",
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
    """How long logs are kept; None for the library's 30 days."""
    if service.log_days in {None, _DEFAULT_DAYS}:
        return None
    return program.constant(f"logs.RetentionDays.{_DAYS[service.log_days or _DEFAULT_DAYS]}")


def public_subnets(program: Program, service: Service) -> Call | None:
    """Where tasks run; None for private subnets."""
    if not service.public_subnets:
        return None
    return program.cdk("ec2.SubnetSelection", subnet_type=program.constant("ec2.SubnetType.PUBLIC"))


def _options(program: Program, service: Service, *, cluster: Name | None) -> dict[str, Expression | None]:
    size = None
    if service.cpu is not None or service.storage is not None:
        size = program.own(
            "TaskSize", cpu=service.cpu, memory_mib=service.memory, ephemeral_storage_gib=service.storage
        )
    image = program.image(service.container.image, service, service.name)
    beside = sidecars(program, service)
    container = program.own(
        "AppContainer",
        image,
        service.port or 80,
        architecture=program.constant("Architecture.ARM64")
        if service.arm and not isinstance(service.container.image, Build)
        else None,
        **library_options(program, service.container, service),
    )
    return {
        "container": container,
        "sidecars": beside or None,
        "size": size,
        "deployment": program.own("Rolling", min_healthy_percent=0) if service.recreate else None,
        "cluster": cluster,
        "subnets": public_subnets(program, service),
        "enable_execute_command": service.enable_execute_command or None,
        "log_retention": log_days(program, service),
    }


def _finished(program: Program, service: Service, call: Call, namespace: Name | None) -> Name:
    name = program.let(service.name, call)
    if service.connect_name is not None and namespace is not None:
        calls: list[Expression] = [program.ecs_service(each) for each in service.calls if program.has(each)]
        program.do(
            Call(
                f"{name.text}.enable_service_connect",
                program.own("ServiceConnect", namespace=namespace, name=service.connect_name, calls=calls or None),
            )
        )
    return name


def _route(program: Program, way: WayIn, path: str) -> Call:
    return program.own(
        "Route",
        path=[path, f"{path}/*"] if path else "/*",
        host=way.domain.name if way.domain is not None else None,
        source=list(way.allow_from) or None,
    )


def _targets(program: Program, way: WayIn) -> Call | None:
    check, settings = _health_check(program, way), _settings(program, way)
    delay = program.duration(way.deregistration_delay)
    if check is None and settings is None and delay is None:
        return None
    return program.own("Targets", health_check=check, deregistration_delay=delay, settings=settings)


def _settings(program: Program, way: WayIn) -> Call | None:
    if not way.sticky and way.protocol is None:
        return None
    protocol = None
    if way.protocol is not None:
        protocol = program.constant(f"elbv2.ApplicationProtocolVersion.{way.protocol}")
    sticky = program.own("Stickiness", duration=Call("cdk.Duration.days", 1)) if way.sticky else None
    return program.own("TargetGroupSettings", protocol_version=protocol, stickiness=sticky)


def _health_check(program: Program, way: WayIn) -> Call | None:
    check = way.check
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
