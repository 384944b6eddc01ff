"""Every example is clean: CDK's built-in validation with its default rules as errors, and cfn-lint."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support import ROOT
from tests.support.linting import cfn_lint
from validate_examples import EXAMPLES, FAULTY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAMES = [file.stem for file in EXAMPLES]
pytestmark = [pytest.mark.integration, pytest.mark.slow]  # the built-in validation and cfn-lint


def _run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name != "CDK_VALIDATION"}
    return subprocess.run(  # noqa: S603 - programs of ours
        arguments, cwd=ROOT, env=inherited | environment, capture_output=True, text=True, check=False
    )


def _lint(folder: Path) -> str:
    return cfn_lint(sorted(folder.rglob("*.template.json")))


@pytest.fixture(scope="module")
def context() -> str:
    """The context of this project's cdk.json, as the CDK command line hands it over."""
    found = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    assert found["@aws-cdk/core:validateAgainstDefaultRules"] is True
    return json.dumps(found)


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cloud assemblies of all examples, in folders of their names."""
    outdir = tmp_path_factory.mktemp("examples")
    done = _run(sys.executable, str(ROOT / "scripts" / "validate_examples.py"), str(outdir))
    assert done.returncode == 0, done.stderr
    return outdir


@pytest.fixture(scope="module")
def errors(examples: Path) -> Mapping[str, str | None]:
    """What the built-in validation says of each example."""
    found: dict[str, str | None] = json.loads((examples / "result.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_the_built_in_validation_finds_nothing(name: str, errors: Mapping[str, str | None], examples: Path) -> None:
    assert errors[name] is None, errors[name]
    report = examples / name / "validation-report.json"
    if report.exists():
        text = json.loads(report.read_text(encoding="utf-8"))
        assert not [plugin for plugin in text.get("pluginReports", []) if plugin.get("violations")], text


def test_cfn_lint_finds_nothing(examples: Path) -> None:
    assert {file.name for file in examples.iterdir() if file.is_dir()} == set(NAMES)
    assert not _lint(examples)


def test_the_sample_is_clean_as_the_command_line_runs_it(context: str, tmp_path: Path) -> None:
    done = _run(sys.executable, str(ROOT / "app.py"), CDK_OUTDIR=str(tmp_path), CDK_CONTEXT_JSON=context)
    assert done.returncode == 0, done.stderr
    assert "[Warning" not in done.stderr, done.stderr
    assert not _lint(tmp_path)


def test_the_built_in_validation_would_have_seen_a_fault(errors: Mapping[str, str | None]) -> None:
    assert "Nope" in (errors[FAULTY] or "")


def test_cfn_lint_would_have_seen_a_fault(tmp_path: Path) -> None:
    resources = {"Resources": {"Cluster": {"Type": "AWS::ECS::Cluster", "Properties": {"Nope": 1}}}}
    (tmp_path / "Bad.template.json").write_text(json.dumps(resources), encoding="utf-8")
    assert "Nope" in _lint(tmp_path)
