"""Watching tasks: nothing is asked while their processes run, and their end is noticed at once."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.local.ministack_patches import container_exits

if TYPE_CHECKING:
    from collections.abc import Iterator


class Engine:
    """An engine whose containers are processes of the test; it counts what it is asked."""

    def __init__(self, **processes: int) -> None:
        self.processes, self.asked = processes, 0
        self.containers = self

    def get(self, identifier: str) -> Any:  # noqa: ANN401 - as docker's package
        self.asked += 1
        return SimpleNamespace(attrs={"State": {"Pid": self.processes[identifier]}})


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield child
    child.kill()
    child.wait()


def _seconds(engine: Engine, *containers: str) -> float:
    begun = time.monotonic()
    container_exits.wait_for_an_end(engine, list(containers))
    return time.monotonic() - begun


def test_it_sleeps_while_the_process_runs(process: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container_exits, "_SECONDS_BETWEEN", 1)
    engine = Engine(first=process.pid, ended=0)
    assert _seconds(engine, "first", "ended") >= 1
    assert engine.asked == 2


def test_the_end_of_a_process_wakes_it(process: subprocess.Popen[bytes]) -> None:
    threading.Timer(0.2, process.kill).start()
    assert 0.2 <= _seconds(Engine(first=process.pid), "first") < 5


def test_what_cannot_be_watched_is_asked_about_soon(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    assert _seconds(Engine(first=process.pid), "first") < 5
    assert _seconds(Engine(), "unknown") < 5


def test_only_what_watches_a_task_waits(process: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container_exits, "_SECONDS_BETWEEN", 1)
    marked: list[Any] = []
    ecs = SimpleNamespace(_maybe_mark_stopped=lambda *given: marked.append(given), _watch_task_lifecycle=None)
    container_exits.wait_for_processes(ecs)
    engine, task = Engine(first=process.pid), {"lastStatus": "RUNNING", "_docker_ids": ["first"]}
    ecs._maybe_mark_stopped(task)
    assert (marked, engine.asked) == ([(task, None)], 0)
    begun = time.monotonic()
    ecs._maybe_mark_stopped(task, engine)
    assert time.monotonic() - begun >= 1
    ecs._maybe_mark_stopped({**task, "lastStatus": "STOPPED"}, engine)
    assert engine.asked == 1
