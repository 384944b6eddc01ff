"""Supervisors lead tasks of real processes, and MiniStack's record says what happens to them."""

from __future__ import annotations

import os
import resource
import subprocess
import threading
import time
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from ecr_fargate_constructs.local.ministack_patches.tasks import records
from ecr_fargate_constructs.local.ministack_patches.tasks.supervisor import Supervisor
from ecr_fargate_constructs.local.tasks.definition import TaskPlan

ARN = "arn:aws:ecs:us-east-1:1:task/Cluster/1"


class _Processes:
    """The containers of a task, as processes of this machine."""

    def __init__(self, commands: dict[str, str], *, fails: bool = False) -> None:
        self._commands, self._fails = commands, fails
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.running: dict[str, Any] = {}
        self.log: list[str] = []

    def prepare(self) -> None:
        self.log.append("prepare")

    def start(self, name: str) -> bool:
        if self._fails:
            raise RuntimeError("the engine refuses")
        self.log.append(f"start {name}")
        self.processes[name] = subprocess.Popen(["/bin/sh", "-c", self._commands[name]])  # noqa: S603
        self.running[name] = SimpleNamespace(id=name)
        return True

    restart = start

    def process(self, name: str) -> int:
        return self.processes[name].pid

    def exit_code(self, name: str) -> int | None:
        code = self.processes[name].poll()
        return None if code is None else code if code >= 0 else 128 - code

    def out_of_memory(self, name: str) -> bool:
        return name == "hungry"

    def ask_to_end(self, name: str) -> None:
        self.log.append(f"ask {name}")
        self.processes[name].terminate()

    def kill(self, name: str) -> None:
        self.log.append(f"kill {name}")
        self.processes[name].kill()

    def remove(self) -> None:
        self.log.append("remove")
        for process in self.processes.values():
            process.kill()
            process.wait()


def _ecs() -> Any:  # noqa: ANN401 - stands for an untyped package
    ecs: Any = SimpleNamespace(
        _iso=lambda: "now",
        _task_is_active=lambda _arn, task: task["desiredStatus"] != "STOPPED",
        _bump_task_version=lambda task: task.update(version=task.get("version", 0) + 1),
        _cluster_name_from_arn=lambda _: "Cluster",
        counted=[],
        failed=[],
        ecs_metadata=SimpleNamespace(set_task_status=lambda *_, **__: None, unregister_token=lambda _: None),
    )
    ecs._recount_cluster = ecs.counted.append
    ecs._refresh_service_state = lambda *_: None
    ecs._record_service_task_failure = lambda task: ecs.failed.append(task["taskArn"])
    ecs._mark_task_stopped = lambda _arn, task, reason, code: records.is_stopping(ecs, _lock, task, reason, code)
    return ecs


def _lock(*_: object) -> nullcontext[None]:
    return nullcontext()


def _supervise(*containers: dict[str, Any], **options: bool) -> tuple[Supervisor, dict[str, Any], _Processes, Any]:
    ecs, ended = _ecs(), threading.Event()
    task: dict[str, Any] = {
        "taskArn": ARN,
        "desiredStatus": "RUNNING",
        "lastStatus": "ACTIVATING",
        "containers": [
            {"name": each["name"], "lastStatus": "PENDING", "healthStatus": "UNKNOWN"} for each in containers
        ],
    }
    processes = _Processes({each["name"]: each["run"] for each in containers}, **options)
    plan = TaskPlan.of({"containerDefinitions": list(containers)})

    def end() -> None:
        records.has_stopped(ecs, _lock, task)
        ended.set()

    return Supervisor(ecs, task, plan, processes, None, end), task, processes, ecs  # type: ignore[arg-type]


def test_a_task_runs_until_its_essential_container_ends() -> None:
    supervisor, task, processes, ecs = _supervise(
        {"name": "web", "run": "sleep 0.4; exit 3"}, {"name": "beside", "run": "exec sleep 60"}
    )
    assert supervisor.start()
    assert task["lastStatus"] == "ACTIVATING", "MiniStack says that it runs"
    before = time.monotonic()
    supervisor.run()
    assert time.monotonic() - before < 4, "no polling"
    assert processes.log == ["prepare", "start web", "start beside", "ask beside", "remove"]
    assert [each["exitCode"] for each in task["containers"]] == [3, 143]
    assert (task["lastStatus"], task["stoppedReason"]) == ("STOPPED", "Essential container in task exited")
    assert task["stopCode"] == "EssentialContainerExited"
    assert ecs.failed == [ARN]


def test_a_task_may_end_before_it_runs() -> None:
    supervisor, task, _, _ = _supervise(
        {"name": "migrate", "run": "exit 1", "essential": False},
        {"name": "web", "run": "true", "dependsOn": [{"containerName": "migrate", "condition": "SUCCESS"}]},
    )
    assert not supervisor.start()
    assert task["lastStatus"] == "STOPPED"
    assert task["stopCode"] == "TaskFailedToStart"
    assert "exitCode" not in task["containers"][1]


def test_a_task_ends_where_the_process_has_many_descriptors() -> None:
    """``select.select()`` takes none above 1,023."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(limits[1], 4096), limits[1]))
    opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        supervisor, task, _, _ = _supervise({"name": "web", "run": "sleep 0.2; exit 3"})
        assert supervisor.start()
        supervisor.run()
    finally:
        for each in opened:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert task["containers"][0]["exitCode"] == 3


def test_a_task_that_is_stopped_has_its_time() -> None:
    supervisor, task, processes, ecs = _supervise({"name": "web", "run": "trap '' TERM; sleep 60", "stopTimeout": 1})
    assert supervisor.start()
    leader = threading.Thread(target=supervisor.run)
    leader.start()
    time.sleep(0.2)  # the shell sets its trap
    assert ecs._mark_task_stopped(ARN, task, "Task stopped by user", "UserInitiated")
    assert not ecs._mark_task_stopped(ARN, task, "again", "UserInitiated")
    assert (task["lastStatus"], task["desiredStatus"]) == ("STOPPING", "STOPPED")
    supervisor.stop()
    leader.join(10)
    assert processes.log[-3:] == ["ask web", "kill web", "remove"]
    assert task["containers"][0]["exitCode"] == 137
    assert "reason" not in task["containers"][0]
    assert (task["lastStatus"], task["stoppedReason"]) == ("STOPPED", "Task stopped by user")
    assert not ecs.failed, "nobody's fault"
    supervisor.stop()  # it is over, and nobody listens
    supervisor.run()


def test_a_kill_for_memory_is_told() -> None:
    supervisor, task, _, _ = _supervise({"name": "hungry", "run": "kill -9 $$"})
    supervisor.start()
    supervisor.run()
    [container] = task["containers"]
    assert container["exitCode"] == 137
    assert container["reason"] == "OutOfMemoryError: Container killed due to memory usage"


def test_a_container_starts_again() -> None:
    policy = {"enabled": True, "restartAttemptPeriod": 0, "ignoredExitCodes": [7]}
    supervisor, task, processes, _ = _supervise({"name": "web", "run": "sleep 0.1; exit 1", "restartPolicy": policy})
    supervisor.start()
    leader = threading.Thread(target=supervisor.run)
    leader.start()
    deadline = time.monotonic() + 10
    while processes.log.count("start web") < 3:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    processes._commands["web"] = "exit 7"
    leader.join(10)
    assert task["lastStatus"] == "STOPPED"
    assert task["containers"][0]["exitCode"] == 7


def test_the_health_of_containers_is_published(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([True])
    monkeypatch.setattr(
        "ecr_fargate_constructs.local.ministack_patches.tasks.supervisor.passes",
        lambda _client, name, check: name == "web" and check.command == ("alive",) and next(answers, False),
    )
    check = {"command": ["CMD", "alive"], "interval": 0, "retries": 2}
    supervisor, task, _, _ = _supervise({"name": "web", "run": "exec sleep 60", "healthCheck": check})
    supervisor.start()
    seen: list[str] = []
    leader = threading.Thread(target=supervisor.run)
    leader.start()
    deadline = time.monotonic() + 10
    while "UNHEALTHY" not in seen:
        assert time.monotonic() < deadline
        seen.append(task["healthStatus"])
    assert task["containers"][0]["healthStatus"] == "UNHEALTHY"
    supervisor.stop()
    leader.join(10)
    assert not leader.is_alive()


def test_a_task_whose_container_does_not_start_can_still_be_ended() -> None:
    supervisor, task, processes, _ = _supervise({"name": "web", "run": "true"}, fails=True)
    with pytest.raises(RuntimeError, match="the engine refuses"):
        supervisor.start()
    supervisor.stop()
    supervisor.run()
    assert processes.log == ["prepare", "remove"]
    assert task["lastStatus"] == "STOPPED"
