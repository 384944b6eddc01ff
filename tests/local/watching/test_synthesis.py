"""The app in a process that waits: with small scripts in place of a CDK app."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ecr_fargate_constructs.local.instance import Instance
from ecr_fargate_constructs.local.toolkit import ToolkitError
from ecr_fargate_constructs.local.watching.synthesis import WarmApp, _python_script, image_folders

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

APP = """
import json, os, sys
from pathlib import Path

import helper

out = Path(os.environ["CDK_OUTDIR"])
out.mkdir(parents=True, exist_ok=True)
context = json.loads(os.environ["CDK_CONTEXT_JSON"])
overflow = os.environ.get("CONTEXT_OVERFLOW_LOCATION_ENV")
context |= json.loads(Path(overflow).read_text()) if overflow else {}
folder = str(Path("app").absolute()) if context.get("aws:cdk:disable-asset-staging") else "asset.1"
images = {"1": {"displayName": "Web/Image", "source": {"directory": folder}, "destinations": {}}}
(out / "assets.json").write_text(json.dumps({"files": {}, "dockerImages": images}))
artifacts = {
    "Web": {"type": "aws:cloudformation:stack", "environment": "aws://1/x", "dependencies": ["Web.assets"],
            "properties": {"templateFile": "Web.template.json"}},
    "Web.assets": {"type": "cdk:asset-manifest", "properties": {"file": "assets.json"}},
}
missing = [{"key": "vpc"}] if context.get("lookup") else []
(out / "manifest.json").write_text(json.dumps({"artifacts": artifacts, "missing": missing}))
(out / "said.txt").write_text(json.dumps([sys.argv[1:], helper.TEXT, context.get("greeting")]))
assert Path("settings.yaml").read_text() and "AWS_SECRET" not in os.environ
"""


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Instance:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "private"))
    folder = tmp_path / "sample"
    (folder / "app").mkdir(parents=True)
    files = {"app.py": APP, "helper.py": "TEXT = 'one'", "settings.yaml": "a: 1"}
    files["cdk.json"] = json.dumps({"app": f"{sys.executable} app.py staging"})
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    instance = Instance(folder, 4600, "000000004600", "us-east-1")
    instance.make_state()
    return instance


def _record(instance: Instance, app: WarmApp, **context: object) -> None:
    """Let the app run once, as the CDK command line runs it."""
    command = app.command()
    assert command is not None
    environment = {"PATH": os.environ["PATH"], "CDK_OUTDIR": str(instance.assembly), **instance.command_mark}
    environment |= {"CDK_CONTEXT_JSON": json.dumps(context), "CDK_PERF_COUNTERS_FILE": "/nowhere"}
    subprocess.run(["/bin/sh", "-c", command], env=environment, cwd=instance.app_directory, check=True)  # noqa: S603


@pytest.fixture
def app(instance: Instance) -> Iterator[WarmApp]:
    app = WarmApp(instance)
    yield app
    app.close()


def _said(instance: Instance) -> list[object]:
    said: list[object] = json.loads((instance.assembly / "said.txt").read_text(encoding="utf-8"))
    return said


def test_the_second_synthesis_runs_in_the_process_that_waited(instance: Instance, app: WarmApp) -> None:
    _record(instance, app, greeting="hello")
    assert app.files is None
    app.prepare()
    (instance.app_directory / "helper.py").write_text("TEXT = 'two, edited'", encoding="utf-8")
    assert app.synthesize(instance.assembly)
    assert _said(instance) == [["staging"], "two, edited", "hello"]
    assert app.files is not None
    assert {instance.app_directory / name for name in ("app.py", "helper.py", "settings.yaml")} <= app.files
    assert instance.app_directory / "app" / "server.py" not in app.files


def test_the_record_is_private(instance: Instance, app: WarmApp) -> None:
    _record(instance, app)
    [record] = instance.memory_file.parent.glob("watch/app.json")
    assert (record.stat().st_mode & 0o777, record.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert instance.memory_file.parent.stat().st_mode & 0o777 == 0o700


def test_without_a_process_nothing_is_synthesized(instance: Instance, app: WarmApp) -> None:
    assert not app.synthesize(instance.assembly)
    _record(instance, app)
    assert not app.synthesize(instance.assembly)


def test_changed_settings_need_the_cdk_command_line(instance: Instance, app: WarmApp) -> None:
    _record(instance, app)
    app.prepare()
    file = instance.app_directory / "cdk.json"
    os.utime(file, (file.stat().st_mtime + 60,) * 2)
    assert not app.synthesize(instance.assembly)


def test_missing_context_needs_the_cdk_command_line(instance: Instance, app: WarmApp) -> None:
    _record(instance, app, lookup=True)
    app.prepare()
    assert not app.synthesize(instance.assembly)


def test_another_folder_needs_the_cdk_command_line(instance: Instance, app: WarmApp, tmp_path: Path) -> None:
    _record(instance, app)
    app.prepare()
    assert not app.synthesize(tmp_path / "elsewhere")


def test_an_app_that_fails_is_reported(instance: Instance, app: WarmApp) -> None:
    _record(instance, app)
    app.prepare()
    (instance.app_directory / "app.py").write_text("raise ValueError('no such size')", encoding="utf-8")
    with pytest.raises(ToolkitError, match="no such size"):
        app.synthesize(instance.assembly)
    assert "ValueError" in instance.toolkit_log.read_text(encoding="utf-8")


def test_the_folders_of_images_are_those_that_the_app_names(instance: Instance, app: WarmApp) -> None:
    assert app.sources() == {}
    _record(instance, app)
    assert app.sources() == {"Web Web/Image": instance.app_directory / "app"}
    assert dict(image_folders(instance.assembly)) == {"Web Web/Image": instance.assembly / "asset.1"}


def test_context_that_is_too_long_for_a_variable(instance: Instance, app: WarmApp, tmp_path: Path) -> None:
    file = tmp_path / "context.json"
    file.write_text(json.dumps({"greeting": "long"}), encoding="utf-8")
    command = app.command()
    assert command is not None
    environment = {"PATH": os.environ["PATH"], "CDK_OUTDIR": str(instance.assembly), "CDK_CONTEXT_JSON": "{}"}
    environment["CONTEXT_OVERFLOW_LOCATION_ENV"] = str(file)
    subprocess.run(["/bin/sh", "-c", command], env=environment, cwd=instance.app_directory, check=True)  # noqa: S603
    file.unlink()
    app.prepare()
    assert app.synthesize(instance.assembly)
    assert _said(instance)[2] == "long"


@pytest.mark.parametrize("settings", ["{", "[]", "{}", '{"app": ["python3", "app.py"]}'])
def test_an_app_that_cdk_json_does_not_name_is_not_recorded(instance: Instance, app: WarmApp, settings: str) -> None:
    (instance.app_directory / "cdk.json").write_text(settings, encoding="utf-8")
    assert app.command() is None


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("python3 app.py", ["python3", "app.py"]),
        (".venv/bin/python3.12 'my app.py' a", [".venv/bin/python3.12", "my app.py", "a"]),
        ("python app.py > log", None),
        ("python -m app", None),
        ("npx ts-node bin/app.ts", None),
        ("python3 'app.py", None),
        ("python3", None),
    ],
)
def test_which_commands_are_python_scripts(command: str, words: list[str] | None) -> None:
    assert _python_script(command) == words


def test_a_command_with_blanks_and_quotes_is_recorded_as_it_is(instance: Instance, app: WarmApp) -> None:
    text = "python3 'my app.py' \"$HOME\""
    (instance.app_directory / "cdk.json").write_text(json.dumps({"app": text}), encoding="utf-8")
    command = app.command()
    assert command is not None
    assert shlex.split(command)[-1] == text
