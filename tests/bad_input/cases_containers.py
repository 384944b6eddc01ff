"""Volumes, resource limits, and several containers in one task."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs

from bad_input import bare, bare_tasks, here
from bad_input.case import NGINX, Case, Expected, Place, Refused, Warned
from ecr_fargate_constructs import (
    CloudWatchLogs,
    ContainerRuntime,
    EbsVolume,
    EfsVolume,
    Mount,
    SharedVolume,
    Sidecar,
)

Volume = SharedVolume | EbsVolume
VOLUMES, LIMITS, SEVERAL = "Volumes", "Containers and their limits", "Several containers"
GP3, IO1, IO2 = ec2.EbsDeviceVolumeType.GP3, ec2.EbsDeviceVolumeType.IO1, ec2.EbsDeviceVolumeType.IO2
WAITS = ecs.ContainerDependencyCondition


def _bare_disk(place: Place, name: str = "data", **options: Any) -> ecs.ServiceManagedVolume:  # noqa: ANN401 - CDK's options
    size = options.pop("size", None)
    return ecs.ServiceManagedVolume(
        place.stack,
        name,
        name=name,
        managed_ebs_volume=ecs.ServiceManagedEBSVolumeConfiguration(
            size=None if size is None else cdk.Size.gibibytes(size), **{"volume_type": GP3, **options}
        ),
    )


def _disk(what: str, expected: Expected, size: float | None, **options: Any) -> Case:  # noqa: ANN401 - bad input
    theirs = {name: value for name, value in options.items() if name != "snapshot_id"}
    return Case(
        VOLUMES,
        what,
        lambda p: here.service(
            p, container=here.container(mounts=[Mount("/data", EbsVolume("data", size_gib=size, **options))])
        ),
        lambda p: _bare_disk(p, size=size, **theirs),
        expected,
    )


def _two_disks(place: Place) -> object:
    cluster = ecs.Cluster(place.stack, "Cluster")
    definition = bare.container(place).task_definition
    service = ecs.FargateService(place.stack, "Service", cluster=cluster, task_definition=definition)
    for name in ("one", "two"):
        service.add_volume(_bare_disk(place, name, size=5))
    return service


def _mounted(*mounts: tuple[str, Volume]) -> Any:  # noqa: ANN401 - handed on
    return lambda p: here.service(p, container=here.container(mounts=[Mount(*each) for each in mounts]))


def _bare_volumes(*names: str) -> Any:  # noqa: ANN401 - handed on
    def make(place: Place) -> object:
        definition = bare.container(place).task_definition
        for name in names:
            definition.add_volume(name=name)
        return definition

    return make


def _bare_mounts(*paths: str) -> Any:  # noqa: ANN401 - handed on
    def make(place: Place) -> object:
        made = bare.container(place)
        for number, path in enumerate(paths):
            made.task_definition.add_volume(name=f"v{number}")
            made.add_mount_points(ecs.MountPoint(container_path=path, source_volume=f"v{number}", read_only=False))
        return made

    return make


DISKS = [
    _disk("gp3 of 1 GiB with 80,000 operations a second", Refused("500 for each GiB", "size_gib=160"), 1, iops=80_000),
    _disk(
        "gp3 with 2,000 MiB a second at 3,000 operations",
        Refused("EbsVolume.throughput=2000", "iops=8000"),
        100,
        throughput=2000,
    ),
    _disk(
        "io1 of 4 GiB with 64,000 operations a second",
        Refused("50 for each GiB", "size_gib=1280"),
        4,
        iops=64_000,
        volume_type=IO1,
    ),
    _disk("io2 without operations a second", Refused("io2 needs iops", "use gp3"), 10, volume_type=IO2),
    _disk("A disk of half a GiB", Refused("EbsVolume.size_gib=0.5", "use 1 to 65536"), 0.5),
    _disk("A disk without a size or a snapshot", Refused("needs size_gib or snapshot_id", "give one"), None),
    Case(
        VOLUMES,
        "Two disks for one task",
        _mounted(("/a", EbsVolume("one", size_gib=5)), ("/b", EbsVolume("two", size_gib=5))),
        _two_disks,
        Refused("one and two are EBS volumes", "keep one"),
    ),
    Case(
        VOLUMES,
        "Two volumes of one name",
        _mounted(("/a", SharedVolume("data")), ("/b", EbsVolume("data", size_gib=5))),
        _bare_volumes("data", "data"),
        Refused("two volumes have the name 'data'", "its own"),
    ),
    Case(
        VOLUMES,
        "Two volumes at one path",
        _mounted(("/a", SharedVolume("one")), ("/a", SharedVolume("two"))),
        _bare_mounts("/a", "/a"),
        Refused("mounts '/a' twice", "keep one"),
    ),
    Case(
        VOLUMES,
        "A volume at `/`",
        _mounted(("/", SharedVolume("one"))),
        _bare_mounts("/"),
        Refused("has '/'", "for example '/tmp'"),
    ),
    Case(
        VOLUMES,
        "A volume at `data`",
        _mounted(("data", SharedVolume("one"))),
        _bare_mounts("data"),
        Refused("has 'data'", "absolute paths"),
    ),
    Case(
        VOLUMES,
        "A directory of EFS without a slash",
        lambda p: EfsVolume("shop", p.given, root_directory="shop"),
        lambda p: bare.container(p).task_definition.add_volume(
            name="shop",
            efs_volume_configuration=ecs.EfsVolumeConfiguration(
                file_system_id=p.given.file_system_id, root_directory="shop"
            ),
        ),
        Refused("EfsVolume.root_directory", "'/"),
        given=here.file_system,
    ),
]


def _limit(what: str, expected: Expected, *limits: ecs.Ulimit) -> Case:
    return Case(
        LIMITS,
        what,
        lambda p: here.service(p, container=here.container(ulimits=list(limits))),
        lambda p: bare.container(p, ulimits=list(limits)),
        expected,
    )


def _container(what: str, expected: Expected, theirs: dict[str, Any] | None = None, **options: Any) -> Case:  # noqa: ANN401 - bad input
    return Case(
        LIMITS,
        what,
        lambda p: here.service(p, container=here.container(**options)),
        lambda p: bare.container(p, **(options if theirs is None else theirs)),
        expected,
    )


def _files(soft: int, hard: int) -> ecs.Ulimit:
    return ecs.Ulimit(name=ecs.UlimitName.NOFILE, soft_limit=soft, hard_limit=hard)


def _check(*command: str) -> ecs.HealthCheck:
    return ecs.HealthCheck(command=list(command))


PTRACE = ecs.Capability.SYS_PTRACE
RESOURCES = [
    _limit(
        "`nofile` with its soft limit above the hard one",
        Refused("soft_limit=10 above hard_limit=2", "lower"),
        _files(10, 2),
    ),
    _limit("`nofile` twice", Refused("nofile twice", "keep one"), _files(1, 2), _files(10, 20)),
    _limit(
        "`memlock` on Fargate, which has `nofile` alone",
        Warned("ulimitIgnored"),
        ecs.Ulimit(name=ecs.UlimitName.MEMLOCK, soft_limit=1, hard_limit=2),
    ),
    _container(
        "A health check `CMD-SHELL` without a command",
        Refused("health_check.command=['CMD-SHELL']", "add it"),
        health_check=_check("CMD-SHELL"),
    ),
    _container(
        "A health check `CMD-SHELL` in words",
        Refused("would run 'curl' alone", "['CMD-SHELL', 'curl -f localhost']"),
        health_check=_check("CMD-SHELL", "curl", "-f", "localhost"),
    ),
    Case(
        LIMITS,
        "A secret variable with a blank in its name",
        lambda p: here.service(p, container=here.container(secrets={"MY KEY": p.given})),
        lambda p: bare.container(p, secrets={"MY KEY": p.given}),
        Refused("AppContainer.secrets has the name 'MY KEY'", "use letters"),
        given=bare.secret,
    ),
    Case(
        LIMITS,
        "A secret variable without a name",
        lambda p: here.service(p, container=here.container(secrets={"": p.given})),
        lambda p: bare.container(p, secrets={"": p.given}),
        Refused("AppContainer.secrets has the name ''", "use letters"),
        given=bare.secret,
    ),
    Case(
        LIMITS,
        "A capability that is added and dropped",
        lambda _: ContainerRuntime(added_capabilities=[PTRACE], dropped_capabilities=[PTRACE]),
        lambda p: bare_tasks.capabilities(p, add=PTRACE, drop=PTRACE),
        Refused("adds and drops SYS_PTRACE", "keep one"),
    ),
    Case(
        LIMITS,
        "A regular expression for events with an open parenthesis",
        lambda p: here.service(p, container=here.container(logging=CloudWatchLogs(multiline_pattern="^(INFO"))),
        lambda p: bare.container(p, logging=ecs.LogDrivers.aws_logs(stream_prefix="web", multiline_pattern="^(INFO")),
        Refused("multiline_pattern='^(INFO' is no regular expression", "backslash"),
    ),
    Case(
        LIMITS,
        "A colon in the name of a log stream",
        lambda p: here.service(p, container=here.container(logging=CloudWatchLogs(stream_prefix="shop:web"))),
        lambda p: bare.container(p, logging=ecs.LogDrivers.aws_logs(stream_prefix="shop:web")),
        Refused("stream_prefix='shop:web'", "none of them ':'"),
    ),
    Case(
        LIMITS,
        "Shell sessions in containers that share their processes",
        lambda p: here.service(
            p,
            container=here.container(runtime=ContainerRuntime(process_namespace=ecs.PidMode.TASK)),
            sidecars=[Sidecar("agent", NGINX)],
            enable_execute_command=True,
        ),
        bare_tasks.shared_processes,
        Warned("oneSessionPerNamespace"),
    ),
]


def _beside(what: str, expected: Expected, *sidecars: Sidecar, bare_names: tuple[str, ...], **options: Any) -> Case:  # noqa: ANN401 - bad input
    return Case(
        SEVERAL,
        what,
        lambda p: here.service(p, container=here.container(**options), sidecars=list(sidecars)),
        lambda p: bare_tasks.several(p, *bare_names),
        expected,
    )


def _waiting(what: str, expected: Expected, on: str, condition: Any, *sidecars: Sidecar) -> Case:  # noqa: ANN401 - CDK's enum
    return Case(
        SEVERAL,
        what,
        lambda p: here.service(p, container=here.container(depends_on={on: condition}), sidecars=list(sidecars)),
        lambda p: bare_tasks.waiting(p, on, condition),
        expected,
    )


TOGETHER = [
    _beside(
        "Two sidecars of one name",
        Refused("two containers have the name 'agent'", "its own"),
        Sidecar("agent", NGINX),
        Sidecar("agent", NGINX),
        bare_names=("agent", "agent"),
    ),
    _beside(
        "Eleven containers",
        Refused("the task has 11 containers, and ECS takes 10", "service of their own"),
        *(Sidecar(f"s{number}", NGINX) for number in range(10)),
        bare_names=tuple(f"s{number}" for number in range(10)),
    ),
    Case(
        SEVERAL,
        "One port for two containers",
        lambda p: here.service(p, sidecars=[Sidecar("agent", NGINX, ports=[80])]),
        lambda p: bare_tasks.several(p, "agent", port=80),
        Refused("port 80 of 'agent' is also that of 'web'", "another port"),
    ),
    Case(
        SEVERAL,
        "More memory reserved than the task has, together",
        lambda p: here.service(
            p,
            container=here.container(memory_reservation_mib=400),
            sidecars=[Sidecar("agent", NGINX, memory_reservation_mib=400)],
        ),
        lambda p: bare_tasks.several(p, "agent", memory_reservation_mib=400),
        Refused("ask for 800 MiB of memory (web 400, agent 400)", "lower that"),
    ),
    _waiting("A container that waits for itself", Refused("'web' depends on itself", "drop that"), "web", WAITS.START),
    _waiting(
        "Waiting for the health of a container without a health check",
        Refused("'agent' has no health_check", "wait for START"),
        "agent",
        WAITS.HEALTHY,
        Sidecar("agent", NGINX),
    ),
    _waiting(
        "Waiting for the end of an essential container",
        Refused("which is essential", "essential=False"),
        "agent",
        WAITS.COMPLETE,
        Sidecar("agent", NGINX),
    ),
    _waiting(
        "Waiting for a container that is not there",
        Refused("'web' depends on 'nobody'", "add it to sidecars"),
        "nobody",
        WAITS.START,
    ),
    Case(
        SEVERAL,
        "Lines through a log router that is not there",
        lambda p: here.service(p, container=here.container(logging=ecs.LogDrivers.firelens())),
        lambda p: bare.container(p, logging=ecs.LogDrivers.firelens()),
        Refused("logs through FireLens", "Sidecar.log_router()"),
    ),
    Case(
        SEVERAL,
        "Two log routers",
        lambda p: here.service(p, sidecars=[Sidecar.log_router(), Sidecar.log_router(name="other")]),
        lambda p: bare_tasks.routers(p, "one", "two"),
        Refused("are log routers, and a task has one", "keep one"),
    ),
    Case(
        SEVERAL,
        "Two values for one network parameter",
        lambda p: here.service(
            p,
            container=here.container(runtime=ContainerRuntime(system_controls={"net.core.somaxconn": "1024"})),
            sidecars=[
                Sidecar("agent", NGINX, runtime=ContainerRuntime(system_controls={"net.core.somaxconn": "4096"}))
            ],
        ),
        lambda p: bare_tasks.parameters(p, "net.core.somaxconn", "1024", "4096"),
        Refused("sets net.core.somaxconn to 1024 and 'agent' to 4096", "use one value"),
    ),
]

CASES = [*DISKS, *RESOURCES, *TOGETHER]
