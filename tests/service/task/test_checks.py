"""Which containers can be in one task, and in which order they start."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from hypothesis import given
from hypothesis import strategies as st

from ecr_fargate_constructs import (
    AppContainer,
    Architecture,
    CloudWatchLogs,
    ConfigurationError,
    ContainerRuntime,
    EbsVolume,
    EfsVolume,
    LoadBalancedEc2Service,
    LoadBalancedFargateService,
    Mount,
    RestartPolicy,
    SharedVolume,
    Sidecar,
    TaskSize,
)
from ecr_fargate_constructs._rules.container_dependencies import check_dependencies

if TYPE_CHECKING:
    from collections.abc import Callable

NGINX = "public.ecr.aws/nginx/nginx:1.29"
SECONDS = cdk.Duration.seconds
ON = ecs.ContainerDependencyCondition
TYPE = ec2.EbsDeviceVolumeType


def _app(**options: Any) -> AppContainer:  # noqa: ANN401 - passed on as they are
    return AppContainer(NGINX, 80, **options)


def _check(**options: Any) -> Callable[[], object]:  # noqa: ANN401 - passed on as they are
    return lambda: _app(health_check=ecs.HealthCheck(**{"command": ["CMD", "true"], **options}))


VALUES: list[tuple[Callable[[], object], str, str]] = [
    (lambda: Sidecar("a b", NGINX), "Sidecar.name='a b'", "letters, digits, '-' and '_'"),
    (lambda: Sidecar("", NGINX), "Sidecar.name=''", "1 to 255"),
    (lambda: Sidecar("a", "Nginx"), "Sidecar.image='Nginx'", "in lower case"),
    (lambda: Sidecar("a", NGINX, ports=[0]), "Sidecar.ports=0", "use 1 to 65535"),
    (lambda: Sidecar("a", NGINX, command="a b"), "Sidecar.command='a b'", "['a', 'b']"),
    (lambda: Sidecar.adot(config="receivers:"), "Sidecar.adot(config=…)", "use () for none"),
    (lambda: _app(secrets={"KEY": "abc"}), "AppContainer.secrets['KEY'] is a string", "ecs.Secret.from_"),
    (lambda: _app(depends_on={"a": "HEALTHY"}), "depends_on['a']='HEALTHY' is a string", "DependencyCondition.START"),
    (lambda: _app(environment_files=[object()] * 11), "environment_files has 11", "use at most 10"),
    (lambda: _app(working_directory="srv"), "AppContainer.working_directory has 'srv'", "'/tmp'"),
    (lambda: _app(cpu=0), "AppContainer.cpu=0", "use 1 or more"),
    (lambda: _app(memory_reservation_mib=5), "memory_reservation_mib=5", "use 6 or more"),
    (
        lambda: _app(memory_limit_mib=64, memory_reservation_mib=128),
        "memory_reservation_mib=128 is more than memory_limit_mib=64",
        "lower it",
    ),
    (_check(command=[]), "AppContainer.health_check has no command", "CMD-SHELL"),
    (_check(interval=SECONDS(4)), "health_check.interval is 4", "5 to 300"),
    (_check(timeout=SECONDS(121)), "health_check.timeout is 121", "2 to 60"),
    (_check(start_period=SECONDS(301)), "health_check.start_period is 301", "0 to 300"),
    (_check(retries=11), "health_check.retries=11", "use 1 to 10"),
    (_check(interval=SECONDS(5), timeout=SECONDS(5)), "timeout is 5 seconds and interval 5", "shorter"),
    (lambda: RestartPolicy(attempt_period=SECONDS(59)), "RestartPolicy.attempt_period is 59", "60 to 1800"),
    (lambda: RestartPolicy(ignored_exit_codes=[256]), "ignored_exit_codes=256", "use 0 to 255"),
    (lambda: RestartPolicy(ignored_exit_codes=range(51)), "has 51 codes", "use at most 50"),
    (lambda: ContainerRuntime(start_timeout=SECONDS(121)), "start_timeout is 121", "2 to 120"),
    (lambda: ContainerRuntime(system_controls={"vm.swappiness": "1"}), "'vm.swappiness'", "use net.…"),
    (lambda: ContainerRuntime(system_controls={"net.a": 1}), "system_controls['net.a']=1", "use a string"),  # type: ignore[dict-item]
    (lambda: ContainerRuntime(credential_specs=[object(), object()]), "credential_specs has 2", "at most one"),  # type: ignore[list-item]
    (lambda: CloudWatchLogs(buffer_mib=0), "CloudWatchLogs.buffer_mib=0", "use 1 or more"),
    (lambda: CloudWatchLogs(multiline_pattern="a", datetime_format="b"), "multiline_pattern and", "omit one"),
    (lambda: Mount("data", SharedVolume("a")), "Mount.path has 'data'", "'/tmp'"),
    (lambda: Mount("/", SharedVolume("a")), "Mount.path has '/'", "'/tmp'"),
    (lambda: SharedVolume("a/b"), "SharedVolume.name='a/b'", "letters"),
    (
        lambda: _app(mounts=[Mount("/a", SharedVolume("a")), Mount("/a/", SharedVolume("b"))]),
        "'/a' twice",
        "remove one",
    ),
    (lambda: _app(mounts=[Mount("/a", SharedVolume("a"))], writable_paths=["/a"]), "'/a' twice", "remove one"),
    (
        lambda: EfsVolume("a", None, access_point=object(), root_directory="/x"),  # type: ignore[arg-type]
        "EfsVolume.root_directory='/x' cannot be set with access_point",
        "omit one",
    ),
    (lambda: EfsVolume("a", None, root_directory="x"), "EfsVolume.root_directory has 'x'", "'/tmp'"),  # type: ignore[arg-type]
    (lambda: EbsVolume("a"), "EbsVolume has neither size_gib nor snapshot_id", "give one"),
    (lambda: EbsVolume("a", size_gib=65_537), "EbsVolume.size_gib=65537 is not a size in GiB that gp3", "1 to 65536"),
    (lambda: EbsVolume("a", size_gib=124, volume_type=TYPE.ST1), "size_gib=124", "use 125 to 16384"),
    (lambda: EbsVolume("a", snapshot_id="snap"), "EbsVolume.snapshot_id='snap'", "'snap-05abe246af'"),
    (lambda: EbsVolume("a", size_gib=8, iops=2999), "EbsVolume.iops=2999", "use 3000 to 80000"),
    (lambda: EbsVolume("a", size_gib=8, iops=100, volume_type=TYPE.GP2), "iops is not supported by gp2", "use gp3"),
    (lambda: EbsVolume("a", size_gib=8, volume_type=TYPE.IO2), "volume_type io2 requires iops", "use gp3"),
    (lambda: EbsVolume("a", size_gib=8, throughput=124), "EbsVolume.throughput=124", "use 125 to 2000"),
    (
        lambda: EbsVolume("a", size_gib=8, throughput=125, volume_type=TYPE.GP2),
        "throughput is not supported by gp2",
        "use gp3",
    ),
    (lambda: EbsVolume("a", size_gib=8, snapshot_rate=cdk.Size.mebibytes(100)), "snapshot_rate", "omit it"),
    (
        lambda: EbsVolume("a", snapshot_id="snap-1", snapshot_rate=cdk.Size.mebibytes(301)),
        "EbsVolume.snapshot_rate=301",
        "use 100 to 300",
    ),
]


@pytest.mark.parametrize(("make", "wrong", "fix"), VALUES, ids=[case[1] for case in VALUES])
def test_a_value_that_cannot_work_is_refused_at_once(make: Callable[[], object], wrong: str, fix: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert wrong in str(caught.value)
    assert fix in str(caught.value)


def _other_architecture() -> SimpleNamespace:
    return SimpleNamespace(container_image=None, architecture=Architecture.ARM64)


def _net(value: str) -> ContainerRuntime:
    return ContainerRuntime(system_controls={"net.core.somaxconn": value})


def _sees(namespace: str) -> ContainerRuntime:
    return ContainerRuntime(process_namespace=ecs.PidMode[namespace])


NET_ADMIN = ecs.Capability.NET_ADMIN
FIRELENS = ecs.LogDrivers.firelens(options={})
DISKS = [Mount("/a", EbsVolume("a", size_gib=1)), Mount("/b", EbsVolume("b", size_gib=1))]
TASKS: list[tuple[AppContainer, list[Sidecar], str, str]] = [
    (_app(), [Sidecar("a", NGINX), Sidecar("a", NGINX)], "two containers have the name 'a'", "its own"),
    (_app(), [Sidecar("web", NGINX)], "two containers have the name 'web'", "its own"),
    (_app(), [Sidecar("a", NGINX, ports=[80])], "port 80 of 'a' is also that of 'web'", "another port"),
    (_app(), [Sidecar.adot(), Sidecar("a", NGINX, ports=[4318])], "port 4318 of 'a' is also that of 'otel'", "another"),
    (_app(), [Sidecar("a", _other_architecture())], "'a' is built for Architecture.ARM64", "build both for one"),
    (
        _app(),
        [Sidecar.log_router(), Sidecar.log_router(name="b")],
        "log-router and b are log routers",
        "remove the others",
    ),
    (_app(logging=FIRELENS), [], "'web' logs through FireLens", "add Sidecar.log_router()"),
    (_app(), [Sidecar.log_router(logging=FIRELENS)], "'log-router' would log through itself", "omit its logging"),
    (
        _app(mounts=[Mount("/a", SharedVolume("v"))]),
        [Sidecar("a", NGINX, mounts=[Mount("/a", EbsVolume("v", size_gib=1))])],
        "two volumes have the name 'v'",
        "its own",
    ),
    (_app(mounts=DISKS), [], "a and b are EBS volumes, but a task has at most one", "remove the others"),
    (_app(runtime=_net("1")), [Sidecar("a", NGINX, runtime=_net("2"))], "somaxconn to 1 and 'a' to 2", "one value"),
    (
        _app(runtime=ContainerRuntime(added_capabilities=[NET_ADMIN])),
        [],
        "'web' adds the capabilities NET_ADMIN",
        "SYS_PTRACE",
    ),
    (
        _app(),
        [Sidecar("a", NGINX, runtime=_sees("HOST"))],
        "'a' uses the process namespace of the instance",
        "PidMode.TASK",
    ),
    (_app(depends_on={"b": ON.START}), [Sidecar("a", NGINX)], "depends on 'b', which is not", "use 'a'"),
    (_app(depends_on={"web": ON.START}), [], "'web' depends on itself", "remove the dependency"),
    (_app(depends_on={"a": ON.HEALTHY}), [Sidecar("a", NGINX)], "'a' has no health_check", "wait for START"),
    (_app(depends_on={"a": ON.SUCCESS}), [Sidecar("a", NGINX)], "'a', which is essential", "essential=False"),
    (_app(), [Sidecar("a", NGINX, depends_on={"web": ON.COMPLETE})], "'web', which is essential", "essential=False"),
    (
        _app(depends_on={"a": ON.START}),
        [Sidecar("a", NGINX, depends_on={"b": ON.START}), Sidecar("b", NGINX, depends_on={"web": ON.START})],
        "has a cycle (",
        "remove one dependency",
    ),
    (_app(cpu=200), [Sidecar("a", NGINX, cpu=57)], "257 CPU units (web 200, a 57), but the task has 256", "TaskSize"),
    (_app(memory_limit_mib=513), [], "513 MiB of memory (web 513), but the task has 512", "TaskSize.smallest_for"),
    (
        _app(memory_limit_mib=400, memory_reservation_mib=300),
        [Sidecar("a", NGINX, memory_limit_mib=213)],
        "513 MiB of memory (web 300, a 213)",
        "larger TaskSize",
    ),
    (
        _app(memory_limit_mib=600, memory_reservation_mib=100),
        [],
        "600 MiB of memory (web 600)",
        "larger TaskSize",
    ),
]


@pytest.mark.parametrize(("app", "sidecars", "wrong", "fix"), TASKS, ids=[case[2] for case in TASKS])
def test_containers_that_cannot_be_in_one_task_are_refused_before_anything_exists(
    stack: cdk.Stack, app: AppContainer, sidecars: list[Sidecar], wrong: str, fix: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        LoadBalancedFargateService(stack, "Web", container=app, sidecars=sidecars)
    assert str(caught.value).startswith("[Stack/Web] ")
    assert wrong in str(caught.value)
    assert fix in str(caught.value)
    assert not stack.node.children


def test_what_fargate_alone_refuses_runs_on_machines(stack: cdk.Stack) -> None:
    runtime = ContainerRuntime(added_capabilities=[NET_ADMIN], process_namespace=ecs.PidMode.HOST)
    LoadBalancedEc2Service(stack, "Web", container=_app(runtime=runtime))
    text = str(cdk.assertions.Template.from_stack(stack).to_json())
    assert "'Add': ['NET_ADMIN']" in text
    assert "'PidMode': 'host'" in text


def test_a_task_has_one_process_namespace(stack: cdk.Stack) -> None:
    sidecars = [Sidecar("a", NGINX, runtime=_sees("HOST")), Sidecar("b", NGINX, runtime=_sees("TASK"))]
    with pytest.raises(ConfigurationError, match=r"^\[Stack/Web\] a and b have different process namespaces"):
        LoadBalancedEc2Service(stack, "Web", container=_app(), sidecars=sidecars)
    assert not stack.node.children


def test_what_fits_exactly_passes(stack: cdk.Stack) -> None:
    app = _app(cpu=200, memory_limit_mib=500, memory_reservation_mib=300)
    sidecars = [Sidecar("a", NGINX, cpu=56, memory_limit_mib=212, ports=[81], runtime=_net("1"))]
    LoadBalancedFargateService(stack, "Web", container=app, sidecars=sidecars, size=TaskSize())


def test_every_number_of_a_container_may_be_a_token(stack: cdk.Stack) -> None:
    def number(name: str) -> float:
        return cdk.CfnParameter(stack, name, type="Number").value_as_number

    app = _app(cpu=number("Cpu"), memory_limit_mib=number("Limit"), memory_reservation_mib=number("Reservation"))
    sidecar = Sidecar("a", NGINX, cpu=number("Other"), ports=[number("Port")], memory_limit_mib=10_000_000)
    size = TaskSize(number("TaskCpu"), number("TaskMemory"))
    LoadBalancedFargateService(stack, "Web", container=app, sidecars=[sidecar], size=size)
    text = str(cdk.assertions.Template.from_stack(stack).to_json())
    for name in ("Cpu", "Limit", "Reservation", "Other", "Port", "TaskCpu", "TaskMemory"):
        assert f"{{'Ref': '{name}'}}" in text, f"{name} got lost"


@dataclass(frozen=True)
class _Node:
    depends_on: dict[str, ecs.ContainerDependencyCondition] = field(default_factory=dict)
    health_check: object | None = "a check"
    essential: bool = True


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=16))
def test_what_starts_in_some_order_passes_and_nothing_else(edges: list[tuple[int, int]]) -> None:
    nodes = {str(number): _Node() for number in range(8)}
    for later, earlier in edges:
        nodes[str(later)].depends_on[str(earlier)] = ON.HEALTHY
    started: set[str] = set()
    while ready := {name for name, node in nodes.items() if name not in started and set(node.depends_on) <= started}:
        started |= ready
    if len(started) == len(nodes):
        check_dependencies(nodes)
    else:
        with pytest.raises(ConfigurationError, match=r"(cycle|itself)"):
            check_dependencies(nodes)
