"""Sizes that Fargate has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecr_fargate_constructs import ConfigurationError, TaskSize
from ecr_fargate_constructs._rules.task_size import FARGATE_SIZES

PAIRS = [(cpu, memory) for cpu, sizes in FARGATE_SIZES.items() for memory in sizes]
TOKEN = -1.8881545897087498e289


@pytest.mark.parametrize(("cpu", "memory"), PAIRS)
def test_what_fargate_has_passes(cpu: int, memory: int) -> None:
    assert TaskSize(cpu, memory) == TaskSize(float(cpu), float(memory))


@pytest.mark.parametrize(
    ("cpu", "count", "least", "most"),
    [
        (256, 3, 512, 2048),
        (512, 4, 1024, 4096),
        (1024, 7, 2048, 8192),
        (2048, 13, 4096, 16384),
        (4096, 23, 8192, 30720),
        (8192, 12, 16384, 61440),
        (16384, 12, 32768, 122880),
        (32768, 3, 61440, 249856),
    ],
)
def test_the_table_is_the_one_of_aws(cpu: int, count: int, least: int, most: int) -> None:
    sizes = FARGATE_SIZES[cpu]
    assert (len(sizes), sizes[0], sizes[-1]) == (count, least, most)
    assert list(sizes) == sorted(set(sizes))


@given(
    st.one_of(st.sampled_from(sorted(FARGATE_SIZES)), st.integers(-1, 70_000)),
    st.one_of(st.integers(-1, 250_000), st.integers(0, 245).map(lambda gib: gib * 1024)),
)
def test_nothing_else_passes(cpu: int, memory: int) -> None:
    if (cpu, memory) in PAIRS:
        TaskSize(cpu, memory)
    else:
        with pytest.raises(ConfigurationError):
            TaskSize(cpu, memory)


@given(st.one_of(st.integers(-10, 400), st.floats(0, 300)))
def test_storage_is_21_to_200_whole_gib(storage: float) -> None:
    if storage == int(storage) and 21 <= storage <= 200:
        TaskSize(ephemeral_storage_gib=storage)
    else:
        with pytest.raises(ConfigurationError, match=r"TaskSize\.ephemeral_storage_gib"):
            TaskSize(ephemeral_storage_gib=storage)


@given(st.sampled_from(sorted(FARGATE_SIZES)), st.sampled_from([512, 249_856]))
def test_tokens_are_never_judged(cpu: int, memory: int) -> None:
    TaskSize(cpu, TOKEN, TOKEN)
    TaskSize(TOKEN, TOKEN)
    TaskSize(TOKEN, memory)
    with pytest.raises(ConfigurationError, match=r"TaskSize\.memory_mib=513"):
        TaskSize(TOKEN, 513)


def test_the_message_names_sizes_that_work() -> None:
    with pytest.raises(ConfigurationError) as caught:
        TaskSize(256, 4096)
    assert str(caught.value) == (
        "TaskSize.memory_mib=4096 is not a memory size of Fargate with cpu=256; use one of 512, 1024, 2048, "
        "or cpu=512, which has 4096"
    )


@pytest.mark.parametrize(
    ("cpu", "sizes"), [(512, "1024, 2048, 3072, 4096"), (1024, "2048 to 8192 in steps of 1024"), (32768, "61440, ")]
)
def test_the_message_lists_few_sizes_and_describes_many(cpu: int, sizes: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        TaskSize(cpu, 1)
    assert f"is not a memory size of Fargate with cpu={cpu}; use one of {sizes}" in str(caught.value)
