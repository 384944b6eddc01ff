"""CDK tokens in the places of numbers: what only the deployment knows passes unread."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import assertions
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs import (
    CloudWatchLogs,
    EbsVolume,
    Ec2Capacity,
    FixedResponse,
    LoadBalancedEc2Service,
    LoadBalancedFargateService,
    Mixed,
    Mount,
    Network,
    PrivateRepository,
    PublicHttp,
    Retention,
    RollbackAlarms,
    Rolling,
    Route,
    RoutedFargateService,
    Scaling,
    ScheduledCapacity,
    ServiceAlarms,
    ServiceThresholds,
    SharedLoadBalancer,
    Sidecar,
    TargetHealthCheck,
    TaskSize,
)
from tests.bad_input import bare, here
from tests.bad_input.case import NGINX, Case, Passes, Place, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

FAMILY = "Tokens"


def _number(stack: cdk.Stack, name: str) -> Any:  # noqa: ANN401 - a number to some, a token to others
    return cdk.CfnParameter(stack, name, type="Number").value_as_number


def _resources(stack: cdk.Stack) -> str:
    return json.dumps(assertions.Template.from_stack(stack).to_json()["Resources"])


@lru_cache
def fargate() -> str:
    """A service on Fargate with a token in every number that it has."""
    stack = cdk.Stack(cdk.App(), "Stack")

    def n(name: str) -> Any:  # noqa: ANN401 - see _number
        return _number(stack, name)

    disk = EbsVolume("disk", size_gib=n("DiskSize"), iops=n("DiskIops"), throughput=n("DiskThroughput"))
    service = LoadBalancedFargateService(
        stack,
        "Web",
        container=here.container(
            port=n("Port"),
            memory_limit_mib=n("MemoryLimit"),
            memory_reservation_mib=n("MemoryReservation"),
            cpu=n("CpuShare"),
            mounts=[Mount("/data", disk)],
            stop_timeout=cdk.Duration.seconds(n("StopTimeout")),
            health_check=ecs.HealthCheck(command=["CMD", "true"], retries=n("Retries")),
        ),
        sidecars=[Sidecar("proxy", NGINX, ports=[n("ProxyPort")])],
        size=TaskSize(n("Cpu"), n("Memory"), n("Storage")),
        ingress=PublicHttp(
            idle_timeout=cdk.Duration.seconds(n("IdleTimeout")),
            deregistration_delay=cdk.Duration.seconds(n("Delay")),
            health_check=TargetHealthCheck(
                port=n("CheckPort"),
                interval=cdk.Duration.seconds(n("Interval")),
                timeout=cdk.Duration.seconds(n("Timeout")),
                healthy_threshold=n("Healthy"),
                unhealthy_threshold=n("Unhealthy"),
            ),
        ),
        health_check_grace_period=cdk.Duration.seconds(n("Grace")),
        scaling=Scaling(
            min_capacity=n("Minimum"),
            max_capacity=n("Maximum"),
            cpu_percent=n("CpuPercent"),
            memory_percent=n("MemoryPercent"),
            requests_per_target=n("Requests"),
            schedule=[
                ScheduledCapacity(
                    name="night", at=bare.AT_NIGHT, min_capacity=n("NightMinimum"), max_capacity=n("NightMaximum")
                )
            ],
            scale_in_cooldown=cdk.Duration.seconds(n("Cooldown")),
            capacity=Mixed(base=n("Base"), on_demand_weight=n("StayWeight"), spot_weight=n("SpotWeight")),
        ),
        deployment=Rolling(
            min_healthy_percent=n("LeastPercent"),
            max_healthy_percent=n("MostPercent"),
            failure_threshold=n("Failures"),
            alarms=RollbackAlarms(error_percent=n("ErrorPercent"), unhealthy_hosts=n("UnhealthyHosts")),
        ),
    )
    ServiceAlarms.of(service, thresholds=ServiceThresholds(cpu_percent={"Warning": n("CpuAlarm")}))
    PrivateRepository(stack, "Repo", retention=Retention.keep_last(n("Keep")))
    return _resources(stack)


@lru_cache
def others() -> str:
    """A service on machines, and a shared load balancer."""
    stack = cdk.Stack(cdk.App(), "Stack")

    def n(name: str) -> Any:  # noqa: ANN401 - see _number
        return _number(stack, name)

    LoadBalancedEc2Service(
        stack,
        "Machines",
        container=here.on_a_machine(gpu_count=n("Gpus"), shared_memory_mib=n("SharedMemory")),
        desired_count=n("CountOnMachines"),
        ingress=PublicHttp(),
        capacity=Ec2Capacity(
            instance_type=ec2.InstanceType("g4dn.xlarge"),
            min_capacity=n("LeastMachines"),
            max_capacity=n("MostMachines"),
            target_percent=n("TargetPercent"),
            root_volume_gib=n("RootVolume"),
        ),
    )
    LoadBalancedFargateService(stack, "Web", container=here.container(), desired_count=n("Count"), ingress=PublicHttp())
    shared = SharedLoadBalancer(stack, "Shared", ingress=PublicHttp(), default_action=FixedResponse(status=n("Status")))
    RoutedFargateService(
        stack,
        "Orders",
        load_balancer=shared,
        route=Route(path="/orders/*", priority=n("Priority")),
        container=here.container(),
        desired_count=n("CountBehindShared"),
    )
    return _resources(stack)


def _token(
    what: str, name: str, theirs: Callable[[Place, Any], object] | None, made: Callable[[], str] = fargate
) -> Case:
    return Case(
        FAMILY,
        what,
        lambda _: made(),
        None if theirs is None else lambda p: theirs(p, _number(p.stack, name)),
        Passes("the deployment knows it", found=f'"Ref": "{name}"'),
    )


def _check(name: str) -> Callable[[Place, Any], object]:
    return lambda p, n: bare.target(p, **{name: n})


def _pattern(name: str) -> Callable[[Place, Any], object]:
    return lambda p, n: bare.pattern(p, **{name: n})


def _container(name: str) -> Callable[[Place, Any], object]:
    return lambda p, n: bare.container(p, **{name: n})


def _time(of: Callable[[str], Callable[[Place, Any], object]], name: str) -> Callable[[Place, Any], object]:
    return lambda p, n: of(name)(p, cdk.Duration.seconds(n))


CASES = [
    _token("Port of the container", "Port", lambda p, n: bare.pattern(p, image={"container_port": n})),
    _token("CPU units of the task", "Cpu", _pattern("cpu")),
    _token("Memory of the task", "Memory", _pattern("memory_limit_mib")),
    _token("Storage of the task", "Storage", _pattern("ephemeral_storage_gib")),
    _token("Memory limit of the container", "MemoryLimit", _container("memory_limit_mib")),
    _token("Memory reservation of the container", "MemoryReservation", _container("memory_reservation_mib")),
    _token("CPU units of the container", "CpuShare", _container("cpu")),
    _token("Seconds to stop", "StopTimeout", _time(_container, "stop_timeout")),
    _token("Idle seconds of a connection", "IdleTimeout", _time(_pattern, "idle_timeout")),
    _token(
        "Seconds to finish requests",
        "Delay",
        lambda p, n: bare.attribute(p, "deregistration_delay.timeout_seconds", cdk.Tokenization.stringify_number(n)),
    ),
    _token(
        "Port of the health check", "CheckPort", lambda p, n: bare.target(p, port=cdk.Tokenization.stringify_number(n))
    ),
    _token("Interval of the health check", "Interval", _time(_check, "interval")),
    _token("Checks until healthy", "Healthy", _check("healthy_threshold_count")),
    _token("Checks until unhealthy", "Unhealthy", _check("unhealthy_threshold_count")),
    _token("Least number of tasks", "Minimum", lambda p, n: bare.scaling(p, n, 9, cpu=60)),
    _token("Greatest number of tasks", "Maximum", lambda p, n: bare.scaling(p, 1, n, cpu=60)),
    _token("CPU to scale by", "CpuPercent", lambda p, n: bare.scaling(p, 1, 9, cpu=n)),
    _token("Requests to scale by", "Requests", lambda p, n: bare.scaling(p, 1, 9, requests=n)),
    _token(
        "Least tasks at night",
        "NightMinimum",
        lambda p, n: bare.scaling(p, 1, 9, schedule={"night": {"min_capacity": n}}),
    ),
    _token(
        "Weight of Spot",
        "SpotWeight",
        lambda p, n: bare.pattern(
            p, capacity_provider_strategies=[ecs.CapacityProviderStrategy(capacity_provider="FARGATE_SPOT", weight=n)]
        ),
    ),
    _token("Percentage that is healthy at least", "LeastPercent", _pattern("min_healthy_percent")),
    _token("Percentage that runs at most", "MostPercent", _pattern("max_healthy_percent")),
    _token("Failures until a rollback", "Failures", None),
    _token("Errors until a rollback", "ErrorPercent", None),
    _token("CPU of an alarm", "CpuAlarm", bare.alarm),
    _token("Images that are kept", "Keep", lambda p, n: bare.rules(p, {"max_image_count": n})),
    _token("Size of a disk", "DiskSize", None),
    _token("Number of tasks", "Count", _pattern("desired_count"), others),
    _token("Number of tasks on machines", "CountOnMachines", None, others),
    _token("Number of tasks behind a shared load balancer", "CountBehindShared", None, others),
    _token(
        "Seconds in which failed checks of a new task do not count",
        "Grace",
        _time(_pattern, "health_check_grace_period"),
    ),
    _token("Number of GPUs", "Gpus", None, others),
    _token("Least number of machines", "LeastMachines", None, others),
    _token("Status of a fixed answer", "Status", lambda p, n: bare.answering(p, n, "x"), others),
    _token("Priority of a rule", "Priority", None, others),
    Case(
        FAMILY,
        "Zones of a network, which are made before anything is deployed",
        lambda p: Network(p.stack, "Network", max_azs=here.number()),
        lambda p: bare.pattern(p, vpc=ec2.Vpc(p.stack, "Vpc", max_azs=here.number())),
        Refused("[Stack/Network] max_azs is a CDK token", "use a plain number"),
    ),
    Case(
        FAMILY,
        "Buffer for log lines, which CDK works out itself",
        lambda _: CloudWatchLogs(buffer_mib=here.number()),
        lambda p: bare.logging(p, cdk.Size.mebibytes(here.number())),
        Refused("CloudWatchLogs.buffer_mib is a CDK token", "use a plain number"),
    ),
    Case(
        FAMILY,
        "NAT gateways of a network",
        lambda p: Network(p.stack, "Network", nat_gateways=here.number()),
        lambda p: bare.pattern(p, vpc=ec2.Vpc(p.stack, "Vpc", nat_gateways=here.number())),
        Refused("[Stack/Network] nat_gateways is a CDK token", "use a plain number"),
    ),
]
