"""Every example is clean: CDK's built-in validation with its default rules as errors, and cfn-lint."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support import ROOT

APPS = {"Web": ROOT / "app.py", **{file.stem: file for file in sorted((ROOT / "examples").glob("*.py"))}}


@pytest.fixture(scope="module", params=list(APPS.values()), ids=list(APPS))
def assembly(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cloud assembly of an app, synthesized as the CDK command line does it."""
    outdir = tmp_path_factory.mktemp("validated")
    context = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    assert context["@aws-cdk/core:validateAgainstDefaultRules"] is True
    environment = {name: value for name, value in os.environ.items() if name != "CDK_VALIDATION"}
    environment |= {"CDK_OUTDIR": str(outdir), "CDK_CONTEXT_JSON": json.dumps(context)}
    done = subprocess.run(  # noqa: S603 - our own app
        [sys.executable, str(request.param)], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "[Warning" not in done.stderr, done.stderr
    return outdir


def test_the_built_in_validation_ran_and_found_nothing(assembly: Path) -> None:
    report = assembly / "validation-report.json"
    if report.exists():
        text = json.loads(report.read_text(encoding="utf-8"))
        assert not [plugin for plugin in text.get("pluginReports", []) if plugin.get("violations")], text


def test_cfn_lint_finds_nothing(assembly: Path) -> None:
    templates = sorted(str(file) for file in assembly.glob("*.template.json"))
    assert templates
    done = subprocess.run(  # noqa: S603 - a tool of ours
        [str(Path(sys.executable).parent / "cfn-lint"), "--config-file", str(ROOT / ".cfnlintrc.yaml"), *templates],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_the_built_in_validation_would_have_seen_a_fault(tmp_path: Path) -> None:
    program = (
        "import aws_cdk as cdk; app = cdk.App(); stack = cdk.Stack(app, 'Bad'); "
        "cdk.CfnResource(stack, 'Cluster', type='AWS::ECS::Cluster', properties={'Nope': 1}); app.synth()"
    )
    environment = {name: value for name, value in os.environ.items() if name != "CDK_VALIDATION"}
    context = json.dumps({"@aws-cdk/core:validateAgainstDefaultRules": True})
    done = subprocess.run(  # noqa: S603 - a program of ours
        [sys.executable, "-c", program],
        env=environment | {"CDK_OUTDIR": str(tmp_path), "CDK_CONTEXT_JSON": context},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "Nope" in done.stderr
