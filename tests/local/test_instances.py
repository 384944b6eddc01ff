"""Which instance a command is about, without --port; and whose a taken port is."""

from __future__ import annotations

import os
import socket
import sys
import time
from typing import TYPE_CHECKING

import pytest

from ecr_fargate_constructs.local import lifecycle, starting
from ecr_fargate_constructs.local.instance import Instance, Memory, instance_at
from ecr_fargate_constructs.local.instances import find_instance, instances_of
from ecr_fargate_constructs.local.port_owner import app_on
from ecr_fargate_constructs.local.processes import start
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from pathlib import Path


def _there(app: Path, port: int) -> Instance:
    app.mkdir(exist_ok=True)
    instance, _ = instance_at(app, port, None, None)
    instance.make_state()
    Memory(instance.account, instance.region, "podman", "").save(instance)
    return instance


def test_an_app_without_an_instance_gets_the_default_port(tmp_path: Path) -> None:
    assert find_instance(tmp_path, None)[0].port == 4566


def test_the_app_remembers_its_port(tmp_path: Path) -> None:
    _there(tmp_path, 4630)
    instance, memory = find_instance(tmp_path, None)
    assert (instance.port, memory is not None) == (4630, True)
    assert find_instance(tmp_path, 4700)[0].port == 4700
    assert find_instance(tmp_path / ".." / tmp_path.name, None)[0].port == 4630


def test_a_start_that_failed_is_remembered_too(tmp_path: Path) -> None:
    instance = _there(tmp_path, 4630)
    instance.server_log.write_text("why\n", encoding="utf-8")
    instance.keep_logs()
    assert find_instance(tmp_path, None)[0].port == 4630
    _there(tmp_path, 4640)
    assert [each.port for each, _ in instances_of(tmp_path)] == [4640]


def test_of_several_the_one_that_runs_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _there(tmp_path, 4630)
    _there(tmp_path, 4640)
    monkeypatch.setattr(lifecycle, "runs", lambda instance, _: instance.port == 4640)
    assert find_instance(tmp_path, None)[0].port == 4640


def test_several_are_listed(tmp_path: Path) -> None:
    for port in (14630, 4640):
        _there(tmp_path, port)
    with pytest.raises(ToolError, match="has 2 instances") as caught:
        find_instance(tmp_path, None)
    assert caught.value.cause.splitlines()[1:] == ["  --port 4640: unfinished", "  --port 14630: unfinished"]
    assert "--port" in str(caught.value.fix)


def test_a_port_that_another_app_has_is_said_to_be_its(tmp_path: Path) -> None:
    instance = _there(tmp_path / "other app", 4630)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        module = "ecr_fargate_constructs.local.server"
        command = [sys.executable, "-c", "import time; time.sleep(60)", module, str(port), str(instance.types_file)]
        process = start(command, env=os.environ, log=tmp_path / "log")
        try:
            deadline = time.monotonic() + 10
            while app_on(port) is None and time.monotonic() < deadline:
                time.sleep(0.05)  # until the process has become another program
            assert app_on(port) == tmp_path / "other app"
            assert app_on(port + 1) is None
            with pytest.raises(ToolError, match=f"port {port} is in use by the embedded AWS of .*other app"):
                starting.check_port(port)
        finally:
            process.stop()
        assert app_on(port) is None
        with pytest.raises(ToolError, match="in use by another program"):
            starting.check_port(port)
