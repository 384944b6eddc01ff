"""Ratios of disks, limits of processes, and how much fits into a task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import assertions
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs import (
    AppContainer,
    ConfigurationError,
    EbsVolume,
    Ec2Container,
    LoadBalancedEc2Service,
    LoadBalancedFargateService,
    Mount,
    PublicHttp,
    SharedVolume,
    Sidecar,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

NGINX = "public.ecr.aws/nginx/nginx:1.29"
TYPE, LIMIT = ec2.EbsDeviceVolumeType, ecs.UlimitName


@pytest.mark.parametrize(
    ("options", "wrong", "fix"),
    [
        ({"size_gib": 1, "iops": 80_000}, "EbsVolume.iops=80000 is more than gp3 has at size_gib=1", "size_gib=160"),
        ({"size_gib": 10, "iops": 5_001}, "500 for each GiB", "use 5000 or less, or size_gib=11"),
        ({"size_gib": 100, "iops": 5_001, "volume_type": TYPE.IO1}, "50 for each GiB", "use 5000 or less"),
        ({"size_gib": 4, "iops": 4_001, "volume_type": TYPE.IO2}, "1,000 for each GiB", "use 4000 or less"),
        (
            {"size_gib": 100, "throughput": 2_000},
            "with 3000 I/O operations per second",
            "use 750 or less, or iops=8000",
        ),
        (
            {"size_gib": 100, "iops": 4_000, "throughput": 1_001},
            "with 4000 I/O operations",
            "use 1000 or less, or iops=4004",
        ),
    ],
)
def test_more_speed_than_a_disk_has(options: dict[str, Any], wrong: str, fix: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        EbsVolume("disk", **options)
    assert wrong in str(caught.value)
    assert fix in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [
        {"size_gib": 1, "iops": 3_000, "throughput": 750},
        {"size_gib": 160, "iops": 80_000, "throughput": 2_000},
        {"size_gib": 4, "iops": 100, "volume_type": TYPE.IO1},
        {"size_gib": 4, "iops": 200, "volume_type": TYPE.IO1},
        {"size_gib": 256, "iops": 256_000, "volume_type": TYPE.IO2},
        {"snapshot_id": "snap-1", "iops": 80_000},
        {"size_gib": 1, "iops": cdk.Token.as_number(cdk.Fn.ref("A"))},
        {"size_gib": cdk.Token.as_number(cdk.Fn.ref("A")), "iops": 80_000},
        {"size_gib": 1, "iops": cdk.Token.as_number(cdk.Fn.ref("A")), "throughput": 2_000},
    ],
)
def test_what_a_disk_has(options: dict[str, Any]) -> None:
    EbsVolume("disk", **options)


def _limit(name: ecs.UlimitName, soft: float, hard: float) -> ecs.Ulimit:
    return ecs.Ulimit(name=name, soft_limit=soft, hard_limit=hard)


@pytest.mark.parametrize(
    ("limits", "wrong"),
    [
        ([_limit(LIMIT.NOFILE, 2, 1)], "nofile with soft_limit=2 above hard_limit=1"),
        ([_limit(LIMIT.CORE, -1, 1)], "core with soft_limit=-1 above hard_limit=1"),
        ([_limit(LIMIT.NOFILE, 1, 2), _limit(LIMIT.NOFILE, 1, 2)], "nofile twice"),
    ],
)
def test_limits_that_contradict_each_other(limits: Sequence[ecs.Ulimit], wrong: str) -> None:
    with pytest.raises(ConfigurationError, match=wrong):
        AppContainer(NGINX, 80, ulimits=limits)


def test_limits_that_are_fine() -> None:
    token = cdk.Token.as_number(cdk.Fn.ref("A"))
    limits = [_limit(LIMIT.NOFILE, 1, 1), _limit(LIMIT.CORE, -1, -1), _limit(LIMIT.NPROC, 5, -1)]
    AppContainer(NGINX, 80, ulimits=[*limits, _limit(LIMIT.STACK, token, 1)])


def _warnings(stack: cdk.Stack) -> list[str]:
    entries = assertions.Annotations.from_stack(stack).find_warning("*", assertions.Match.any_value())
    return [text for each in entries if "ulimitIgnored" in (text := str(each.entry.data))]


def test_limits_that_fargate_ignores() -> None:
    limits = [_limit(LIMIT.NOFILE, 1, 1), _limit(LIMIT.CORE, 0, 0)]
    stack = cdk.Stack(cdk.App(), "Fargate")
    LoadBalancedFargateService(stack, "Web", container=AppContainer(NGINX, 80, ulimits=limits), ingress=PublicHttp())
    [warning] = _warnings(stack)
    assert warning.startswith("core of web in ulimits has no effect")
    machines = cdk.Stack(cdk.App(), "Machines")
    LoadBalancedEc2Service(machines, "Web", container=Ec2Container(NGINX, 80, ulimits=limits), ingress=PublicHttp())
    assert _warnings(machines) == []


def _service(container: AppContainer, sidecars: Sequence[Sidecar]) -> None:
    LoadBalancedFargateService(
        cdk.Stack(cdk.App(), "S"), "Web", container=container, sidecars=sidecars, ingress=PublicHttp()
    )


def test_ten_containers_fit_into_a_task_and_eleven_do_not() -> None:
    sidecars = [Sidecar(f"s{number}", NGINX) for number in range(10)]
    _service(AppContainer(NGINX, 80), sidecars[:9])
    with pytest.raises(ConfigurationError, match=r"has 11 containers, but ECS allows at most 10"):
        _service(AppContainer(NGINX, 80), sidecars)


@pytest.mark.parametrize(
    ("name", "collides"),
    [
        ("writable-0", True),
        ("s-writable-0", True),
        ("writable-9", False),
        ("other-writable-0", False),
        ("scratch", False),
    ],
)
def test_a_volume_with_the_name_of_a_writable_path(name: str, collides: bool) -> None:  # noqa: FBT001 - a case
    container = AppContainer(NGINX, 80, writable_paths=["/run"], mounts=[Mount("/srv", SharedVolume(name))])
    sidecars = [Sidecar("s", NGINX, writable_paths=["/run"])]
    if not collides:
        _service(container, sidecars)
        return
    with pytest.raises(ConfigurationError, match=f"the volume '{name}' has the name of one of"):
        _service(container, sidecars)
