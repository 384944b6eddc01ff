"""Sizes against the verdict of CloudFormation's own validation engine, and against each other's price."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from cloudformation_validate import RegoEngine, Severity
from hypothesis import given, settings
from hypothesis import strategies as st

from ecr_fargate_constructs import AppContainer, Architecture, ConfigurationError, Sidecar, TaskSize
from ecr_fargate_constructs._rules.task_size import FARGATE_SIZES, hourly_price

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

pytestmark = pytest.mark.integration

NGINX = "public.ecr.aws/nginx/nginx:1.29"
MOST = 244 * 1024
MEMORY = st.integers(1, MOST)
Size = tuple[int, int]


@pytest.fixture(scope="module")
def engine() -> RegoEngine:
    """The engine that aws-cdk-lib runs at synth; a second to make, milliseconds to ask."""
    return RegoEngine()


def _task(cpu: int, memory: int) -> dict[str, object]:
    container = {"Name": "web", "Image": NGINX, "Essential": True}
    properties = {
        "Cpu": str(cpu),
        "Memory": str(memory),
        "NetworkMode": "awsvpc",
        "RequiresCompatibilities": ["FARGATE"],
        "RuntimePlatform": {"OperatingSystemFamily": "LINUX", "CpuArchitecture": "X86_64"},
        "ContainerDefinitions": [container],
    }
    return {"Type": "AWS::ECS::TaskDefinition", "Properties": properties}


def _refused(engine: RegoEngine, sizes: Sequence[Size]) -> set[Size]:
    """The sizes that the engine calls an error: many task definitions in one template, told apart by their ids."""
    names = {f"Task{number}": size for number, size in enumerate(sizes)}
    template = {"Resources": {name: _task(*size) for name, size in names.items()}}
    report = engine.validate_template(json.dumps(template).encode())
    found = {
        names[problem.entity.logical_id]
        for problem in report.diagnostics
        if problem.severity is Severity.ERROR and problem.entity is not None
    }
    assert {problem.rule_id for problem in report.diagnostics if problem.severity is Severity.ERROR} <= {
        "E3047",  # CPU and memory do not go together
        "E3048",  # no such CPU size
    }
    return found


def _refused_here(sizes: Iterable[Size]) -> set[Size]:
    return {size for size in sizes if not _passes(*size)}


def _passes(cpu: int, memory: int) -> bool:
    try:
        TaskSize(cpu, memory)
    except ConfigurationError:
        return False
    return True


@pytest.mark.parametrize("cpu", [*FARGATE_SIZES, 1000])
def test_every_half_gib_and_its_neighbours_agree_with_the_engine(engine: RegoEngine, cpu: int) -> None:
    steps = {0, *range(512, MOST + 2 * 4096, 512)}
    around = {size + offset for cpus in FARGATE_SIZES.values() for size in cpus for offset in (-1, 1)}
    everything = [(cpu, memory) for memory in sorted(steps | around)]
    for start in range(0, len(everything), 400):
        part = everything[start : start + 400]
        assert _refused(engine, part) == _refused_here(part)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(FARGATE_SIZES)), MEMORY), min_size=20, max_size=60, unique=True))
def test_any_memory_agrees_with_the_engine(engine: RegoEngine, sizes: list[Size]) -> None:
    assert _refused(engine, sizes) == _refused_here(sizes)


shares = st.builds(
    Sidecar,
    st.just("a"),
    st.just(NGINX),
    cpu=st.none() | st.integers(1, 9000),
    memory_reservation_mib=st.none() | st.integers(6, 100),
    memory_limit_mib=st.none() | st.integers(100, 70_000),
)


def _asked(containers: Iterable[Sidecar]) -> tuple[float, float]:
    cpu = memory = 0.0
    for each in containers:
        cpu += each.cpu or 0
        memory += each.memory_limit_mib or each.memory_reservation_mib or 0
    return cpu, memory


@given(st.lists(shares, max_size=5), st.sampled_from(Architecture))
def test_the_smallest_size_is_never_beaten(containers: list[Sidecar], architecture: Architecture) -> None:
    cpu, memory = _asked(containers)
    if containers and not cpu and not memory:
        with pytest.raises(ConfigurationError, match="no container sets cpu="):
            TaskSize.smallest_for(containers, architecture=architecture)
        return
    fitting = [
        (units, size) for units, sizes in FARGATE_SIZES.items() for size in sizes if units >= cpu and size >= memory
    ]
    if not fitting:
        with pytest.raises(ConfigurationError, match=r"largest size.*run them on EC2"):
            TaskSize.smallest_for(containers, architecture=architecture)
        return
    chosen = TaskSize.smallest_for(containers, architecture=architecture)
    assert (chosen.cpu, chosen.memory_mib) in fitting
    dollars = hourly_price(chosen.cpu, chosen.memory_mib, architecture)
    assert all(hourly_price(units, size, architecture) >= dollars for units, size in fitting)


@pytest.mark.parametrize(
    ("containers", "size"),
    [
        ([], (256, 512)),
        ([AppContainer(NGINX, 80, cpu=256, memory_limit_mib=512)], (256, 512)),
        ([AppContainer(NGINX, 80, memory_limit_mib=512), Sidecar("a", NGINX, memory_reservation_mib=6)], (256, 1024)),
        ([AppContainer(NGINX, 80, cpu=257)], (512, 1024)),
        ([AppContainer(NGINX, 80, memory_limit_mib=2049)], (512, 3072)),
        ([AppContainer(NGINX, 80, cpu=4096, memory_limit_mib=30_721)], (8192, 32_768)),
        ([AppContainer(NGINX, 80, cpu=16_385)], (32_768, 61_440)),
        ([AppContainer(NGINX, 80, memory_limit_mib=122_881)], (32_768, 249_856)),
    ],
)
def test_the_smallest_size_is_the_one_that_one_would_pick(containers: list[AppContainer | Sidecar], size: Size) -> None:
    assert TaskSize.smallest_for(containers) == TaskSize(*size)


def test_containers_that_name_no_need_are_told_to() -> None:
    containers = [AppContainer(NGINX, 80), Sidecar("migrate", NGINX), Sidecar("worker", NGINX)]
    with pytest.raises(ConfigurationError, match=r"smallest_for: no container sets cpu=.*omit size="):
        TaskSize.smallest_for(containers)
    assert TaskSize.smallest_for([*containers, Sidecar("proxy", NGINX, memory_limit_mib=600)]) == TaskSize(256, 1024)


def test_storage_goes_with_the_size() -> None:
    assert TaskSize.smallest_for([], ephemeral_storage_gib=40) == TaskSize(256, 512, 40)
    with pytest.raises(ConfigurationError, match=r"ephemeral_storage_gib=20"):
        TaskSize.smallest_for([], ephemeral_storage_gib=20)


def test_what_only_the_deployment_knows_cannot_be_added_up() -> None:
    token = -1.8881545897087498e289
    with pytest.raises(ConfigurationError, match=r"memory_limit_mib that only the deployment knows; use TaskSize"):
        TaskSize.smallest_for([AppContainer(NGINX, 80, memory_limit_mib=token)])


def test_the_prices_are_the_published_ones() -> None:
    """A quarter of a vCPU and half a GB: 9.01 dollars a month of 730 hours on x86, 7.21 on Arm."""
    assert round(hourly_price(256, 512, Architecture.X86_64) * 730, 2) == 9.01
    assert round(hourly_price(256, 512, Architecture.ARM64) * 730, 2) == 7.21
