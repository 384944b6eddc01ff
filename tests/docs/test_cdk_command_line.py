"""What docs/cdk-command-line.md says about the code of the CDK command line is true of the pinned version."""

from __future__ import annotations

import json
import os
import re
import subprocess
from functools import cache
from typing import TYPE_CHECKING

import pytest

from ecr_fargate_constructs.local.toolkit import VERSION
from tests.support import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PAGE = ROOT / "docs" / "cdk-command-line.md"
PACKAGE = ROOT / "node_modules" / "aws-cdk"
pytestmark = pytest.mark.skipif(not PACKAGE.is_dir(), reason="the CDK command line is not installed here")


@cache
def _source(start: str, end: str) -> str:
    """A part of the bundled code, from one text to the next other one."""
    text = (PACKAGE / "lib" / "index.js").read_text(encoding="utf-8")
    _, found, rest = text.partition(start)
    assert found, start
    return rest.partition(end)[0]


def _help(command: str) -> str:
    done = subprocess.run(  # noqa: S603 - the pinned program
        [str(ROOT / "node_modules" / ".bin" / "cdk"), command, "--help"], capture_output=True, text=True, check=True
    )
    return " ".join(done.stdout.split())


def test_the_page_is_about_the_pinned_version() -> None:
    assert f"version {VERSION}," in PAGE.read_text(encoding="utf-8")
    assert json.loads((PACKAGE / "package.json").read_text(encoding="utf-8"))["version"] == VERSION


def test_hotswap_sets_no_minimum_of_healthy_tasks_and_changes_containers_only() -> None:
    hotswap = _source("async function isHotswappableEcsServiceChange(", "async function prepareTaskDefinitionChange(")
    assert "minimumHealthyPercent: minimumHealthyPercent !== void 0 ? minimumHealthyPercent : 0" in hotswap
    assert 'classifyChanges(change, ["ContainerDefinitions"])' in hotswap
    assert "forceNewDeployment: true" in hotswap
    assert "waitUntilServicesStable" in hotswap
    assert "No ECS services reference the changed task definition" in hotswap
    readme = (PACKAGE / "README.md").read_text(encoding="utf-8")
    assert re.search(r"minimumHealthyPercent +\|.*\| \*\*REPLICA:\*\* 100", readme), "the readme says so, see the page"


def test_hotswap_leaves_copies_and_release_commands_out() -> None:
    detectors = set(re.findall(r'^ +"([A-Z]\w+::[\w:]+)":', _source("RESOURCE_DETECTORS = {", "};"), re.MULTILINE))
    assert {"AWS::ECS::TaskDefinition", "AWS::CloudWatch::Alarm", "AWS::SQS::Queue"} <= detectors
    assert not detectors & {
        "AWS::ECS::Service",
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        "Custom::EcrFargateImageCopy",
        "Custom::EcrFargateReleaseCommand",
    }


def test_express_skips_stabilization_and_rolls_back_only_if_asked() -> None:
    assert "skips stabilization and has automatic rollback disabled by default" in _help("deploy")
    configuration = _source("deployConfig() {", "/**")
    assert 'Mode: this.options.express ? "EXPRESS" : "STANDARD"' in configuration
    assert "this.options.express && this.options.rollback == true ? { DisableRollback: false }" in configuration


def test_diagnose_looks_at_one_stopped_task_of_a_stack_that_failed() -> None:
    tasks = _source("async function getStoppedTaskReasons(", "async function getTaskDefinitionInfo(")
    assert "tasks: [taskIds[0]]" in tasks
    assert 'const byCluster = await ecs.listTasks({ cluster, desiredStatus: "STOPPED" })' in tasks
    fresh = _source("async diagnoseFromFresh(stackName) {", "async diagnoseChangeSet(")
    assert "if (status.isFailure || status.isRollbackSuccess)" in fresh
    investigation = _source("async function investigateEcsService(", "async function describeService(")
    assert "Re-run the deployment with `--no-rollback`" in investigation
    assert "describeTargetHealth" not in investigation
    assert "describeServiceDeployments" not in investigation


@pytest.mark.integration
def test_every_release_is_destructive(tmp_path: Path) -> None:
    """A template that differs in the tag of an image alone."""
    templates = {}
    for tag in ("1", "2"):
        container = {"Name": "web", "Image": f"registry.example.com/web:{tag}"}
        properties = {"Family": "web", "ContainerDefinitions": [container]}
        templates[tag] = {"Resources": {"Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": properties}}}
    out = tmp_path / "cdk.out"
    out.mkdir()
    (out / "Web.template.json").write_text(json.dumps(templates["2"]), encoding="utf-8")
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://123456789012/eu-west-1",
        "properties": {"templateFile": "Web.template.json"},
    }
    manifest = {"version": "36.0.0", "artifacts": {"Web": stack}}
    (out / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (tmp_path / "old.json").write_text(json.dumps(templates["1"]), encoding="utf-8")
    nothing = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)
    options = ["--app", str(out), "--template", str(tmp_path / "old.json"), "--fail-on=destructive", "--no-notices"]
    done = subprocess.run(  # noqa: S603 - the pinned program
        [str(ROOT / "node_modules" / ".bin" / "cdk"), "diff", *options],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true", **nothing},
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "AWS::ECS::TaskDefinition Task will be replaced" in " ".join(f"{done.stdout} {done.stderr}".split())
