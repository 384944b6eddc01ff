"""Files that are damaged, deleted, or cannot be written: one sentence that names them, and never a traceback."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from ecr_fargate_constructs.cli import main as cli
from ecr_fargate_constructs.local import engine, lifecycle, server, starting, toolkit
from ecr_fargate_constructs.local.containers import containers
from ecr_fargate_constructs.local.instance import Instance, Memory, instance_at
from ecr_fargate_constructs.local.instances import find_instance
from ecr_fargate_constructs.local.private_files import private_folder
from ecr_fargate_constructs.local.processes import Process
from ecr_fargate_constructs.local.progress import Progress
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PORT = 4603
CLOSED = [errno.EROFS, errno.EACCES, errno.EPERM, errno.EBUSY]


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    (tmp_path / "cdk.json").write_text("{}", encoding="utf-8")
    return instance_at(tmp_path, PORT, None, None)[0]


def _remember(instance: Instance) -> Memory:
    memory = Memory(instance.account, instance.region, "podman", "tcp://nowhere")
    memory.processes["aws"] = Process.of(os.getpid())
    memory.save(instance)
    return memory


@pytest.mark.parametrize(
    "values",
    [
        {"socket": None},
        {"account": 1},
        {"scratch": 3},
        {"secret": []},
        {"processes": {"aws": {"pid": "1", "started": 1}}},
    ],
)
def test_what_is_remembered_has_its_types(instance: Instance, values: dict[str, object]) -> None:
    _remember(instance)
    kept = json.loads(instance.memory_file.read_text(encoding="utf-8"))
    instance.memory_file.write_text(json.dumps({**kept, **values}), encoding="utf-8")
    with pytest.raises(ToolError, match="cannot be read") as caught:
        find_instance(instance.app_directory, PORT)
    assert str(instance.memory_file.parent) in str(caught.value.fix)


def test_what_is_remembered_is_text(instance: Instance) -> None:
    _remember(instance)
    instance.memory_file.write_bytes(b"\xff\xfe{")
    with pytest.raises(ToolError, match=r"instance\.json cannot be read"):
        find_instance(instance.app_directory, PORT)


def test_where_the_private_folder_is_a_file_nothing_is_remembered(
    instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert find_instance(instance.app_directory, PORT)[1] is None


def test_relative_folders_of_the_user_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", "state")
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")
    for folder in (private_folder(), toolkit.cache_directory()):
        assert folder.is_absolute()
        assert not folder.is_relative_to(tmp_path)


def test_an_instance_whose_files_were_deleted_is_found_and_does_not_run(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "answers", lambda _: True)
    memory = _remember(instance)
    instance.make_state()
    instance.types_file.write_text("[]", encoding="utf-8")
    assert lifecycle.runs(instance, memory)
    shutil.rmtree(instance.state.parent)  # as "git clean -fdx" does
    found, remembered = find_instance(instance.app_directory, None)
    assert (found.port, remembered) == (PORT, memory)
    assert not lifecycle.runs(found, remembered)


def test_containers_are_found_by_the_name_that_the_machine_had(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "at-home")
    _remember(instance)
    monkeypatch.setattr("socket.gethostname", lambda: "elsewhere")
    remembered = find_instance(instance.app_directory, PORT)[1]
    asked: list[tuple[str, ...]] = []

    def ask(_instance: Instance, _memory: Memory, *arguments: str) -> str:
        asked.append(arguments)
        return ""

    monkeypatch.setattr("ecr_fargate_constructs.local.containers._engine_output", ask)
    assert remembered is not None
    assert containers(instance, remembered) == []
    assert asked[0][-1] == f"label=ministack.instance=at-home:{PORT}"


@pytest.mark.parametrize("number", CLOSED)
@pytest.mark.parametrize("verb", ["up", "start"])
def test_a_folder_that_cannot_be_written_is_one_sentence(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, verb: str, number: int
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number), "/app/.ecr-fargate")

    monkeypatch.setattr(starting, "prepare", fail)
    verbs: dict[str, Callable[[], object]] = {
        "up": lambda: lifecycle.up(instance, None, [], Progress()),
        "start": lambda: lifecycle.start(instance, None, Progress()),
    }
    with pytest.raises(ToolError) as caught:
        verbs[verb]()
    assert caught.value.cause == f"/app/.ecr-fargate cannot be written, read or deleted: {os.strerror(number)}"


@pytest.mark.parametrize(
    ("number", "told"), [(errno.ENOSPC, "no space is left to write /x"), (errno.EROFS, "/x cannot be written")]
)
def test_every_command_says_which_file_it_was(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int, told: str
) -> None:
    def fail() -> None:
        raise OSError(number, "no", "/x")

    monkeypatch.setattr(cli, "app", fail)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 1
    assert told in capsys.readouterr().err


def test_other_errors_of_commands_stay_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OSError(errno.EIO, "no", "/x")

    monkeypatch.setattr(cli, "app", fail)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with pytest.raises(OSError, match="no"):
        cli.main()


def test_the_instance_of_an_app_that_was_moved_can_be_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Taken:
        def __enter__(self) -> object:
            return self

        def __exit__(self, *_: object) -> None:
            """Nothing is open."""

        def setsockopt(self, *_: object) -> None:
            """Nothing is open."""

        def bind(self, _: object) -> None:
            raise OSError(errno.EADDRINUSE, "taken")

    monkeypatch.setattr("ecr_fargate_constructs.local.starting.socket.socket", Taken)
    for owner, told in ((tmp_path / "moved", "move the app back"), (tmp_path, "choose another port")):
        monkeypatch.setattr(starting, "app_on", lambda _, owner=owner: owner)
        with pytest.raises(ToolError, match=f"in use by the embedded AWS of {owner}") as caught:
            starting.check_port(PORT)
        assert str(caught.value.fix).startswith(told)


@pytest.mark.parametrize("printed", ["not json", "null", "[]"])
def test_an_engine_that_prints_something_else_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, printed: str
) -> None:
    for name in ("docker", "podman"):
        (tmp_path / name).write_text(f"#!/bin/sh\necho '{printed}'\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CONTAINER_HOST", raising=False)
    with pytest.raises(ToolError, match="no container engine is running"):
        engine.find_engine(install=False)


@pytest.mark.skipif(sys.platform != "linux", reason="the embedded AWS runs on Linux only")
@pytest.mark.parametrize("name", ["CONTAINER_HOST", "CONTAINER_CONNECTION"])
def test_a_podman_elsewhere_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / "podman").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    (tmp_path / "podman").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv(name, "elsewhere")
    with pytest.raises(ToolError, match=f"{name}=elsewhere") as caught:
        engine.find_engine()
    assert caught.value.fix == f"unset {name}, and run the command again"
