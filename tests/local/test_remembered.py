"""What is remembered between commands: nobody else can say it, and nothing that a project brings is believed."""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from ecr_fargate_constructs.local import lifecycle, podman
from ecr_fargate_constructs.local.instance import Instance, Memory, instance_at
from ecr_fargate_constructs.local.private_files import private_folder
from ecr_fargate_constructs.local.processes import start
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOBODY = 65534
PORT = 4600


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    (tmp_path / "app").mkdir()
    return instance_at(tmp_path / "app", PORT, None, None)[0]


@pytest.fixture
def precious(tmp_path: Path) -> Path:
    """A folder of the user's that nothing here may touch."""
    folder = tmp_path / "precious" / "ecr-fargate-1"
    folder.mkdir(parents=True)
    (folder / "file").write_text("kept", encoding="utf-8")
    return folder


def _remember(instance: Instance, **values: object) -> Memory:
    memory = Memory(instance.account, instance.region, "podman", "unix:///nowhere")
    vars(memory).update(values)
    memory.save(instance)
    return memory


def test_state_that_a_clone_brings_along_does_nothing(instance: Instance, precious: Path, tmp_path: Path) -> None:
    engine, ran = tmp_path / "engine", tmp_path / "ran"
    engine.write_text(f"#!/bin/sh\ntouch {ran}\n", encoding="utf-8")
    engine.chmod(0o755)
    victim = start([sys.executable, "-c", "import time; time.sleep(60)"], env=os.environ, log=tmp_path / "log")
    planted = Memory(instance.account, "eu-west-1", str(engine), "unix:///x", str(precious), {"aws": victim})
    text = json.dumps({**vars(planted), "processes": {"aws": vars(victim)}})
    instance.state.mkdir(parents=True)
    (instance.state / "instance.json").write_text(text, encoding="utf-8")
    try:
        found, memory = instance_at(instance.app_directory, PORT, None, None)
        assert (found.region, memory) == ("us-east-1", None)
        lifecycle.down(found, memory)
        assert victim.alive
    finally:
        victim.stop()
    assert (precious / "file").read_text(encoding="utf-8") == "kept"
    assert not ran.exists()
    assert not instance.state.exists()


def test_a_copy_of_a_project_has_no_instance(instance: Instance, tmp_path: Path) -> None:
    instance.make_state()
    process = start(
        [sys.executable, "-c", "import time; time.sleep(60)"], env={**os.environ, **instance.mark}, log=tmp_path / "log"
    )
    _remember(instance, processes={"aws": process})
    shutil.copytree(instance.app_directory, tmp_path / "copy")
    try:
        lifecycle.down(*instance_at(tmp_path / "copy", PORT, None, None))
        assert process.alive
        lifecycle.down(*instance_at(instance.app_directory, PORT, None, None))
        assert not process.alive
    finally:
        process.stop()


def test_a_state_folder_that_leads_elsewhere_is_refused(instance: Instance, precious: Path) -> None:
    (precious / str(PORT)).mkdir()
    (precious / str(PORT) / "file").write_text("kept", encoding="utf-8")
    instance.state.parent.symlink_to(precious)
    for work in _everything(instance):
        with pytest.raises(ToolError, match="is a link or a file instead of a folder") as caught:
            work()
        assert caught.value.fix == f"delete {instance.state.parent}"
    instance.state.parent.unlink()
    instance.state.parent.mkdir()
    instance.state.symlink_to(precious)
    for work in _everything(instance):
        with pytest.raises(ToolError, match=f"{PORT} is a link or a file"):
            work()
    assert sorted(file.name for file in precious.rglob("*")) == [str(PORT), "file", "file"]


def _everything(instance: Instance) -> list[Callable[[], object]]:
    return [
        lambda: instance_at(instance.app_directory, PORT, None, None),
        instance.make_state,
        instance.erase,
        lambda: lifecycle.down(instance, None),
    ]


def test_files_that_lead_elsewhere_are_not_written_to(instance: Instance, precious: Path) -> None:
    instance.state.mkdir(parents=True)
    for link in (instance.state.parent / ".gitignore", instance.failure_log):
        link.symlink_to(precious / "file")
    instance.make_state()
    instance.toolkit_log.write_text("why", encoding="utf-8")
    instance.keep_logs()
    assert (precious / "file").read_text(encoding="utf-8") == "kept"
    assert "why" in instance.failure_log.read_text(encoding="utf-8")


@pytest.mark.skipif(os.geteuid() != 0, reason="takes root")
def test_what_belongs_to_another_user_is_refused(instance: Instance) -> None:
    instance.make_state()
    os.chown(instance.state, NOBODY, NOBODY)
    with pytest.raises(ToolError, match=rf"belongs to another user \(uid {NOBODY}\)"):
        instance_at(instance.app_directory, PORT, None, None)
    os.chown(instance.state, 0, 0)
    _remember(instance)
    for place in (instance.memory_file, instance.memory_file.parent):
        os.chown(place, NOBODY, NOBODY)
        with pytest.raises(ToolError, match="is not a private file of this user"):
            instance_at(instance.app_directory, PORT, None, None)
        os.chown(place, 0, 0)
    assert instance_at(instance.app_directory, PORT, None, None)[1] is not None


def test_what_is_remembered_is_private(instance: Instance) -> None:
    memory = _remember(instance)
    assert instance.memory_file.is_relative_to(private_folder())
    assert not instance.memory_file.is_relative_to(instance.app_directory)
    assert stat.S_IMODE(instance.memory_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(instance.memory_file.parent.stat().st_mode) == 0o700
    assert instance_at(instance.app_directory, PORT, None, None)[1] == memory
    instance.make_state()
    assert stat.S_IMODE(instance.state.stat().st_mode) == 0o700
    for place, mode in ((instance.memory_file, 0o644), (instance.memory_file.parent, 0o755)):
        place.chmod(mode)
        with pytest.raises(ToolError, match="not a private file of this user, and is not trusted"):
            instance_at(instance.app_directory, PORT, None, None)
        instance.memory_file.chmod(0o600)
    instance.memory_file.parent.chmod(0o700)
    copy = instance.memory_file.with_name("copy")
    instance.memory_file.rename(copy)
    instance.memory_file.symlink_to(copy)
    with pytest.raises(ToolError, match="not a private file"):
        instance_at(instance.app_directory, PORT, None, None)


def test_each_start_has_a_secret_of_its_own(instance: Instance) -> None:
    secrets = {_remember(instance).secret for _ in range(3)}
    assert len(secrets) == 3
    assert all(len(secret) >= 64 for secret in secrets)


def test_the_private_folder_that_cannot_be_made_is_named(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(ToolError, match="cannot be created: Not a directory") as caught:
        _remember(instance)
    assert "XDG_STATE_HOME" in str(caught.value.fix)


def test_the_home_of_another_user_is_not_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert not private_folder().is_relative_to(tmp_path)


def test_nothing_but_the_socket_is_removed_with_its_folder(instance: Instance, precious: Path, tmp_path: Path) -> None:
    podman.remove_scratch(_remember(instance, scratch=str(precious)))
    podman.remove_scratch(_remember(instance, scratch=str(precious.parent)))
    assert (precious / "file").exists()
    scratch = tmp_path / "ecr-fargate-x"
    scratch.mkdir()
    (scratch / "engine.sock").touch()
    podman.remove_scratch(_remember(instance, scratch=str(scratch)))
    assert not scratch.exists()
