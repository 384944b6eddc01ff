"""The engine's options for the definition of a container."""

from __future__ import annotations

from typing import Any

import pytest

from ecr_fargate_constructs.local.tasks.options import (
    DEFAULT_CAPABILITIES,
    engine_options,
    is_root,
    limits_of_containers,
    memory_limit,
    ulimits,
)


@pytest.mark.parametrize(
    ("container", "task", "limit"),
    [
        ({"memory": 256}, {"memory": "512"}, 256),
        ({}, {"memory": "512"}, 512),
        ({"memory": "1024"}, {"memory": "512"}, 512),
        ({"memoryReservation": 128}, {}, None),
        ({}, {"memory": "2 GB"}, 2048),
        ({}, {"memory": "0.5GB"}, 512),
    ],
)
def test_the_smaller_limit_of_container_and_task_counts(
    container: dict[str, Any], task: dict[str, Any], limit: int | None
) -> None:
    assert memory_limit(container, task) == limit


def test_an_engine_without_groups_limits_each_container_and_swap_adds_nothing() -> None:
    options = limits_of_containers({"memory": 64}, {"memory": "512", "cpu": "256"})
    assert options == {"mem_limit": 2**26, "memswap_limit": 2**26, "cpu_shares": 2, "nano_cpus": 250_000_000}
    assert limits_of_containers({}, {"cpu": ".5 vCPU"})["nano_cpus"] == 500_000_000
    assert limits_of_containers({"cpu": 128}, {}) == {"cpu_shares": 128}


@pytest.mark.parametrize(
    ("named", "kept"),
    [
        ({}, set(DEFAULT_CAPABILITIES)),
        ({"drop": ["NET_RAW"]}, set(DEFAULT_CAPABILITIES) - {"NET_RAW"}),
        ({"add": ["SYS_PTRACE"]}, {*DEFAULT_CAPABILITIES, "SYS_PTRACE"}),
        ({"drop": ["ALL"]}, set()),
        ({"drop": ["ALL"], "add": ["SYS_PTRACE"]}, {"SYS_PTRACE"}),
    ],
)
def test_capabilities_are_the_default_ones_and_what_the_definition_changes(
    named: dict[str, list[str]], kept: set[str]
) -> None:
    options = engine_options({"linuxParameters": {"capabilities": named}})
    assert (options["cap_drop"], set(options["cap_add"])) == (["ALL"], kept)


def test_a_privileged_container_keeps_them_all() -> None:
    assert not {"cap_add", "cap_drop"} & engine_options({"privileged": True}).keys()


def test_entry_point_and_working_directory_are_passed_on() -> None:
    options = engine_options({"entryPoint": ["/init"], "workingDirectory": "/srv"})
    assert (options["entrypoint"], options["working_dir"]) == (["/init"], "/srv")


@pytest.mark.parametrize(
    ("named", "added", "dropped"),
    [
        ({}, ["NET_BIND_SERVICE"], []),
        ({"add": ["SYS_PTRACE"]}, ["NET_BIND_SERVICE"], []),
        ({"drop": ["NET_BIND_SERVICE", "CHOWN"]}, [], ["CHOWN", "NET_BIND_SERVICE"]),
        ({"drop": ["ALL"]}, [], ["ALL"]),
        ({"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}, ["NET_BIND_SERVICE"], ["ALL"]),
    ],
)
def test_another_user_than_root_gets_none_that_would_work(
    named: dict[str, list[str]], added: list[str], dropped: list[str]
) -> None:
    options = engine_options({"linuxParameters": {"capabilities": named}}, root=False)
    assert (options["cap_add"], options["cap_drop"]) == (added, dropped)


@pytest.mark.parametrize(
    ("user", "root"), [("", True), ("0:5", True), ("root", True), ("10001", False), ("web:0", False)]
)
def test_who_is_root(user: str, *, root: bool) -> None:
    assert is_root(user) is root


def test_what_a_definition_says_has_the_names_of_the_engine() -> None:
    options = engine_options(
        {
            "user": "1:2",
            "readonlyRootFilesystem": "true",
            "pseudoTerminal": True,
            "interactive": True,
            "systemControls": [{"namespace": "net.core.somaxconn", "value": "77"}],
            "linuxParameters": {
                "initProcessEnabled": True,
                "sharedMemorySize": "64",
                "tmpfs": [{"containerPath": "/t", "size": 16, "mountOptions": ["noexec"]}],
            },
        }
    )
    assert options.items() >= {"user": "1:2", "read_only": True, "init": True, "tty": True, "stdin_open": True}.items()
    assert options["sysctls"] == {"net.core.somaxconn": "77"}
    assert options["shm_size"] == 64 << 20
    assert options["tmpfs"] == {"/t": "size=16m,noexec"}


def test_what_it_does_not_say_is_left_to_the_engine() -> None:
    assert engine_options({"user": "", "readonlyRootFilesystem": False}).keys() == {"cap_add", "cap_drop"}


def test_no_more_open_files_than_the_machine_allows() -> None:
    limits = [{"name": "nofile", "softLimit": 512, "hardLimit": 4096}, {"name": "core", "softLimit": 0, "hardLimit": 0}]
    container = {"name": "web", "ulimits": limits}
    assert ulimits(container, 4096) == ([("nofile", 512, 4096), ("core", 0, 0)], [])
    found, [lowered] = ulimits(container, 256)
    assert found[0] == ("nofile", 256, 256)
    assert "nofile 512:4096 of container web" in lowered
