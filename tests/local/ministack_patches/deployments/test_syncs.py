"""Synced files under MiniStack's own service records, without a container engine: its tasks run at once."""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import io
import json
import tarfile
import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.local.clock import Clock
from ecr_fargate_constructs.local.ministack_patches.deployments import Syncs, control_deployments
from ecr_fargate_constructs.local.ministack_patches.tasks.synced import Landed, Synced

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OLD, NEW = b"old", b"new"


class NotFound(Exception):  # noqa: N818 - docker's name
    """As docker's client raises it."""


class _Container:
    """A container with one file, of a user of its own, and folders."""

    def get_archive(self, path: str) -> tuple[list[bytes], dict[str, int]]:
        if path == "/srv/dir":
            return [], {"mode": 1 << 31 | 0o755, "size": 4096}
        if path not in {"/srv/server.py", "/srv/dir/server.py"}:
            raise NotFound(path)
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            member = tarfile.TarInfo("server.py")
            member.size, member.uid, member.gid, member.mode = len(OLD), 10001, 10002, 0o640
            archive.addfile(member, io.BytesIO(OLD))
        return [packed.getvalue()], {"mode": 0o640, "size": len(OLD)}


class World:
    """A service with two tasks, and what syncs its files."""

    def __init__(self, ecs: Any, syncs: Syncs, synced: Synced, folder: Path) -> None:  # noqa: ANN401
        self.ecs, self.syncs, self.synced, self.folder = ecs, syncs, synced, folder
        containers = [{"name": "web", "image": "web", "essential": True}]
        definition = self.do("RegisterTaskDefinition", family="web", containerDefinitions=containers)["taskDefinition"]
        self.arn = str(definition["taskDefinitionArn"])
        self.do("CreateService", cluster="shop", serviceName="web", taskDefinition=self.arn, desiredCount=2,
                loadBalancers=[{"targetGroupArn": "group", "containerName": "web", "containerPort": 80}])  # fmt: skip
        self.until(lambda: self.deployment() == "SUCCESSFUL" and len(self.tasks()) == 2)

    def do(self, operation: str, **data: Any) -> dict[str, Any]:  # noqa: ANN401
        status, _, body = self.ecs._ACTION_MAP[operation](data)
        answer: dict[str, Any] = json.loads(body)
        assert status == 200, answer
        return answer

    def deployment(self) -> str:
        return str(self.do("ListServiceDeployments", cluster="shop", service="web")["serviceDeployments"][0]["status"])

    def tasks(self) -> dict[str, int | None]:
        """The number of the sync of each task that is to run."""
        return {
            arn: Synced.number_of(task)
            for arn, task in list(self.ecs._tasks.items())
            if task.get("desiredStatus") != "STOPPED"
        }

    def sync(
        self, content: bytes = NEW, *, was: bytes | None = OLD, paths: tuple[str, ...] = ("/srv/server.py",)
    ) -> Any:  # noqa: ANN401
        source = self.folder / str(len(list(self.folder.iterdir())))
        source.write_bytes(content)
        digest = None if was is None else hashlib.sha256(was).hexdigest()
        file = {"paths": list(paths), "source": str(source), "was": digest}
        return self.syncs.sync({self.arn: {"web": [file]}})

    def until(self, condition: Any) -> None:  # noqa: ANN401
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline, self.tasks()
            time.sleep(0.02)


@pytest.fixture
def unhealthy() -> set[str]:
    """Addresses of targets that fail their checks; ``new`` for all tasks with synced files."""
    return set()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, unhealthy: set[str]) -> Iterator[World]:
    ecs, alb = importlib.import_module("ministack.services.ecs"), importlib.import_module("ministack.services.alb")
    provisioners = importlib.import_module("ministack.services.cloudformation.provisioners")
    for module in (ecs, alb):
        for name, value in list(vars(module).items()):
            if callable(value) and not isinstance(value, type):
                monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(ecs, "_ACTION_MAP", dict(ecs._ACTION_MAP))
    monkeypatch.setattr(ecs, "_get_docker", lambda: None)
    monkeypatch.setattr(ecs, "_task_ip", lambda task: task["taskArn"])
    ecs.reset()
    alb._tgs["group"] = {"TargetType": "ip", "HealthyThresholdCount": 2, "HealthCheckIntervalSeconds": 0}
    synced, run = Synced(), ecs._run_task

    def run_task(data: Any) -> Any:  # noqa: ANN401 - as MiniStack's
        answer = run(data)
        for task in list(ecs._tasks.values()):
            if Synced.number_of(task) is None:
                synced.begin(task)
                synced.started(task, "web", _Container())
        return answer

    monkeypatch.setattr(ecs, "_run_task", run_task)

    def check(target: dict[str, Any], _group: object) -> SimpleNamespace:
        is_new = bool(Synced.number_of(ecs._tasks[target["Id"]]))
        return SimpleNamespace(state="unhealthy" if is_new and "new" in unhealthy else "healthy")

    handlers = {"AWS::ECS::Service": provisioners._RESOURCE_HANDLERS["AWS::ECS::Service"]}
    controlled = control_deployments(ecs, alb, handlers, check, Clock(1), rehearses=False, outdated=synced.outdated)
    (tmp_path / "files").mkdir()
    yield World(ecs, Syncs(ecs, controlled, synced), synced, tmp_path / "files")
    ecs.reset()
    alb.reset()


def test_all_tasks_are_replaced_by_tasks_with_the_file(world: World) -> None:
    before = set(world.tasks())
    assert world.sync() == {"outcome": "synced", "tasks": 2}
    after = world.tasks()
    assert len(after) == 2
    assert not before & set(after)
    assert len(set(after.values())) == 1
    [landed] = world.synced.state(world.arn).files["web"].values()
    assert (landed.source.read_bytes(), landed.user, landed.group, landed.mode) == (NEW, 10001, 10002, 0o640)


def test_a_service_that_scales_out_gets_the_file_too(world: World) -> None:
    world.sync()
    [number] = set(world.tasks().values())
    world.do("UpdateService", cluster="shop", service="web", desiredCount=3)
    world.until(lambda: len(world.tasks()) == 3)
    assert set(world.tasks().values()) == {number}


def test_a_second_sync_keeps_the_first_file(world: World) -> None:
    world.sync()
    assert world.sync(b"more", was=None, paths=("/srv/more.py",))["outcome"] == "synced"
    files = world.synced.state(world.arn).files["web"]
    assert {path: landed.source.read_bytes() for path, landed in files.items()} == {
        "/srv/server.py": NEW,
        "/srv/more.py": b"more",
    }


def test_a_copy_to_a_directory_lands_in_it(world: World) -> None:
    assert world.sync(paths=("/srv/dir", "/srv/dir/server.py"))["outcome"] == "synced"
    assert list(world.synced.state(world.arn).files["web"]) == ["/srv/dir/server.py"]


@pytest.mark.parametrize(
    ("was", "paths", "why"),
    [
        (b"else", ("/srv/server.py",), "/srv/server.py in the image is not what was copied there"),
        (OLD, ("/opt/server.py",), "the image has no file /opt/server.py"),
        (None, ("/srv/server.py",), "/srv/server.py is already in the image"),
    ],
)
def test_what_the_image_has_decides(world: World, was: bytes | None, paths: tuple[str, ...], why: str) -> None:
    before = world.tasks()
    assert world.sync(was=was, paths=paths) == {"outcome": "refused", "reason": why}
    assert world.tasks() == before


def test_a_task_that_exits_takes_the_files_back(world: World, unhealthy: set[str]) -> None:
    unhealthy.add("new")
    before = world.tasks()
    answers: list[Any] = []
    mark = world.ecs._mark_task_stopped

    def fail_new_tasks() -> None:
        while not answers:
            for arn, number in world.tasks().items():
                if number:
                    task = world.ecs._tasks[arn]
                    mark(arn, task, "Essential container in task exited", "EssentialContainerExited")
                    world.ecs._record_service_task_failure(task)
            time.sleep(0.005)

    thread = threading.Thread(target=fail_new_tasks)
    thread.start()
    try:
        answers.append(world.sync(b"broken"))
    finally:
        answers.append(None)
        thread.join()
    assert answers[0]["outcome"] == "failed"
    assert "Essential container in task exited" in answers[0]["reason"]
    world.until(lambda: world.tasks() == before)
    assert world.synced.state(world.arn).number == 0


def test_a_file_that_is_never_served_is_taken_back(
    world: World, unhealthy: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = importlib.import_module("ecr_fargate_constructs.local.ministack_patches.deployments.syncs")
    monkeypatch.setattr(module, "_SECONDS", 0.5)
    before = world.tasks()
    unhealthy.add("new")
    answer = world.sync()
    assert (answer["outcome"], answer["tasks"]) == ("failed", [])
    assert "not healthy after" in answer["reason"]
    world.until(lambda: world.tasks() == before)


def test_a_later_sync_supersedes_one_that_waits(world: World, unhealthy: set[str]) -> None:
    unhealthy.add("new")
    answers: list[Any] = []
    waiting = threading.Thread(target=lambda: answers.append(world.sync(b"slow")))
    waiting.start()
    world.until(lambda: world.synced.state(world.arn).number > 0)
    later = threading.Thread(target=lambda: answers.append(world.sync(b"later")))
    later.start()
    waiting.join()
    assert answers == [{"outcome": "superseded"}]
    unhealthy.clear()
    later.join()
    assert answers[1] == {"outcome": "synced", "tasks": 2}


def test_files_are_taken_back_on_request(world: World) -> None:
    world.sync()
    with_file = set(world.tasks())
    assert world.syncs.take_back() == {"outcome": "synced", "tasks": 2}
    assert not with_file & set(world.tasks())
    assert world.synced.definitions() == []
    assert world.syncs.take_back() == {"outcome": "synced", "tasks": 0}


def test_a_deployment_in_progress_is_not_disturbed(world: World) -> None:
    world.ecs._services["shop/web"]["deploymentConfiguration"] = {}
    [service] = world.syncs._controlled.all()
    service.controller.halted = True
    assert world.sync()["outcome"] == "refused"


def test_other_requests_are_passed_on(world: World) -> None:
    passed: list[str] = []

    async def application(scope: Any, _receive: Any, _send: Any) -> None:  # noqa: ANN401 - ASGI's
        passed.append(scope["path"])

    served = world.syncs.serve(application)
    asyncio.run(served({"type": "http", "method": "POST", "path": "/other"}, None, None))  # type: ignore[arg-type]
    assert passed == ["/other"]


def test_the_answer_is_json(world: World) -> None:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b'{"take_back": true}'}

    async def send(message: Any) -> None:  # noqa: ANN401
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/_ministack/syncs"}
    asyncio.run(world.syncs.serve(None)(scope, receive, send))  # type: ignore[arg-type]
    assert json.loads(sent[1]["body"]) == {"outcome": "synced", "tasks": 0}


def test_a_task_that_has_not_begun_is_not_outdated() -> None:
    synced = Synced()
    assert not synced.outdated({"taskDefinitionArn": "a"})
    task = {"taskDefinitionArn": "a", "taskArn": "t"}
    assert synced.begin(task) == {}
    synced.put("a", {"web": {"/srv/x": Landed(source=None)}})  # type: ignore[arg-type]
    assert synced.outdated(task)
    synced.started(task, "web", "container")
    assert synced.running("a", "web") == "container"
    synced.ended(task)
    assert synced.running("a", "web") is None
