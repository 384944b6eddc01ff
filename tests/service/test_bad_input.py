"""Bad input of scaling, capacity, machines and discovery: refused where it was written, before anything exists."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_applicationautoscaling as appscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_servicediscovery as cloudmap

from ecr_fargate_constructs import (
    AppContainer,
    CloudMap,
    ConfigurationError,
    Ec2Capacity,
    Ec2Container,
    LoadBalancedEc2Service,
    LoadBalancedFargateService,
    MetricResolution,
    Mixed,
    Scaling,
    ScheduledCapacity,
    ServiceConnect,
    Spot,
    TaskSize,
)

if TYPE_CHECKING:
    from collections.abc import Callable

NGINX = "public.ecr.aws/nginx/nginx:1.29"
CRON = appscaling.Schedule.cron(minute="0", hour="8")
HOURLY = appscaling.Schedule.rate(cdk.Duration.hours(1))
SECONDS = cdk.Duration.seconds


def _scaling(**options: Any) -> Scaling:  # noqa: ANN401 - passed on as they are
    return Scaling(**{"min_capacity": 2, "max_capacity": 4, "cpu_percent": 60, **options})


def _at(name: str = "later", **options: Any) -> ScheduledCapacity:  # noqa: ANN401 - passed on as they are
    return ScheduledCapacity(**{"name": name, "at": CRON, "min_capacity": 2, **options})


VALUES: list[tuple[str, Callable[[], object], str, str]] = [
    ("none", lambda: _scaling(min_capacity=0), "Scaling.min_capacity=0 is not a number of tasks", "paused=True"),
    ("half", lambda: _scaling(min_capacity=1.5), "Scaling.min_capacity=1.5", "use 1 or more"),
    ("text", lambda: _scaling(max_capacity="4"), "Scaling.max_capacity='4' is not a number", "whole number"),
    ("order", lambda: _scaling(min_capacity=5), "Scaling.min_capacity=5 is above max_capacity=4", "swap the two"),
    ("cpu", lambda: _scaling(cpu_percent=101), "Scaling.cpu_percent=101 is not a percentage", "use 1 to 100"),
    ("idle cpu", lambda: _scaling(cpu_percent=0), "Scaling.cpu_percent=0", "use 1 to 100"),
    ("memory", lambda: _scaling(memory_percent=0.5), "Scaling.memory_percent=0.5", "use 1 to 100"),
    ("requests", lambda: _scaling(requests_per_target=0), "Scaling.requests_per_target=0", "use 1 or more"),
    (
        "no signal to scale by",
        lambda: Scaling(min_capacity=2, max_capacity=4),
        "Scaling(min_capacity=2, max_capacity=4) has no signal to scale by",
        "cpu_percent=",
    ),
    (
        "no requests can be measured",
        lambda: Scaling(
            min_capacity=2, max_capacity=4, requests_per_target=9, metric_resolution=MetricResolution.SECONDS_20
        ),
        "Scaling.metric_resolution=MetricResolution.SECONDS_20",
        "set cpu_percent=",
    ),
    (
        "cooldown",
        lambda: _scaling(scale_in_cooldown=cdk.Duration.millis(1500)),
        "Scaling.scale_in_cooldown is 1.5 seconds",
        "whole seconds",
    ),
    ("twice", lambda: _scaling(schedule=[_at(), _at()]), "Scaling.schedule has later twice", "give each its own name"),
    (
        "above",
        lambda: _scaling(schedule=[_at(min_capacity=5)]),
        "'later' could leave min_capacity=5 above max_capacity=4",
        "give the schedule both",
    ),
    (
        "below",
        lambda: _scaling(schedule=[_at(min_capacity=None, max_capacity=1)]),
        "'later' could leave min_capacity=2 above max_capacity=1",
        "give the schedule both",
    ),
    (
        "below another",
        lambda: _scaling(
            schedule=[_at("day", min_capacity=3, max_capacity=9), _at("night", min_capacity=None, max_capacity=2)]
        ),
        "'night' could leave min_capacity=3 above max_capacity=2",
        "give the schedule both",
    ),
    ("no spot", lambda: _scaling(capacity=Mixed(base=4)), "a base of 4, but max_capacity=4", "a smaller base"),
    ("unnamed", lambda: _at(""), "ScheduledCapacity.name=''", "1 to 256 characters"),
    ("name", lambda: _at("a/b"), "ScheduledCapacity.name='a/b'", "none of them ':', '/' or '|'"),
    ("no change", lambda: _at(min_capacity=None), "ScheduledCapacity 'later' changes nothing", "set min_capacity="),
    ("negative", lambda: _at(min_capacity=-1), "ScheduledCapacity.min_capacity=-1", "use 0 or more"),
    (
        "limits",
        lambda: _at(min_capacity=3, max_capacity=2),
        "ScheduledCapacity.min_capacity=3 is above max_capacity=2",
        "swap",
    ),
    (
        "zone",
        lambda: _at(at=HOURLY, time_zone=cdk.TimeZone.EUROPE_BERLIN),
        "'later' has a time_zone, which a rate does not use",
        "Schedule.cron(…)",
    ),
    ("naive", lambda: _at(start=datetime(2027, 1, 1)), "ScheduledCapacity.start=2027", "tzinfo=timezone.utc"),  # noqa: DTZ001 - that is the fault
    (
        "backwards",
        lambda: _at(start=datetime(2027, 1, 2, tzinfo=timezone.utc), end=datetime(2027, 1, 1, tzinfo=timezone.utc)),
        "ScheduledCapacity 'later' has end=2027-01-01",
        "swap the two",
    ),
    ("base", lambda: Mixed(base=-1), "Mixed.base=-1", "use 0 to 100000"),
    ("weight", lambda: Mixed(spot_weight=0), "Mixed.spot_weight=0", "use 1 to 1000"),
    ("heavy", lambda: Mixed(on_demand_weight=1001), "Mixed.on_demand_weight=1001", "use 0 to 1000"),
    ("none stays", lambda: Mixed(base=0, on_demand_weight=0), "has no task on demand", "use Spot()"),
    (
        "machines",
        lambda: Ec2Capacity(min_capacity=3, max_capacity=2),
        "Ec2Capacity.min_capacity=3 is above max_capacity=2",
        "swap",
    ),
    ("no machine", lambda: Ec2Capacity(min_capacity=0, max_capacity=0), "Ec2Capacity.max_capacity=0", "use 1 or more"),
    ("full", lambda: Ec2Capacity(target_percent=101), "Ec2Capacity.target_percent=101", "use 1 to 100"),
    ("root", lambda: Ec2Capacity(root_volume_gib=29), "Ec2Capacity.root_volume_gib=29", "use 30 to 16384"),
    ("gpu", lambda: Ec2Container(NGINX, 80, gpu_count=0), "Ec2Container.gpu_count=0", "use 1 or more"),
    ("shm", lambda: Ec2Container(NGINX, 80, shared_memory_mib=0), "shared_memory_mib=0", "use 1 or more"),
    (
        "zones",
        lambda: Ec2Container(
            NGINX,
            80,
            placement_constraints=[ecs.PlacementConstraint.member_of("attribute:ecs.availability-zone == eu-west-1a")],
        ),
        "Ec2Container.placement_constraints names attribute:ecs.availability-zone",
        "subnets=",
    ),
    ("capitals", lambda: ServiceConnect(namespace="n", name="Orders"), "ServiceConnect.name='Orders'", "lower-case"),
    ("no port", lambda: ServiceConnect(namespace="n", name="a", port=0), "ServiceConnect.port=0", "use 1 to 65535"),
    (
        "nothing on it",
        lambda: ServiceConnect(namespace="n", port=80),
        "ServiceConnect.port=80 needs a name",
        "add name=",
    ),
    (
        "slow",
        lambda: ServiceConnect(namespace="n", request_timeout=cdk.Duration.millis(1)),
        "ServiceConnect.request_timeout is 0.001 seconds",
        "whole seconds",
    ),
]


@pytest.mark.parametrize(("make", "wrong", "fix"), [case[1:] for case in VALUES], ids=[case[0] for case in VALUES])
def test_a_value_that_cannot_work_is_refused_at_once(make: Callable[[], object], wrong: str, fix: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert wrong in str(caught.value)
    assert fix in str(caught.value)


@pytest.mark.parametrize("name", ["or_ders", "a.b", "-a", "a" * 64])
def test_a_cloud_map_name_is_a_dns_label(stack: cdk.Stack, name: str) -> None:
    namespace = cloudmap.PrivateDnsNamespace(stack, "Namespace", name="internal", vpc=ec2.Vpc(stack, "Vpc"))
    with pytest.raises(ConfigurationError, match="is not the first part of a DNS name; use up to 63"):
        CloudMap(namespace=namespace, name=name)
    CloudMap(namespace=namespace, name="orders-2")


def test_an_http_namespace_has_no_dns(stack: cdk.Stack) -> None:
    namespace = cloudmap.HttpNamespace(stack, "Namespace", name="apps")
    with pytest.raises(ConfigurationError, match=r"apps is an HTTP namespace.*ServiceConnect"):
        CloudMap(namespace=namespace, name="orders")


def _fargate(stack: cdk.Stack, **options: Any) -> object:  # noqa: ANN401 - passed on as they are
    return LoadBalancedFargateService(stack, "Web", **{"container": AppContainer(NGINX, 80), **options})


def _ec2(stack: cdk.Stack, **options: Any) -> object:  # noqa: ANN401 - passed on as they are
    return LoadBalancedEc2Service(stack, "Web", **{"container": AppContainer(NGINX, 80), **options})


ARM = ec2.InstanceType("m7g.large")
PUBLIC = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC)
SCOPED: list[tuple[str, Callable[[cdk.Stack], object], str, str]] = [
    (
        "two counts",
        lambda s: _fargate(s, desired_count=3, scaling=_scaling()),
        "desired_count=3 and scaling are both given",
        "Scaling(min_capacity=3, max_capacity=3)",
    ),
    (
        "gpu on Fargate",
        lambda s: _fargate(s, container=Ec2Container(NGINX, 80, gpu_count=1)),
        "container is an Ec2Container",
        "LoadBalancedEc2Service",
    ),
    (
        "spot machines",
        lambda s: _ec2(s, scaling=_scaling(capacity=Spot())),
        "Scaling.capacity=Spot() is for Fargate",
        "capacity=Ec2Capacity(…)",
    ),
    (
        "storage",
        lambda s: _ec2(s, size=TaskSize(ephemeral_storage_gib=30)),
        "TaskSize.ephemeral_storage_gib=30 is for Fargate",
        "root_volume_gib",
    ),
    ("arm", lambda s: _ec2(s, capacity=Ec2Capacity(instance_type=ARM)), "m7g.large is ARM64", "a type like t3.medium"),
    ("public", lambda s: _ec2(s, subnets=PUBLIC), "instances and their tasks get no public addresses", "add NAT"),
]


@pytest.mark.parametrize(("make", "wrong", "fix"), [case[1:] for case in SCOPED], ids=[case[0] for case in SCOPED])
def test_an_option_that_cannot_work_is_refused_before_anything_exists(
    stack: cdk.Stack, make: Callable[[cdk.Stack], object], wrong: str, fix: str
) -> None:
    _refused(stack, lambda: make(stack), "[Stack/Web] ", wrong, fix)


def test_a_cluster_without_machines_is_refused(stack: cdk.Stack) -> None:
    cluster = ecs.Cluster(stack, "Cluster")
    _refused(
        stack, lambda: _ec2(stack, cluster=cluster), "[Stack/Web] the cluster has no EC2 instances", "Ec2Capacity()"
    )


def test_machines_are_not_added_to_a_cluster_that_is_elsewhere(stack: cdk.Stack) -> None:
    other = cdk.Stack(cdk.App.of(stack), "Other")
    cluster = ecs.Cluster(other, "Cluster")
    make = lambda: _ec2(stack, cluster=cluster, capacity=Ec2Capacity())  # noqa: E731 - called by the check
    _refused(stack, make, "[Stack/Web] instances cannot be added to a cluster of another stack", "omit capacity")
    imported = ecs.Cluster.from_cluster_attributes(stack, "Theirs", cluster_name="theirs", vpc=cluster.vpc)
    make = lambda: _ec2(stack, cluster=imported, capacity=Ec2Capacity())  # noqa: E731 - called by the check
    _refused(stack, make, "[Stack/Web] instances cannot be added to an imported cluster", "omit capacity")


def test_a_network_of_public_subnets_has_no_place_for_machines(stack: cdk.Stack) -> None:
    public = ec2.SubnetConfiguration(name="Public", subnet_type=ec2.SubnetType.PUBLIC)
    vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0, subnet_configuration=[public])
    _refused(stack, lambda: _ec2(stack, vpc=vpc), "[Stack/Web] instances and their tasks get no public", "add NAT")


def _refused(stack: cdk.Stack, make: Callable[[], object], *parts: str) -> None:
    before = [child.node.path for child in stack.node.find_all()]
    with pytest.raises(ConfigurationError) as caught:
        make()
    for part in parts:
        assert part in str(caught.value)
    assert [child.node.path for child in stack.node.find_all()] == before, "half a tree was left"
