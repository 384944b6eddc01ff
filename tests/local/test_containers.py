"""The containers of an instance are removed, however often the engine has to be asked."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.local import containers
from ecr_fargate_constructs.local.instance import Instance
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from pathlib import Path


class _Engine:
    """An engine that removes its container only at a certain attempt."""

    def __init__(self, attempts: int) -> None:
        self.left, self.calls = attempts, list[tuple[str, ...]]()

    def run(self, *command: str, **_: object) -> SimpleNamespace:
        self.calls.append(command[1:])
        self.left -= command[1] == "rm"
        return SimpleNamespace(stdout="abc\n" if command[1] == "ps" and self.left > 0 else "")


def _remove(monkeypatch: pytest.MonkeyPatch, folder: Path, engine: _Engine, *, seconds: float) -> None:
    monkeypatch.setattr(containers, "run", engine.run)
    monkeypatch.setattr(containers, "_REMOVAL_SECONDS", seconds)
    monkeypatch.setattr(containers, "_SECONDS_BETWEEN", 0)
    memory: Any = SimpleNamespace(engine="podman", host="127.0.0.1")
    containers.remove_containers_and_images(Instance(folder, 4599, "000000004599", "us-east-1"), memory)


@pytest.mark.parametrize("attempts", [0, 1, 3])
def test_the_engine_is_asked_until_no_container_is_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, attempts: int
) -> None:
    engine = _Engine(attempts)
    _remove(monkeypatch, tmp_path, engine, seconds=30)
    removals = [each for each in engine.calls if each[0] == "rm"]
    assert removals == [("rm", "--force", "--volumes", "--time=0", "abc")] * attempts


def test_a_container_that_stays_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="podman did not remove these containers: abc"):
        _remove(monkeypatch, tmp_path, _Engine(10**9), seconds=0)
