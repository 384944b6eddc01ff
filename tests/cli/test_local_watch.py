"""What ``ecr-fargate local up --watch`` prints."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.cli import local_watch
from ecr_fargate_constructs.cli.local_watch import Watch
from ecr_fargate_constructs.cli.printing import Console
from ecr_fargate_constructs.local import lifecycle
from ecr_fargate_constructs.local.instance import Instance
from ecr_fargate_constructs.local.watching.loop import Result
from ecr_fargate_constructs.local.watching.synthesis import WarmApp
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from pathlib import Path


class _Loop:
    """A loop with some results, which Ctrl-C ends."""

    results: tuple[Result, ...] = ()
    synced = False

    def __init__(self, _instance: object, _app: object, _deploy: object, report: Any, note: Any) -> None:  # noqa: ANN401
        self._report, self._note = report, note

    def run(self) -> None:
        self._note("watching; Ctrl-C ends it")
        for result in self.results:
            self._report(result)
        raise KeyboardInterrupt


@pytest.fixture
def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watch:
    monkeypatch.setattr(local_watch, "Loop", _Loop)
    instance = Instance(tmp_path, 4600, "000000004600", "us-east-1")
    return Watch(instance, (), (), Console(file=io.StringIO(), width=200), WarmApp(instance))


def _printed(watch: Watch) -> list[str]:
    watch.run()
    file = watch.console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue().splitlines()


def test_one_line_for_each_set_of_edits(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    results = (
        Result("synced", ("app/[a].py",), 1.24, "2 tasks"),
        Result("deployed", ("a", "b", "c", "d", "e"), 9.76),
        Result("unchanged", ("app.py",), 0.5),
        Result(
            "failed", ("app/server.py",), 0.9, error=ToolError("exited\nthe previous version still runs", fix="mend")
        ),
    )
    monkeypatch.setattr(_Loop, "results", results)
    monkeypatch.setattr(_Loop, "synced", True)
    first, *lines = _printed(watch)
    assert first == "watching; Ctrl-C ends it"
    assert [line.partition(" ")[2] if line[2:3] == ":" else line for line in lines] == [
        "✓ synced app/[a].py (2 tasks) 1.2 s",
        "✓ deployed a, b, c and 2 more 9.8 s",
        "- nothing to deploy app.py 0.5 s",
        "✗ failed app/server.py 0.9 s",
        "✗ exited",
        "the previous version still runs",
        "  do:  mend",
        "no longer watching; the app keeps running",
        "its tasks have synced files that their image does not have: 'ecr-fargate local up' builds it",
    ]


def test_without_synced_files_the_image_is_what_runs(watch: Watch) -> None:
    assert _printed(watch) == ["watching; Ctrl-C ends it", "no longer watching; the app keeps running"]


@pytest.mark.parametrize(("outcome", "changed"), [(None, False), (SimpleNamespace(), True)])
def test_a_deployment_has_the_options_of_up(
    watch: Watch, monkeypatch: pytest.MonkeyPatch, outcome: object, *, changed: bool
) -> None:
    asked: list[Any] = []

    def update(_instance: object, stacks: object, progress: Any, **options: Any) -> object:  # noqa: ANN401
        progress.step("synthesizing")
        progress.detail("cdk")
        asked.append((stacks, options["context"], options["app"]))
        return outcome

    monkeypatch.setattr(lifecycle, "update", update)
    assert watch._deploy() is changed
    assert asked == [((), (), watch.app)]
