"""Load balancers, target groups and their health checks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.network import openings
from ecr_fargate_constructs.tools.assembly.workload import attribute, services
from ecr_fargate_constructs.tools.doctor.rule import CDK_ISSUE, ECS, ELB, error, found, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App, Resource
    from ecr_fargate_constructs.tools.assembly.workload import Service
    from ecr_fargate_constructs.tools.doctor.rule import Finding

_LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
_RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"
_CHECKS = ELB + "target-group-health-checks.html"
_DRAINING = ECS + "load-balancer-connection-draining.html"
_LONGEST_CHECK, _LONGEST_DRAINING = 60, 120
_DELAY_DEFAULT, _STOP_DEFAULT = 300, 30
_FIRST_ERROR = 400

CHECK_PATH_DEFAULT = warning(
    "health-check-path-default",
    "The load balancer asks for /, which in many applications is a page, a redirect or a 404, and nobody chose it.",
    "configure_health_check(path='/healthz') with a path that answers when the application can serve.",
    _CHECKS,
)
CHECK_SLOW = warning(
    "health-check-slow",
    "It takes minutes until a new task counts as healthy, in every deployment and every scale-out.",
    "interval=Duration.seconds(10), healthy_threshold_count=2",
    _CHECKS,
)
CHECK_ACCEPTS_ERRORS = warning(
    "health-check-accepts-errors",
    "An application that answers with errors counts as healthy: a broken version replaces a good one.",
    "healthy_http_codes='200-299'",
    _CHECKS,
)
CHECK_PORT_CLOSED = error(
    "health-check-port-closed",
    "The load balancer cannot reach the port of the health check, so that no target ever becomes healthy.",
    "service.connections.allow_from(load_balancer, ec2.Port.tcp(port))",
    CDK_ISSUE + "18093",
)
TRAFFIC_PORT_CLOSED = error(
    "traffic-port-closed",
    "The tasks' security group lets the load balancer in on no port that they listen on.",
    "service.connections.allow_from(load_balancer, ec2.Port.tcp(port))",
    ELB + "load-balancer-troubleshooting.html",
)
TARGETS_BY_INSTANCE = error(
    "target-type-not-ip",
    "Tasks on Fargate have addresses of their own and no instance: they can be registered by address only.",
    "target_type=elbv2.TargetType.IP",
    ECS + "alb.html",
)
DRAINING_SLOW = warning(
    "draining-slow",
    "Each deployment waits this long for every task that goes.",
    "target_group.set_attribute('deregistration_delay.timeout_seconds', '30')",
    _DRAINING,
)
STOP_SHORTER = warning(
    "stop-timeout-short",
    "A task is killed while the load balancer still lets it finish requests.",
    "stop_timeout of the container at least as long as the deregistration delay.",
    _DRAINING,
)
PLAIN_HTTP = warning(
    "plain-http",
    "What clients send, passwords and cookies included, travels in clear text.",
    "Give the listener a certificate, and let port 80 redirect to it.",
    "https://docs.aws.amazon.com/securityhub/latest/userguide/elb-controls.html",
)

RULES = (
    CHECK_PATH_DEFAULT,
    CHECK_SLOW,
    CHECK_ACCEPTS_ERRORS,
    CHECK_PORT_CLOSED,
    TRAFFIC_PORT_CLOSED,
    TARGETS_BY_INSTANCE,
    DRAINING_SLOW,
    STOP_SHORTER,
    PLAIN_HTTP,
)


def check(app: App) -> Iterator[Finding]:
    """Look at the way into each service, and at each listener."""
    seen: set[Resource] = set()
    for service in services(app):
        for group in service.target_groups:
            if group not in seen:
                seen.add(group)
                yield from _health(app, group)
                yield from _draining(app, service, group)
                yield from _reached(app, service, group)
    yield from _listeners(app)


def _health(app: App, group: Resource) -> Iterator[Finding]:
    if group.get("Protocol") in ("HTTP", "HTTPS") and group.get("HealthCheckPath") is None:
        yield found(CHECK_PATH_DEFAULT, group, "HealthCheckPath is not set")
    interval = app.number(group.get("HealthCheckIntervalSeconds") or 30, group.template)
    threshold = app.number(group.get("HealthyThresholdCount") or 5, group.template)
    if interval is not None and threshold is not None and interval * threshold > _LONGEST_CHECK:
        detail = f"{threshold} good checks, one every {interval} s, take {interval * threshold} s"
        yield found(CHECK_SLOW, group, detail)
    codes = app.literal(group.get("Matcher", "HttpCode"), group.template) or ""
    if any(int(code) >= _FIRST_ERROR for code in re.findall(r"\d+", codes)):
        yield found(CHECK_ACCEPTS_ERRORS, group, f"HttpCode is {codes}")


def _draining(app: App, service: Service, group: Resource) -> Iterator[Finding]:
    text = attribute(group, "deregistration_delay.timeout_seconds")
    delay = _DELAY_DEFAULT if text is None else app.number(text, group.template)
    if delay is None:
        return
    if delay > _LONGEST_DRAINING:
        yield found(DRAINING_SLOW, group, f"the deregistration delay is {delay} s")
        return
    for container in service.task.containers if service.task is not None else ():
        given = container.definition.get("StopTimeout")
        stop = _STOP_DEFAULT if given is None else container.number(given)
        if container.name in _entered(service) and stop is not None and stop < delay:
            detail = f"container {container.name} is killed after {stop} s, {group.path} drains for {delay} s"
            yield found(STOP_SHORTER, service.resource, detail)


def _reached(app: App, service: Service, group: Resource) -> Iterator[Finding]:
    if service.fargate and group.get("TargetType") != "ip":
        yield found(TARGETS_BY_INSTANCE, group, f"TargetType is {group.get('TargetType') or 'instance'}")
    balancers = service.load_balancers
    if not service.security_groups or not balancers:
        return
    sources = {
        source
        for balancer in balancers
        for source in app.targets(balancer.get("SecurityGroups"), balancer.template)
        if source.kind == "AWS::EC2::SecurityGroup"
    }
    admitted = [
        opening
        for opening in openings(app, service.security_groups)
        if isinstance(opening.source, str) or opening.source in sources
    ]
    ports = {
        app.number(entry.get("ContainerPort"), service.resource.template)
        for entry in service.resource.get("LoadBalancers") or []
    }
    if not sources or None in ports:
        return
    closed = [port for port in ports if port is not None and not any(each.admits(port) for each in admitted)]
    if closed:
        yield found(TRAFFIC_PORT_CLOSED, service.resource, f"port {closed[0]} is not open to {balancers[0].path}")
    own = app.number(group.get("HealthCheckPort"), group.template)
    if own is not None and own not in ports and not any(each.admits(own) for each in admitted):
        yield found(CHECK_PORT_CLOSED, group, f"port {own} is not open to {balancers[0].path}")


def _listeners(app: App) -> Iterator[Finding]:
    for listener in app.of(_LISTENER):
        balancer = app.target(listener.get("LoadBalancerArn"), listener.template)
        if balancer is None or balancer.get("Scheme") != "internet-facing" or listener.get("Protocol") != "HTTP":
            continue
        actions = list(listener.get("DefaultActions") or [])
        for rule in app.referring(listener, _RULE, "ListenerArn"):
            actions += rule.get("Actions") or []
        if any(isinstance(action, dict) and action.get("Type") == "forward" for action in actions):
            yield found(PLAIN_HTTP, listener, f"port {listener.get('Port')} of {balancer.path} serves HTTP")


def _entered(service: Service) -> set[str]:
    return {str(entry.get("ContainerName")) for entry in service.resource.get("LoadBalancers") or []}
