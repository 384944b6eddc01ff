"""The engine's options for the definition of a container."""

from __future__ import annotations

from typing import Any

import pytest

from ecr_fargate_constructs.local.tasks.options import DEFAULT_CAPABILITIES, engine_options, memory_limit


@pytest.mark.parametrize(
    ("container", "task", "limit"),
    [
        ({"memory": 256}, {"memory": "512"}, 256),
        ({}, {"memory": "512"}, 512),
        ({"memory": "1024"}, {"memory": "512"}, 512),
        ({"memoryReservation": 128}, {}, None),
    ],
)
def test_the_smaller_limit_of_container_and_task_counts(
    container: dict[str, Any], task: dict[str, Any], limit: int | None
) -> None:
    assert memory_limit(container, task) == limit


def test_memory_is_limited_in_bytes_and_swap_adds_nothing() -> None:
    options = engine_options({"memory": 64}, {"memory": "512"})
    assert options["mem_limit"] == options["memswap_limit"] == 64 * 2**20
    assert "mem_limit" not in engine_options({}, {})


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
    options = engine_options({"linuxParameters": {"capabilities": named}}, {})
    assert (options["cap_drop"], set(options["cap_add"])) == (["ALL"], kept)


def test_a_privileged_container_keeps_them_all() -> None:
    assert not {"cap_add", "cap_drop"} & engine_options({"privileged": True}, {}).keys()


def test_entry_point_and_working_directory_are_passed_on() -> None:
    options = engine_options({"entryPoint": ["/init"], "workingDirectory": "/srv"}, {})
    assert (options["entrypoint"], options["working_dir"]) == (["/init"], "/srv")
