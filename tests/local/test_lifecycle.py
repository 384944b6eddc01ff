"""The order of ``up``, and what a first one that fails leaves behind: with everything that takes an engine replaced."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.cli.printing import Console
from ecr_fargate_constructs.cli.report import ConsoleProgress
from ecr_fargate_constructs.local import base_images, lifecycle, starting, toolkit
from ecr_fargate_constructs.local.deployment import Deployment, NeedsAwsError
from ecr_fargate_constructs.local.instance import Instance, Memory
from ecr_fargate_constructs.local.progress import Progress
from ecr_fargate_constructs.local.watching.syncing import Outcome
from ecr_fargate_constructs.local.watching.synthesis import WarmApp
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LOOKUP = "Context lookups have been disabled. Make sure all necessary context is already in 'cdk.context.json'"


class _World:
    """Everything around ``up``, which writes down what it is asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        (folder / "cdk.json").write_text("{}", encoding="utf-8")
        self.instance = Instance(folder, 4600, "000000004600", "us-east-1")
        self.done: list[str] = []
        self.failing: dict[str, BaseException] = {}
        self.running = False
        self.changed = True
        self.taken_back = Outcome("synced")
        self.in_parallel = threading.Barrier(2, timeout=5)
        monkeypatch.setattr(lifecycle, "Deployment", self._deployment)
        monkeypatch.setattr(lifecycle, "Cloud", lambda _: SimpleNamespace(services=lambda _: []))
        monkeypatch.setattr(lifecycle, "Waiting", lambda *_: SimpleNamespace(wait=self._wait))
        monkeypatch.setattr(lifecycle, "retry", lambda *_: self._do("retry"))
        monkeypatch.setattr(lifecycle, "take_back", lambda *_: self.taken_back)
        monkeypatch.setattr(lifecycle, "runs", lambda *_: self.running)
        monkeypatch.setattr(lifecycle, "_stop", lambda *_: self._do("end"))
        monkeypatch.setattr(starting, "start", self._start)
        monkeypatch.setattr(starting, "prepare", self._prepare)

    def up(
        self, *, keep: bool = False, progress: Progress | None = None, clock: float | None = None
    ) -> lifecycle.Outcome:
        memory = self._memory() if self.running else None
        return lifecycle.up(self.instance, memory, [], progress or Progress(), keep=keep, clock=clock)

    def update(self) -> lifecycle.Outcome | None:
        if self.running:
            self.instance.make_state()
            self._memory().save(self.instance)
        return lifecycle.update(self.instance, [], Progress(), app=WarmApp(self.instance))

    def _memory(self) -> Memory:
        return Memory(self.instance.account, self.instance.region, "podman", "")

    def _do(self, what: str) -> None:
        self.done.append(what)
        if what in self.failing:
            raise self.failing.pop(what)

    def _prepare(self, instance: Instance, _progress: Progress) -> Memory:
        instance.make_state()
        return self._memory()

    def _start(self, instance: Instance, memory: Memory) -> None:
        if "accept" not in self.done and "synthesize with AWS" not in self.failing and "asks" not in self.done:
            self.in_parallel.wait()  # until the base images are being got
        self.running = True
        memory.save(instance)
        self._do("start")

    def _wait(self, _stacks: Sequence[str]) -> tuple[list[Any], list[Any]]:
        self._do("wait")
        return [], []

    def _deployment(self, instance: Instance, *_: object) -> SimpleNamespace:
        def synthesize(*, running: bool) -> list[Any]:
            self._do("synthesize with AWS" if running else "synthesize")
            return []

        def get_base_images(_stacks: object) -> None:
            if not self.running:
                self.in_parallel.wait()
            self._do("base images")

        def accept() -> list[Any]:
            instance.assembly.mkdir(exist_ok=True)
            self._do("accept")
            return []

        return SimpleNamespace(
            changed=self.changed,
            stacks=[],
            synthesize=synthesize,
            get_base_images=get_base_images,
            accept=accept,
            bootstrap=lambda: self._do("bootstrap"),
            put_stubs=lambda: self._do("stubs"),
            deploy=lambda: self._do("deploy"),
        )


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> _World:
    return _World(monkeypatch, tmp_path)


def test_the_app_comes_first_and_base_images_beside_the_start(world: _World) -> None:
    world.up()
    assert world.done[0] == "synthesize"
    assert set(world.done[1:3]) == {"start", "base images"}  # each has waited for the other
    assert world.done[3:] == ["accept", "bootstrap", "stubs", "deploy", "retry", "wait"]


def test_an_app_that_fails_starts_nothing(world: _World) -> None:
    world.failing["synthesize"] = ToolError("typo")
    with pytest.raises(ToolError) as caught:
        world.up(keep=True)
    assert caught.value.cause == "typo"
    assert world.done == ["synthesize", "end"]
    assert not world.instance.state.exists()


def test_a_start_without_a_deployment_that_fails_is_ended(world: _World) -> None:
    world.failing["start"] = ToolError("no port")
    world.done.append("asks")
    with pytest.raises(ToolError, match="no port"):
        lifecycle.start(world.instance, None, Progress())
    assert world.done[1:] == ["start", "end"]
    assert not world.instance.state.exists()


def test_an_app_that_asks_aws_gets_one(world: _World) -> None:
    world.failing["synthesize"] = NeedsAwsError()
    world.done.append("asks")
    world.up()
    assert world.done[1:5] == ["synthesize", "start", "synthesize with AWS", "base images"]


def test_one_that_runs_is_asked_at_once(world: _World) -> None:
    world.running = True
    world.instance.make_state()
    world.up()
    assert world.done[:2] == ["synthesize with AWS", "base images"]
    assert "start" not in world.done


def test_a_first_version_that_fails_is_ended_or_kept(world: _World) -> None:
    world.failing["wait"] = ToolError("crashed", log=world.instance.server_log)
    with pytest.raises(ToolError) as caught:
        world.up()
    assert "up --keep" in caught.value.cause
    assert world.done[-1] == "end"
    assert not world.instance.state.exists()

    world.running = False
    world.done.clear()
    world.failing["wait"] = ToolError("crashed")
    with pytest.raises(ToolError) as caught:
        world.up(keep=True)
    assert "end" not in world.done
    assert world.instance.memory_file.exists()
    assert world.instance.assembly.is_dir()
    assert caught.value.cause.startswith(
        "crashed\nthe embedded AWS keeps running: examine it with 'ecr-fargate local status"
    )


@pytest.mark.parametrize(
    ("services", "said"),
    [(1, "the previous version still responds at http://web:1/"), (2, "the app still responds at http://web:1/")],
)
def test_what_goes_on_is_said(world: _World, monkeypatch: pytest.MonkeyPatch, services: int, said: str) -> None:
    """Of several services, the one that answers may have come up in its new version."""
    world.running = True
    world.instance.make_state()
    world.instance.assembly.mkdir()
    (world.instance.assembly / "manifest.json").write_text("{}", encoding="utf-8")
    world.failing["wait"] = ToolError("crashed")
    cloud = SimpleNamespace(
        services=lambda _: [_Nothing()] * services, balancers=lambda _: [SimpleNamespace(url="http://web:1/")]
    )
    monkeypatch.setattr(lifecycle, "Cloud", lambda _: cloud)
    monkeypatch.setattr(lifecycle, "targets_of", lambda *_: [SimpleNamespace(healthy=True)])
    monkeypatch.setattr(lifecycle, "ask", lambda balancer: SimpleNamespace(good=True, balancer=balancer))
    with pytest.raises(ToolError) as caught:
        world.up()
    assert caught.value.cause == f"crashed\n{said}"


class _Nothing:
    """A service without tasks and deployments."""

    tasks = deployments = ()


def test_a_rehearsal_is_recorded_and_said(world: _World) -> None:
    said: list[str] = []

    class Heard(Progress):
        def note(self, text: str, kind: str = "note") -> None:  # noqa: ARG002 - a progress has it
            said.append(text)

    assert world.up(clock=60, progress=Heard()).memory.clock == 60
    assert "deployments are rehearsed: a minute of their bake times takes 1 seconds" in said


def test_one_that_runs_keeps_its_clock(world: _World) -> None:
    world.up()
    with pytest.raises(ToolError, match="is running without --clock, not with --clock 60"):
        world.up(clock=60)
    assert world.done[-1] == "wait"


def test_a_speed_that_is_none_is_refused_before_anything_starts(world: _World) -> None:
    with pytest.raises(ToolError, match=r"0\.5 is not a speed"):
        world.up(clock=0.5)
    assert "start" not in world.done


def test_an_interruption_is_not_kept(world: _World) -> None:
    world.failing["wait"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        world.up(keep=True)
    assert world.done[-1] == "end"


def test_a_clean_up_that_is_interrupted_is_no_success(world: _World, capsys: pytest.CaptureFixture[str]) -> None:
    world.failing |= {"wait": KeyboardInterrupt(), "end": KeyboardInterrupt()}
    with pytest.raises(KeyboardInterrupt), ConsoleProgress(Console(width=200)) as progress:
        world.up(progress=progress)
    printed = capsys.readouterr().out
    assert "✗ cleaning up" in printed
    assert "✓ cleaning up" not in printed
    assert "warning not everything has stopped: run 'ecr-fargate local down" in printed
    assert world.instance.state.is_dir(), "what 'down' needs to find"


@pytest.mark.parametrize(
    ("line", "raised"),
    [
        (LOOKUP, NeedsAwsError),
        ('Could not connect to the endpoint URL: "http://localhost:4600/"', NeedsAwsError),
        ("connect ECONNREFUSED 127.0.0.1:4600", NeedsAwsError),
        ("connect ECONNREFUSED 127.0.0.1:46001", toolkit.ToolkitError),
        ("SyntaxError", toolkit.ToolkitError),
    ],
)
def test_an_app_that_asks_aws_is_recognised(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str, raised: type[Exception]
) -> None:
    instance = Instance(tmp_path, 4600, "000000004600", "us-east-1")
    instance.make_state()

    def run(*arguments: object, **_: object) -> None:
        assert "--no-lookups" in arguments[3]  # type: ignore[operator]
        raise toolkit.ToolkitError("no", [line], log=instance.toolkit_log)

    monkeypatch.setattr(toolkit, "find_toolkit", lambda *_: tmp_path)
    monkeypatch.setattr(toolkit, "run_toolkit", run)
    memory = Memory(instance.account, instance.region, "podman", "")
    with pytest.raises(raised):
        Deployment(instance, memory, [], Progress()).synthesize(running=False)


def test_a_failed_build_on_a_stand_in_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    instance = Instance(tmp_path, 4600, "000000004600", "us-east-1")
    instance.make_state()
    lines = ["STEP 1/1: RUN pip", "Error: building at STEP"]

    def run(*_: object, **__: object) -> None:
        raise toolkit.ToolkitError("no", lines, log=instance.toolkit_log)

    monkeypatch.setattr(toolkit, "find_toolkit", lambda *_: tmp_path)
    monkeypatch.setattr(toolkit, "run_toolkit", run)
    monkeypatch.setattr(base_images, "provide", lambda *_: {"python:3.13-slim": "python:3.13-slim"})
    made = Deployment(instance, Memory(instance.account, instance.region, "podman", ""), [], Progress())
    with pytest.raises(ToolError) as caught:
        made.deploy()
    assert caught.value.cause == "no"
    made.get_base_images([])
    with pytest.raises(ToolError) as caught:
        made.deploy()
    assert "a stand-in made from Debian packages replaces python:3.13-slim" in caught.value.cause
    assert str(caught.value.fix).endswith("otherwise correct the Dockerfile or the files that it copies")
    lines[:] = ["Web | CREATE_FAILED"]
    with pytest.raises(ToolError) as caught:
        made.deploy()
    assert caught.value.cause == "no"


def test_an_app_that_has_changed_is_deployed_again(world: _World) -> None:
    world.running = True
    assert world.update() is not None
    assert world.done[0] == "synthesize with AWS"
    assert world.done.count("synthesize with AWS") == 1
    assert world.done[-2:] == ["retry", "wait"]


def test_an_app_that_has_not_changed_is_not_deployed(world: _World) -> None:
    world.running, world.changed = True, False
    assert world.update() is None
    assert world.done == ["synthesize with AWS"]


def test_an_app_that_does_not_run_cannot_be_deployed_again(world: _World) -> None:
    with pytest.raises(ToolError, match="the embedded AWS has ended"):
        world.update()


def test_a_failed_update_leaves_everything_running(world: _World) -> None:
    world.running = True
    world.failing["accept"] = ToolError("refused")
    with pytest.raises(ToolError, match="refused"):
        world.update()
    assert "end" not in world.done


def test_files_that_cannot_be_taken_back_fail(world: _World) -> None:
    world.running, world.taken_back = True, Outcome("failed", "exited")
    world.instance.make_state()
    with pytest.raises(ToolError, match="a task without the synced files failed: exited"):
        world.up()
