"""``local start``, ``seed`` and ``env``: the embedded AWS before an app is on it; and ``up --context``."""

from __future__ import annotations

import json
import subprocess
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner, Result

from ecr_fargate_constructs.cli.main import app
from ecr_fargate_constructs.local import deployment, engine, lifecycle, server, starting, toolkit
from ecr_fargate_constructs.local.instance import Memory, instance_at
from ecr_fargate_constructs.local.progress import Progress
from ecr_fargate_constructs.tools.errors import ToolError
from tests.local.recorded_cloud import PORT, write_app

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ecr_fargate_constructs.local.instance import Instance


def _run(app_directory: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["local", *arguments, "--app-dir", str(app_directory)])


@pytest.fixture
def running_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of an app whose instance runs."""
    write_app(tmp_path)
    monkeypatch.setattr(lifecycle, "runs", lambda _, memory: memory is not None)
    return tmp_path


def test_env_is_what_a_shell_takes(running_app: Path) -> None:
    done = _run(running_app, "env")
    script = f"{done.output}\nenv | grep ^AWS_ | sort"
    variables = subprocess.run(  # noqa: S603 - what the command printed
        ["/bin/sh", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin", "AWS_PROFILE": "prod", "AWS_SESSION_TOKEN": "real"},
    ).stdout.splitlines()
    names = [variable.partition("=")[0] for variable in variables]
    assert names == [
        "AWS_ACCESS_KEY_ID",
        "AWS_CONFIG_FILE",
        "AWS_DEFAULT_REGION",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_ENDPOINT_URL",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SHARED_CREDENTIALS_FILE",
    ]
    assert f"AWS_ENDPOINT_URL=http://localhost:{PORT}" in variables
    assert f"AWS_ACCESS_KEY_ID={PORT:012d}" in variables
    assert json.loads(_run(running_app, "env", "--format", "json").output) == dict(
        variable.split("=", 1) for variable in variables
    )


def test_env_of_what_does_not_run_is_refused(tmp_path: Path) -> None:
    done = _run(tmp_path, "env")
    assert isinstance(done.exception, ToolError)
    assert done.output == ""


class Seeds(ModuleType):
    """Stands for the module that reads seeds, and writes down what it is asked."""

    def __init__(self) -> None:
        """Nothing is asked yet."""
        super().__init__("seeds")
        self.asked: list[tuple[str, object]] = []

    def read(self, file: Path) -> str:
        """Return what is in a file."""
        self.asked.append(("read", file))
        return "of a file"

    def stubs(self, assembly: Path) -> str:
        """Return what an assembly imports."""
        self.asked.append(("stubs", assembly))
        return "stubs"

    def put(self, instance: Instance, seeds: str) -> list[str]:
        """Say what was put there."""
        self.asked.append((f"put {instance.port}", seeds))
        return [f"secret \x1b]0;t\x07{seeds}"]


def test_a_file_of_seeds_is_put_there(running_app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = Seeds()
    monkeypatch.setitem(sys.modules, "ecr_fargate_constructs.local.seeds", seeds)
    file = running_app / "seeds.yaml"
    file.write_text("secrets: {}\n", encoding="utf-8")
    done = _run(running_app, "seed", str(file))
    assert (done.exit_code, done.output) == (0, "secret of a file\n")
    assert seeds.asked == [("read", file), (f"put {PORT}", "of a file")]


def test_stand_ins_are_put_there_for_what_an_app_imports(running_app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = Seeds()
    monkeypatch.setitem(sys.modules, "ecr_fargate_constructs.local.seeds", seeds)
    assert _run(running_app, "seed", "--stubs", str(running_app)).exit_code == 0
    assert seeds.asked == [("stubs", running_app), (f"put {PORT}", "stubs")]


def test_one_source_of_seeds_is_needed(running_app: Path) -> None:
    file = running_app / "seeds.yaml"
    file.write_text("", encoding="utf-8")
    for arguments in ([], [str(file), "--stubs", str(running_app)]):
        done = _run(running_app, "seed", *arguments)
        assert "exactly one source is needed" in str(done.exception)


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A container engine and an embedded AWS that are not there; what is started."""
    started: list[str] = []
    found = engine.Engine("podman", "5", "unix:///x")
    monkeypatch.setattr(engine, "find_engine", lambda **_: found)
    monkeypatch.setattr(starting, "check_port", lambda _: None)
    monkeypatch.setattr(lifecycle, "remove_containers_and_images", lambda *_: None)
    monkeypatch.setattr(server, "start_server", lambda instance, _: started.append(str(instance.port)))
    return started


def test_start_starts_and_deploys_nothing(tmp_path: Path, no_engine: list[str]) -> None:
    (tmp_path / "cdk.json").write_text("{}", encoding="utf-8")
    done = _run(tmp_path, "start", "--port", "4699", "--account", "111122223333", "--region", "eu-west-1")
    assert done.exit_code == 0, done.output
    assert "is running on http://localhost:4699, account 111122223333, region eu-west-1" in done.output
    instance, memory = instance_at(tmp_path, 4699, None, None)
    assert (no_engine, memory is not None, instance.assembly.exists()) == (["4699"], True, False)


def test_start_leaves_what_runs_alone(running_app: Path, no_engine: list[str]) -> None:
    done = _run(running_app, "start")
    assert (done.exit_code, no_engine) == (0, [])


def test_a_start_that_fails_leaves_its_log_alone(
    tmp_path: Path, no_engine: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(instance: Instance, _memory: Memory) -> None:
        instance.server_log.write_text("why\n", encoding="utf-8")
        raise ToolError("it ended", log=instance.server_log)

    (tmp_path / "cdk.json").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(server, "start_server", fail)
    done = _run(tmp_path, "start", "--port", "4699")
    assert isinstance(done.exception, ToolError)
    assert done.exception.log is not None
    assert "why" in done.exception.log.read_text(encoding="utf-8")
    instance, _ = instance_at(tmp_path, 4699, None, None)
    assert not instance.state.exists()
    assert not no_engine


def test_context_goes_to_the_synthesis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []

    def up(*_: object, context: object, keep: object, clock: object, app: object) -> None:
        assert app is None  # without --watch nothing is recorded
        given.append((context, keep, clock))
        raise ToolError("enough")

    monkeypatch.setattr(lifecycle, "up", up)
    _run(tmp_path, "up", "--context", "stage=dev", "-c", "a=b")
    _run(tmp_path, "up", "--keep", "--clock", "60")
    assert given == [(["stage=dev", "a=b"], False, None), ([], True, 60.0)]


def test_context_is_an_option_of_the_cdk_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[Sequence[str]] = []
    monkeypatch.setattr(toolkit, "find_toolkit", lambda *_: tmp_path)
    monkeypatch.setattr(toolkit, "run_toolkit", lambda *arguments, **_: ran.append(arguments[3]))
    instance = write_app(tmp_path)
    memory = Memory(instance.account, instance.region, "podman", "")
    made = deployment.Deployment(instance, memory, (), Progress(), ["stage=dev", "a=b"])
    with pytest.raises(FileNotFoundError):
        made.synthesize(running=True)  # since nothing was written
    assert list(ran[0][2:6]) == ["--context", "stage=dev", "--context", "a=b"]
