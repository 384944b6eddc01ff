"""Sizes and ports."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs import (
    BlueGreen,
    EbsVolume,
    PublicHttp,
    Sidecar,
    TargetHealthCheck,
    TaskSize,
    TestTrafficPort,
)
from tests.bad_input import bare, here
from tests.bad_input.case import NGINX, Case, Expected, Refused


def _size(what: str, expected: Expected, cpu: Any = 256, memory: Any = 512, storage: Any = None) -> Case:  # noqa: ANN401 - bad input
    return Case(
        "Sizes",
        what,
        lambda p: here.service(p, size=TaskSize(cpu, memory, storage)),
        lambda p: bare.container(
            p,
            task={"cpu": cpu, "memory_limit_mib": memory}
            | ({} if storage is None else {"ephemeral_storage_gib": storage}),
        ),
        expected,
    )


def _share(what: str, expected: Expected, **options: Any) -> Case:  # noqa: ANN401 - bad input
    return Case(
        "Sizes",
        what,
        lambda p: here.service(p, container=here.container(**options)),
        lambda p: bare.container(p, **options),
        expected,
    )


SIZES = [
    _size("`cpu=300`", Refused("TaskSize.cpu=300 is not a CPU size", "use one of 256, 512"), 300),
    _size("`cpu=0`", Refused("TaskSize.cpu=0 is not", "use one of 256"), 0),
    _size("`cpu=-256`", Refused("TaskSize.cpu=-256 is not", "use one of 256"), -256),
    _size("`cpu='256'`", Refused("TaskSize.cpu='256' is not", "use one of 256"), "256"),
    _size("256 CPU units with 3000 MiB", Refused("TaskSize.memory_mib=3000", "512, 1024, 2048"), 256, 3000),
    _size("4096 CPU units with 512 MiB", Refused("TaskSize.memory_mib=512", "or cpu=256"), 4096, 512),
    _size("16384 CPU units with 33 GiB", Refused("TaskSize.memory_mib=33792", "in steps of 8192"), 16384, 33792),
    _size("Memory of 512.5 MiB", Refused("TaskSize.memory_mib=512.5", "use one of 512"), 256, 512.5),
    _size("Storage of 20 GiB", Refused("TaskSize.ephemeral_storage_gib=20", "use 21 to 200"), storage=20),
    _size("Storage of 201 GiB", Refused("TaskSize.ephemeral_storage_gib=201", "use 21 to 200"), storage=201),
    _size("Storage of 30.5 GiB", Refused("TaskSize.ephemeral_storage_gib=30.5", "use 21 to 200"), storage=30.5),
    _share("A container of 5 MiB", Refused("AppContainer.memory_limit_mib=5", "use 6 or more"), memory_limit_mib=5),
    _share(
        "A container with more memory than its task",
        Refused("1024 MiB of memory (web 1024), but the task has 512", "lower them"),
        memory_limit_mib=1024,
    ),
    _share(
        "A container with more CPU than its task",
        Refused("512 CPU units (web 512), but the task has 256", "larger TaskSize"),
        cpu=512,
    ),
    Case(
        "Sizes",
        "More memory reserved than the limit",
        lambda p: here.service(p, container=here.container(memory_limit_mib=128, memory_reservation_mib=256)),
        lambda p: bare.container(p, memory_limit_mib=128, memory_reservation_mib=256),
        Refused("memory_reservation_mib=256 is more than memory_limit_mib=128", "lower it"),
    ),
    Case(
        "Sizes",
        "A disk (gp3) of 70,000 GiB",
        lambda _: EbsVolume("data", size_gib=70_000),
        lambda p: ecs.ServiceManagedVolume(
            p.stack,
            "V",
            name="data",
            managed_ebs_volume=ecs.ServiceManagedEBSVolumeConfiguration(
                size=cdk.Size.gibibytes(70_000), volume_type=ec2.EbsDeviceVolumeType.GP3
            ),
        ),
        Refused("EbsVolume.size_gib=70000 is not", "use 1 to 65536"),
    ),
]


def _port(what: str, expected: Expected, port: Any) -> Case:  # noqa: ANN401 - bad input
    return Case(
        "Ports",
        what,
        lambda p: here.door(p, container_port=port),
        lambda p: bare.pattern(p, image={"container_port": port}),
        expected,
    )


PORTS = [
    _port("0", Refused("container_port=0 is not a TCP port", "use 1 to 65535"), 0),
    _port("-1", Refused("container_port=-1 is not a TCP port", "use 1 to 65535"), -1),
    _port("65536", Refused("container_port=65536 is not a TCP port", "use 1 to 65535"), 65536),
    _port("70000", Refused("container_port=70000 is not a TCP port", "use 1 to 65535"), 70_000),
    _port("80.5", Refused("container_port=80.5 is not a TCP port", "use 1 to 65535"), 80.5),
    _port("`'80'`", Refused("container_port='80' is not a number", "use a whole number"), "80"),
    _port("`True`", Refused("container_port=True is not a number", "use a whole number"), True),
    _port("`None`", Refused("container_port=None is not a number", "use a whole number"), None),
    _port("Not a number (`nan`)", Refused("container_port=nan is not a TCP port", "use 1 to 65535"), float("nan")),
    _port("Infinity", Refused("container_port=inf is not a TCP port", "use 1 to 65535"), float("inf")),
    Case(
        "Ports",
        "Health check on port 0",
        lambda p: here.service(p, ingress=PublicHttp(health_check=TargetHealthCheck(port=0))),
        lambda p: bare.target(p, port="0"),
        Refused("TargetHealthCheck.port=0", "use 1 to 65535"),
    ),
    Case(
        "Ports",
        "Two containers of a task on one port",
        lambda p: here.service(p, sidecars=[Sidecar("proxy", NGINX, ports=[80])]),
        lambda p: [
            bare.container(p, port_mappings=[ecs.PortMapping(container_port=80)]).task_definition.add_container(
                "proxy",
                image=ecs.ContainerImage.from_registry(NGINX),
                port_mappings=[ecs.PortMapping(container_port=80)],
            )
        ],
        Refused("port 80", "proxy"),
    ),
    Case(
        "Ports",
        "Preview of a deployment on the load balancer's own port",
        lambda p: here.service(p, deployment=BlueGreen(test_traffic=TestTrafficPort(port=80))),
        lambda p: bare.pattern(p).load_balancer.add_listener(
            "Preview", port=80, open=False, default_action=bare.answer()
        ),
        Refused("TestTrafficPort.port=80 is already the load balancer's", "8443"),
    ),
]


CASES = [*SIZES, *PORTS]
