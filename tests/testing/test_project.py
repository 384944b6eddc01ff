from __future__ import annotations

import json
from pathlib import Path

import pytest

from ecr_fargate_constructs.testing.project import Program, context_of, program_of, project_folder, require_project


def project(folder: Path, **configuration: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cdk.json").write_text(json.dumps(configuration), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "command",
    [
        "python3 app.py",
        "python app.py",
        "app.py",
        ".venv/bin/python3.12 app.py",
        "/usr/bin/python3 'app.py'",
        "uv run app.py",
        "uv run python app.py",
        "poetry run python3 app.py",
        "py app.py",
    ],
)
def test_a_script_whatever_starts_it(tmp_path: Path, command: str) -> None:
    project(tmp_path, app=command)
    assert program_of(tmp_path) == Program(str(tmp_path / "app.py"), is_module=False, arguments=())


def test_a_module_and_arguments(tmp_path: Path) -> None:
    project(tmp_path, app="python3 -m shop.app --stage 'two words'")
    assert program_of(tmp_path) == Program("shop.app", is_module=True, arguments=("--stage", "two words"))


@pytest.mark.parametrize(
    "command",
    ["npx ts-node bin/app.ts", "mvn -e exec:java", "go mod download && go run app.go", "python3 -c 'x'", "uv"],
)
def test_another_language_is_refused_with_the_way_out(tmp_path: Path, command: str) -> None:
    project(tmp_path, app=command)
    with pytest.raises(ValueError, match=r"is not a Python script or module.*cdk synth.*--cdk-outdir=cdk\.out"):
        program_of(tmp_path)


@pytest.mark.parametrize("configuration", [{}, {"app": ""}, {"app": ["python3", "app.py"]}])
def test_no_app(tmp_path: Path, configuration: dict[str, object]) -> None:
    project(tmp_path, **configuration)
    with pytest.raises(ValueError, match="names no app"):
        program_of(tmp_path)


def test_the_nearest_project_upwards_but_not_above_the_root(tmp_path: Path) -> None:
    outer = project(tmp_path, app="a.py")
    inner = project(tmp_path / "inner", app="a.py")
    (inner / "tests").mkdir()
    (outer / "plain").mkdir()
    assert project_folder(inner / "tests" / "test_it.py", tmp_path) == inner
    assert project_folder(outer / "plain" / "test_it.py", tmp_path) == outer
    assert project_folder(outer / "plain" / "test_it.py", outer / "plain") is None


def test_no_project() -> None:
    with pytest.raises(ValueError, match=r"no cdk\.json in .*tests.* --cdk-outdir"):
        require_project(None, Path("/somewhere/tests/test_it.py"))


def test_context_is_that_of_the_command_line(tmp_path: Path) -> None:
    project(tmp_path, context={"both": "cdk.json", "flag": True})
    (tmp_path / "cdk.context.json").write_text('{"both": "remembered", "zones": ["a"]}', encoding="utf-8")
    assert context_of(tmp_path) == {"both": "cdk.json", "flag": True, "zones": ["a"]}
    assert context_of(None) == {}
