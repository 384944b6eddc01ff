"""The program that holds a task's network."""

from __future__ import annotations

import platform
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from ecr_fargate_constructs.local.tasks.pause import pause_program, write_pause_program

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.skipif(pause_program(platform.machine()) is None, reason="there is none for this processor")
def test_it_waits_without_using_the_processor(tmp_path: Path) -> None:
    file = tmp_path / "pause"
    assert write_pause_program(file, platform.machine())
    with subprocess.Popen([str(file)]) as process:  # noqa: S603 - our own program
        time.sleep(0.2)
        assert process.poll() is None
        with open(f"/proc/{process.pid}/stat", encoding="ascii") as stat:  # noqa: PTH123
            fields = stat.read().rpartition(")")[2].split()
        assert fields[0] == "S"
        assert int(fields[11]) == 0, "clock ticks"
        process.terminate()
        assert process.wait(5) == -15


@pytest.mark.parametrize(("machine", "number"), [("x86_64", 62), ("aarch64", 183)])
def test_it_is_an_elf_file_for_its_processor(machine: str, number: int) -> None:
    program = pause_program(machine)
    assert program is not None
    assert program[:6] == b"\x7fELF\x02\x01"
    assert int.from_bytes(program[18:20], "little") == number
    assert int.from_bytes(program[0x60:0x68], "little") == len(program)


def test_there_is_none_for_other_processors(tmp_path: Path) -> None:
    assert not write_pause_program(tmp_path / "pause", "s390x")
    assert not (tmp_path / "pause").exists()
