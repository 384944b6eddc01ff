"""What a project has in it is not imported by the embedded AWS."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from ecr_fargate_constructs.local import server
from ecr_fargate_constructs.local.instance import Memory, instance_at
from ecr_fargate_constructs.local.processes import start

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("module", ["docker", "secrets"])
def test_a_module_of_the_project_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    (tmp_path / f"{module}.py").write_text("raise SystemExit('of the project')\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    instance, _ = instance_at(tmp_path, 4602, None, None)
    instance.make_state()
    memory = Memory(instance.account, instance.region, "podman", "unix:///nowhere.sock")
    program = f"import {module}; print(getattr({module}, '__file__', 'none'))"

    def start_a_program(command: list[str], **options: object) -> object:
        assert command[:2] == [sys.executable, "-m"]  # whose modules come first from where it runs, as those of -c do
        process = start([sys.executable, "-c", program], **options)  # type: ignore[arg-type]
        while process.alive:
            pass
        return process

    monkeypatch.setattr(server, "start", start_a_program)
    with pytest.raises(Exception, match="exited while starting") as caught:
        server.start_server(instance, memory)
    assert "of the project" not in str(caught.value)
    assert f"{module}" in str(caught.value)
    instance.erase()
