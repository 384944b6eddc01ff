"""What is warned of, and what is not: quotas, machines that may not come up, sessions, rules that never act."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_applicationautoscaling as appscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs import (
    AppContainer,
    BlueGreen,
    ConfigurationError,
    ContainerRuntime,
    Ec2Capacity,
    Ec2Container,
    ExpireUntagged,
    KeepNewest,
    LoadBalancedEc2Service,
    LoadBalancedFargateService,
    PrivateRepository,
    PublicHttp,
    Retention,
    RoutedEc2Service,
    RoutedFargateService,
    Scaling,
    ScheduledCapacity,
    SharedLoadBalancer,
)
from ecr_fargate_constructs.service.routing.route import Route

if TYPE_CHECKING:
    from collections.abc import Callable

    from constructs import Construct

pytestmark = pytest.mark.integration

NGINX = "public.ecr.aws/nginx/nginx:1.29"
PREFIX = "ecr-fargate-constructs:"
SHARED = ContainerRuntime(process_namespace=ecs.PidMode.TASK)
AT = appscaling.Schedule.cron(hour="8", minute="0")


def _stack() -> cdk.Stack:
    return cdk.Stack(cdk.App(), "Stack")


def _number() -> Any:  # noqa: ANN401 - a number that only the deployment knows
    return cdk.Token.as_number(cdk.Fn.ref("Later"))


def _fargate(**options: Any) -> Construct:  # noqa: ANN401 - passed on
    given = {"container": AppContainer(NGINX, 80), "ingress": PublicHttp(), **options}
    return LoadBalancedFargateService(_stack(), "Web", **given)


def _ec2(**options: Any) -> Construct:  # noqa: ANN401 - passed on
    given = {"container": Ec2Container(NGINX, 80), "ingress": PublicHttp(), **options}
    return LoadBalancedEc2Service(_stack(), "Web", **given)


def _routed(**options: Any) -> Construct:  # noqa: ANN401 - passed on
    stack = _stack()
    shared = SharedLoadBalancer(stack, "Shared", ingress=PublicHttp())
    given = {"container": AppContainer(NGINX, 80), "route": Route(path="/*"), **options}
    return RoutedFargateService(stack, "Web", load_balancer=shared, **given)


def _routed_ec2(**options: Any) -> Construct:  # noqa: ANN401 - passed on
    stack = _stack()
    shared = SharedLoadBalancer(stack, "Shared", ingress=PublicHttp())
    given = {"container": Ec2Container(NGINX, 80), "route": Route(path="/*"), **options}
    return RoutedEc2Service(stack, "Web", load_balancer=shared, **given)


def _warnings(construct: Construct, name: str) -> list[str]:
    return [
        str(entry.data)
        for each in construct.node.root.node.find_all()
        for entry in each.node.metadata
        if f"[ack: {PREFIX}{name}]" in str(entry.data)
    ]


def _scaling(maximum: Any, **options: Any) -> Scaling:  # noqa: ANN401 - a token, too
    return Scaling(min_capacity=1, max_capacity=maximum, cpu_percent=60, **options)


@pytest.mark.parametrize("make", [_fargate, _ec2, _routed, _routed_ec2])
def test_more_tasks_than_a_load_balancer_has_targets_are_warned_of(make: Callable[..., Construct]) -> None:
    [text] = _warnings(make(scaling=_scaling(1001)), "tasksAboveQuota")
    assert text.startswith("Scaling.max_capacity=1001 is more tasks than a load balancer can have")
    assert _warnings(make(scaling=_scaling(1000)), "tasksAboveQuota") == []


def test_a_count_and_a_schedule_are_looked_at_too() -> None:
    [text] = _warnings(_fargate(desired_count=1_000_000), "tasksAboveQuota")
    assert text.startswith("desired_count=1000000 is more tasks")
    at_eight = ScheduledCapacity(name="day", at=AT, min_capacity=1, max_capacity=2000)
    [text] = _warnings(_fargate(scaling=_scaling(10, schedule=[at_eight])), "tasksAboveQuota")
    assert text.startswith("ScheduledCapacity 'day' max_capacity=2000 is more tasks")


@pytest.mark.parametrize("scaling", [_scaling(_number()), _scaling(5000, paused=True)], ids=["token", "paused"])
def test_what_nobody_knows_and_what_rests_is_not_warned_of(scaling: Scaling) -> None:
    assert _warnings(_fargate(scaling=scaling), "tasksAboveQuota") == []


def test_a_warning_can_be_acknowledged_at_the_service() -> None:
    service = _fargate(desired_count=2000)
    cdk.Annotations.of(service).acknowledge_warning(f"{PREFIX}tasksAboveQuota", "the quota is 5,000")
    assert _warnings(service, "tasksAboveQuota") == []


def test_more_machines_than_a_cluster_has_are_warned_of() -> None:
    [text] = _warnings(_ec2(capacity=Ec2Capacity(max_capacity=5001)), "machinesAboveQuota")
    assert "Ec2Capacity.max_capacity=5001" in text
    for maximum in (5000, _number()):
        assert _warnings(_ec2(capacity=Ec2Capacity(max_capacity=maximum)), "machinesAboveQuota") == []


@pytest.mark.parametrize("kind", ["p9.mega", "t3.medum", "t33.medium", "m7i.metal-24"])
def test_a_type_that_nobody_knows_is_warned_of(kind: str) -> None:
    machines = Ec2Capacity(instance_type=ec2.InstanceType(kind))
    [text] = _warnings(_ec2(capacity=machines), "unknownInstanceType")
    assert f"Ec2Capacity.instance_type={kind} is not a type" in text


@pytest.mark.parametrize(
    "kind",
    ["t3.nano", "t3a.2xlarge", "c7i-flex.large", "m7i.metal-24xl", "m6i.metal", "is4gen.xlarge"],
)
def test_types_that_there_are_pass(kind: str) -> None:
    arm = kind.startswith("is4gen")
    machines = Ec2Capacity(instance_type=ec2.InstanceType(kind))
    container = Ec2Container(ecs.ContainerImage.from_registry(NGINX), 80, **_architecture(arm=arm))
    assert _warnings(_ec2(capacity=machines, container=container), "unknownInstanceType") == []


def _architecture(*, arm: bool) -> dict[str, Any]:
    from ecr_fargate_constructs import Architecture  # noqa: PLC0415 - beside its only use

    return {"architecture": Architecture.ARM64 if arm else Architecture.X86_64}


def test_every_type_that_cdk_can_make_passes() -> None:
    from ecr_fargate_constructs.service.capacity.machine_image import warn_of_type  # noqa: PLC0415 - its own test

    stack = _stack()
    for size in ec2.InstanceSize:
        warn_of_type(stack, ec2.InstanceType.of(ec2.InstanceClass.M5, size))
    for family in ec2.InstanceClass:
        if not family.name.startswith("MAC"):
            warn_of_type(stack, ec2.InstanceType.of(family, ec2.InstanceSize.LARGE))
    assert _warnings(stack, "unknownInstanceType") == []


@pytest.mark.parametrize("image", ["latest_amazon_linux2023", "latest_amazon_linux2"])
def test_an_image_without_the_agent_is_warned_of(image: str) -> None:
    machines = Ec2Capacity(machine_image=getattr(ec2.MachineImage, image)())
    [text] = _warnings(_ec2(capacity=machines), "machineImageWithoutAgent")
    assert "without the ECS agent" in text


@pytest.mark.parametrize(
    "image",
    [
        ecs.EcsOptimizedImage.amazon_linux2(),
        ecs.BottleRocketImage(),
        ec2.MachineImage.generic_linux({"us-east-1": "ami-0123456789abcdef0"}),
        ec2.MachineImage.from_ssm_parameter("/shop/image"),
        None,
    ],
)
def test_images_that_may_have_the_agent_pass(image: ec2.IMachineImage | None) -> None:
    assert _warnings(_ec2(capacity=Ec2Capacity(machine_image=image)), "machineImageWithoutAgent") == []


@pytest.mark.parametrize(
    "image",
    [
        ec2.MachineImage.latest_windows(ec2.WindowsVersion.WINDOWS_SERVER_2022_ENGLISH_FULL_BASE),
        ec2.MachineImage.generic_windows({"us-east-1": "ami-0123456789abcdef0"}),
        ecs.EcsOptimizedImage.windows(ecs.WindowsOptimizedVersion.SERVER_2022),
    ],
)
def test_machines_of_windows_are_refused_and_nothing_is_left(image: ec2.IMachineImage) -> None:
    stack = _stack()
    container = Ec2Container(NGINX, 80)
    with pytest.raises(ConfigurationError, match=r"\[Stack/Web\] Ec2Capacity.machine_image is a Windows image"):
        LoadBalancedEc2Service(
            stack, "Web", container=container, ingress=PublicHttp(), capacity=Ec2Capacity(machine_image=image)
        )
    assert stack.node.children == []


@pytest.mark.parametrize("make", [_fargate, _routed])
def test_one_session_for_containers_that_share_their_processes(make: Callable[..., Construct]) -> None:
    shared = AppContainer(NGINX, 80, runtime=SHARED)
    [text] = _warnings(make(container=shared, enable_execute_command=True), "oneSessionPerNamespace")
    assert "process_namespace=TASK" in text
    assert _warnings(make(container=shared), "oneSessionPerNamespace") == []
    assert _warnings(make(enable_execute_command=True), "oneSessionPerNamespace") == []


def test_the_machines_processes_have_one_session_too() -> None:
    shared = Ec2Container(NGINX, 80, runtime=ContainerRuntime(process_namespace=ecs.PidMode.HOST))
    [text] = _warnings(_ec2(container=shared, enable_execute_command=True), "oneSessionPerNamespace")
    assert "process_namespace=HOST" in text


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        (KeepNewest(100_001), "beyond the newest 100001) never acts: a repository holds 100,000 images"),
        (ExpireUntagged(36_501), "36501 days ago) never acts: the time is more than a hundred years"),
    ],
)
def test_a_rule_that_never_acts_is_warned_of(rule: KeepNewest | ExpireUntagged, why: str) -> None:
    [text] = _warnings(PrivateRepository(_stack(), "Repo", retention=Retention([rule])), "retentionNeverActs")
    assert why in text


@pytest.mark.parametrize(
    "retention",
    [
        Retention([KeepNewest(100_000)]),
        Retention([ExpireUntagged(36_500)]),
        Retention([KeepNewest(_number())]),
        Retention.keep_last(20).protect(["v*"]),
    ],
)
def test_rules_that_may_act_pass(retention: Retention) -> None:
    assert _warnings(PrivateRepository(_stack(), "Repo", retention=retention), "retentionNeverActs") == []


def test_a_load_balancer_has_a_hundred_target_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ecr_fargate_constructs.service.routing.shared_load_balancer.MOST_GROUPS", 3)
    stack = _stack()
    shared = SharedLoadBalancer(stack, "Shared", ingress=PublicHttp())

    def add(name: str, **options: Any) -> None:  # noqa: ANN401 - passed on
        route, container = Route(path=f"/{name.lower()}/*"), AppContainer(NGINX, 80)
        RoutedFargateService(stack, name, load_balancer=shared, route=route, container=container, **options)

    add("A", deployment=BlueGreen())
    before = {each.node.path for each in stack.node.find_all()}
    with pytest.raises(ConfigurationError, match=r"\[Stack/B\] the load balancer already has 3 target groups"):
        add("B", deployment=BlueGreen())
    assert {each.node.path for each in stack.node.find_all()} == before
    add("C")
    with pytest.raises(ConfigurationError, match="use a second SharedLoadBalancer"):
        add("D")
