"""What each set of edits leads to: with what takes an engine, or the CDK, replaced."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs._rules.dockerfile import Dockerfile
from ecr_fargate_constructs.local.instance import Instance, Memory
from ecr_fargate_constructs.local.watching import loop as module
from ecr_fargate_constructs.local.watching.images import WatchedImage
from ecr_fargate_constructs.local.watching.loop import Loop, Result
from ecr_fargate_constructs.local.watching.syncing import Outcome, Request
from ecr_fargate_constructs.tools.assembly.stacks import BuiltImage
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable

DOCKERFILE = "FROM x\nWORKDIR /srv\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n"


class _Edits:
    """Sets of edits, each made when the loop asks for it; then Ctrl-C."""

    def __init__(self, steps: list[Callable[[], frozenset[Path]]]) -> None:
        self.steps, self.closed = steps, False

    def get(self, seconds: float | None = None) -> frozenset[Path]:
        if seconds == module._POLL:
            return frozenset()
        if not self.steps:
            raise KeyboardInterrupt
        return self.steps.pop(0)()

    def close(self) -> None:
        self.closed = True


class World:
    """An app with an image from ``app``, and what its loop did."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.source, self.staged = folder, folder / "app", folder / "cdk.out" / "asset.1"
        for place in (self.source, self.staged):
            place.mkdir(parents=True)
            for name, text in {"server.py": "1", "requirements.txt": "1", "Dockerfile": DOCKERFILE}.items():
                (place / name).write_text(text, encoding="utf-8")
        (folder / "app.py").write_text("1", encoding="utf-8")
        self.instance = Instance(folder, 4600, "000000004600", "us-east-1")
        self.asked: list[Request] = []
        self.outcomes: list[Outcome] = []
        self.deployments: list[bool | ToolError] = []
        self.results: list[Result] = []
        self.notes: list[str] = []
        self.steps: list[Callable[[], frozenset[Path]]] = []
        self.running = True
        self.edits = _Edits(self.steps)
        self.read: frozenset[Path] | None = None
        memory = Memory(self.instance.account, self.instance.region, "podman", "")
        monkeypatch.setattr(module, "sync", self._sync)
        monkeypatch.setattr(module, "Edits", lambda *_: self.edits)
        monkeypatch.setattr(module, "Cloud", lambda _: SimpleNamespace())
        monkeypatch.setattr(module, "watched_images", lambda *_: [self.image()])
        monkeypatch.setattr(module, "image_folders", lambda _: [("image", self.staged)])
        monkeypatch.setattr(module, "runs", lambda *_: self.running)
        monkeypatch.setattr(Memory, "load", lambda _: memory)
        monkeypatch.setattr(module.Loop, "_last_lines", lambda *_: ["SyntaxError"])

    def image(self) -> WatchedImage:
        built = BuiltImage(self.staged, self.staged / "Dockerfile", {})
        dockerfile = Dockerfile.parse(DOCKERFILE, {})
        return WatchedImage(self.source, built, dockerfile, (("arn:one", "web"), ("arn:two", "job")))

    def edit(self, name: str, text: str) -> None:
        self.edit_many({name: text})

    def edit_many(self, files: dict[str, str]) -> None:
        def step() -> frozenset[Path]:
            for name, text in files.items():
                (self.folder / name).write_text(text, encoding="utf-8")
            return frozenset(self.folder / name for name in files)

        self.steps.append(step)

    def run(self) -> list[tuple[str, tuple[str, ...]]]:
        app: Any = SimpleNamespace(
            files=self.read, sources=lambda: {"image": self.source}, prepare=lambda: None, close=lambda: None
        )
        self.loop = Loop(self.instance, app, self._deploy, self.results.append, self.notes.append)
        with pytest.raises(KeyboardInterrupt):
            self.loop.run()
        assert self.edits.closed
        return [(result.how, result.files) for result in self.results]

    def _sync(self, _instance: object, _memory: object, request: Request) -> Outcome:
        self.asked.append(request)
        return self.outcomes.pop(0) if self.outcomes else Outcome("synced", count=2)

    def _deploy(self) -> bool:
        answer = self.deployments.pop(0) if self.deployments else True
        if isinstance(answer, ToolError):
            raise answer
        return answer


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, monkeypatch)


def test_a_file_is_synced_into_every_container_of_the_image(world: World) -> None:
    world.edit("app/server.py", "2")
    assert world.run() == [("synced", ("app/server.py",))]
    [request] = world.asked
    assert request.definitions.keys() == {"arn:one", "arn:two"}
    [[file]] = [request.definitions["arn:one"]["web"]]
    assert file["paths"] == ["/srv/server.py"]
    assert Path(file["source"]).read_text(encoding="utf-8") == "2"
    assert world.loop.synced
    assert world.notes == ["watching; Ctrl-C ends it"]


def test_a_file_that_a_run_uses_is_built(world: World) -> None:
    world.edit("app/requirements.txt", "2")
    assert world.run() == [("deployed", ("app/requirements.txt",))]
    assert "RUN in line 4 of the Dockerfile comes after its COPY" in world.results[0].detail
    assert not world.loop.synced


@pytest.mark.parametrize("name", ["app.py", "app/new.py", "app/Dockerfile"])
def test_the_app_new_files_and_the_dockerfile_are_deployed(world: World, name: str) -> None:
    world.edit(name, "2")
    assert world.run() == [("deployed", (name,))]
    assert not world.asked


def test_an_edit_of_both_is_deployed_once(world: World) -> None:
    world.edit_many({"app.py": "2", "app/server.py": "2"})
    assert world.run() == [("deployed", ("app.py", "app/server.py"))]
    assert not world.asked


def test_a_file_that_is_as_it_was_leads_to_nothing(world: World) -> None:
    world.edit("app/server.py", "1")
    world.edit("app/server.py", "2")
    world.edit("app/server.py", "2")
    assert world.run() == [("synced", ("app/server.py",))]


def test_a_file_that_never_existed_for_long_leads_to_nothing(world: World) -> None:
    world.steps.append(lambda: frozenset({world.folder / "app" / "4913"}))  # vim's
    assert world.run() == []


def test_a_deleted_file_of_the_image_is_deployed(world: World) -> None:
    def delete() -> frozenset[Path]:
        (world.source / "server.py").unlink()
        return frozenset({world.source / "server.py"})

    world.steps.append(delete)
    assert world.run() == [("deployed", ("app/server.py",))]


def test_what_the_image_does_not_have_is_built(world: World) -> None:
    world.outcomes.append(Outcome("refused", "the image has no file /srv/server.py"))
    world.edit("app/server.py", "2")
    assert world.run() == [("deployed", ("app/server.py",))]
    assert world.results[0].detail == "the image has no file /srv/server.py"


def test_a_failed_edit_is_tried_again_with_the_next_one(world: World) -> None:
    (world.source / "other.py").write_text("1", encoding="utf-8")
    (world.staged / "other.py").write_text("1", encoding="utf-8")
    world.outcomes.append(Outcome("failed", "Essential container in task exited (exit code 1)", ("t1",)))
    world.edit("app/server.py", "(")
    world.edit("app/other.py", "2")
    assert world.run() == [("failed", ("app/server.py",)), ("synced", ("app/other.py", "app/server.py"))]
    error = world.results[0].error
    assert error is not None
    assert "exit code 1" in error.cause
    assert "SyntaxError" in error.cause
    assert error.cause.endswith("the previous version still runs")


def test_a_failed_edit_that_is_reverted_leads_to_nothing(world: World) -> None:
    world.outcomes.append(Outcome("failed", "exited"))
    world.edit("app/server.py", "(")
    world.edit("app/server.py", "1")
    world.edit("app/server.py", "2")
    assert world.run() == [("failed", ("app/server.py",)), ("synced", ("app/server.py",))]


def test_after_a_failed_deployment_everything_is_deployed(world: World) -> None:
    world.deployments += [ToolError("pip failed"), True]
    world.edit("app/requirements.txt", "nonsense")
    world.edit("app/server.py", "2")
    world.edit("app/server.py", "3")
    assert world.run() == [
        ("failed", ("app/requirements.txt",)),
        ("deployed", ("app/server.py",)),
        ("synced", ("app/server.py",)),
    ]


def test_an_app_that_synthesizes_the_same_is_not_deployed(world: World) -> None:
    world.deployments.append(False)
    world.edit("app.py", "1 # a comment")
    assert world.run() == [("unchanged", ("app.py",))]


def test_a_file_of_the_image_that_the_app_reads_is_synthesized(world: World) -> None:
    world.read = frozenset({world.source / "server.py"})
    world.edit("app/server.py", "2")
    assert world.run() == [("deployed", ("app/server.py",))]


def test_edits_during_a_sync_are_synced_together(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting, released = threading.Event(), threading.Event()
    (world.source / "other.py").write_text("1", encoding="utf-8")
    (world.staged / "other.py").write_text("1", encoding="utf-8")
    get = world.edits.get

    def get_during(seconds: float | None = None) -> frozenset[Path]:
        if seconds == module._POLL and waiting.wait(10) and not released.is_set():
            released.set()
            (world.source / "other.py").write_text("2", encoding="utf-8")
            return frozenset({world.source / "other.py"})
        return get(seconds)

    def sync(_instance: object, _memory: object, request: Request) -> Outcome:
        world.asked.append(request)
        if len(world.asked) == 1:
            waiting.set()
            released.wait(10)
            return Outcome("superseded")
        return Outcome("synced", count=2)

    monkeypatch.setattr(module, "sync", sync)
    world.edits.get = get_during  # type: ignore[method-assign]
    world.edit("app/server.py", "2")
    assert world.run() == [("synced", ("app/other.py", "app/server.py"))]
    assert len(world.asked) == 2


def test_the_loop_ends_with_the_embedded_aws(world: World) -> None:
    world.running = False
    world.steps.append(frozenset)
    app: Any = SimpleNamespace(files=None, sources=dict, prepare=lambda: None, close=lambda: None)
    with pytest.raises(ToolError, match="the embedded AWS has ended"):
        Loop(world.instance, app, world._deploy, world.results.append, world.notes.append).run()
    assert "could not be found out" in world.notes[0]
