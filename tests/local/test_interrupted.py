"""What a command leaves that is killed, interrupted twice, or out of space."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from ecr_fargate_constructs.local import engine, lifecycle
from ecr_fargate_constructs.local.instance import Instance, Memory, instance_at
from ecr_fargate_constructs.local.processes import Process, marked, start, stop_commands, uninterrupted
from ecr_fargate_constructs.local.progress import Progress
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from pathlib import Path

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
PORT = 4601


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    (tmp_path / "cdk.json").write_text("{}", encoding="utf-8")
    return instance_at(tmp_path, PORT, None, None)[0]


@pytest.mark.parametrize("mark", ["mark", "command_mark"])
def test_processes_that_nobody_wrote_down_are_ended(instance: Instance, tmp_path: Path, mark: str) -> None:
    other, _ = instance_at(tmp_path, PORT + 1, None, None)
    started = [
        start(SLEEP, env={**os.environ, **getattr(each, mark)}, log=tmp_path / "log") for each in (instance, other)
    ]
    try:
        lifecycle.down(instance, None)
        assert [process.alive for process in started] == [False, True]
    finally:
        for process in started:
            process.stop()


def test_programs_of_a_killed_command_are_ended_before_the_next(instance: Instance, tmp_path: Path) -> None:
    of_command = start(SLEEP, env={**os.environ, **instance.command_mark}, log=tmp_path / "log")
    of_instance = start(SLEEP, env={**os.environ, **instance.mark}, log=tmp_path / "log")
    try:
        with instance.alone():
            assert (of_command.alive, of_instance.alive) == (False, True)
    finally:
        of_command.stop()
        of_instance.stop()


@pytest.mark.parametrize("way", ["interrupted", "killed"])
def test_a_build_whose_step_is_ended_clears_up_after_itself(instance: Instance, tmp_path: Path, way: str) -> None:
    step, cleared, imports = tmp_path / "step", tmp_path / "cleared", "import pathlib, subprocess, time\n"
    build = tmp_path / "build.py"
    build.write_text(
        f"{imports}child = subprocess.Popen({SLEEP!r}, start_new_session=True, env={{}})\n"
        f"pathlib.Path({str(step)!r}).write_text(str(child.pid))\n"
        f"child.wait()\ntime.sleep(0.3)\npathlib.Path({str(cleared)!r}).touch()\n",
        encoding="utf-8",
    )
    command_line = [sys.executable, "-c", f"import subprocess\nsubprocess.run({[sys.executable, str(build)]!r})"]
    environment = {**os.environ, **instance.command_mark}
    command = start(command_line, env=environment, log=tmp_path / "log")
    deadline = time.monotonic() + 10
    while not (step.exists() and step.read_text(encoding="utf-8")) and time.monotonic() < deadline:
        time.sleep(0.02)
    child = Process.of(int(step.read_text(encoding="utf-8")))
    try:
        assert child.alive
        if way == "interrupted":
            stop_commands([command])
        else:
            with instance.alone():
                """What a killed command has left is ended."""
        assert (child.alive, command.alive, cleared.exists()) == (False, False, True)
    finally:
        child.stop()
        command.stop()


def test_a_process_that_leads_no_group_is_ended_alone() -> None:
    child = subprocess.Popen(SLEEP, env={**os.environ, "A_MARK": "a value"})  # noqa: S603 - in the group of the tests
    try:
        _wait_for_mark(child.pid)
        assert marked("A_MARK", "another value") == []
        [found] = marked("A_MARK", "a value")
        assert found == Process.of(child.pid)
        found.stop()
        assert not found.alive
    finally:
        child.kill()
        child.wait()


def _wait_for_mark(pid: int) -> None:
    deadline = time.monotonic() + 10
    while Process.of(pid) not in marked("A_MARK", "a value") and time.monotonic() < deadline:
        time.sleep(0.01)  # between fork and exec it has the environment of the tests


def test_work_that_may_not_be_interrupted_is_finished() -> None:
    done = []
    with uninterrupted():
        for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(os.getpid(), ending)
            done.append(ending)
        child = subprocess.run(
            [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGINT)"], check=False
        )
    assert (len(done), child.returncode) == (3, 0)
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)


def test_an_engine_whose_socket_is_gone_does_not_run(instance: Instance, tmp_path: Path) -> None:
    socket = tmp_path / "engine.sock"
    socket.touch()
    memory = Memory(instance.account, instance.region, "podman", f"unix://{socket}")
    memory.processes["aws"] = Process.of(os.getpid())
    assert memory.alive
    socket.unlink()
    assert not memory.alive


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("filename", ["/var/lib/x", None])
def test_a_full_disk_is_one_sentence_with_the_path(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, number: int, filename: str | None
) -> None:
    def fail(**_: object) -> None:
        raise OSError(number, os.strerror(number), filename)

    monkeypatch.setattr(engine, "find_engine", fail)
    with pytest.raises(ToolError) as caught:
        lifecycle.up(instance, None, [], Progress())
    assert caught.value.cause == f"no space is left to write {filename or instance.state}: {os.strerror(number)}"


def test_other_errors_stay_what_they_are(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise PermissionError(errno.EPERM, "no")

    monkeypatch.setattr(engine, "find_engine", fail)
    with pytest.raises(PermissionError):
        lifecycle.up(instance, None, [], Progress())
