"""One digest through two stages: the second one copies what the lock file names, and runs it by digest."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.local_app import LocalApp, copy_sample, free_port
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def stages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalApp]:
    """The app, with its first stage deployed; taken down afterwards whatever happens."""
    folder = copy_sample(tmp_path_factory.mktemp("promotion") / "sample")
    shutil.copy(ROOT / "tests" / "e2e" / "promotion_app.py", folder / "app.py")
    app = LocalApp(folder, free_port())
    done = app.run("up", "Dev")
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        yield app
    finally:
        app.run("down")
    assert not app.leftovers()


def _lock(app: LocalApp, stack: str) -> dict[str, Any]:
    """Lock the image that a stack runs, and return its entry."""
    done = subprocess.run(  # noqa: S603 - our own command
        [
            str(Path(sys.executable).parent / "ecr-fargate"),
            "image",
            "lock",
            "web",
            "--stack",
            stack,
            "--format",
            "json",
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=app.directory,
        env={**os.environ, "AWS_ENDPOINT_URL": f"http://localhost:{app.port}"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    entry: dict[str, Any] = json.loads(done.stdout)["web"]
    return entry


def _resource(app: LocalApp, stack: str, kind: str) -> str:
    resources = app.ask("cloudformation", "describe_stack_resources", StackName=stack)["StackResources"]
    [found] = [each["PhysicalResourceId"] for each in resources if each["ResourceType"] == kind]
    return str(found)


def _images(app: LocalApp, stack: str) -> dict[str, str]:
    """Digests in the repository of a stack, by their tags."""
    listed = app.ask("ecr", "list_images", repositoryName=_resource(app, stack, "AWS::ECR::Repository"))["imageIds"]
    return {each["imageTag"]: each["imageDigest"] for each in listed if "imageTag" in each}


def test_the_second_stage_runs_the_digest_of_the_first_and_builds_nothing(stages: LocalApp) -> None:
    entry = _lock(stages, "Dev")
    assert _images(stages, "Dev") == {entry["tag"]: entry["digest"]}
    assert (entry["architectures"], entry["deployedTo"]) == (["amd64"], ["Dev"])
    stages.edit("Hello", "Not locked: hello")  # what is in the directory now is not what was locked

    done = stages.run("up", "Prod")
    assert done.returncode == 0, done.stdout + done.stderr
    assert _images(stages, "Prod") == {entry["tag"]: entry["digest"]}
    service = _resource(stages, "Prod", "AWS::ECS::Service")
    cluster = service.split("/")[-2]
    tasks = stages.ask("ecs", "list_tasks", cluster=cluster)["taskArns"]
    described = stages.ask("ecs", "describe_tasks", cluster=cluster, tasks=tasks)["tasks"]
    images = {container["image"] for task in described for container in task["containers"]}
    assert len(described) == 2
    assert {image.partition("@")[2] for image in images} == {entry["digest"]}
    [manifest] = (stages.directory).rglob("Prod.assets.json")
    assert not json.loads(manifest.read_text(encoding="utf-8")).get("dockerImages"), "Prod builds nothing"

    again = _lock(stages, "Prod")
    assert again == {**entry, "deployedTo": ["Dev", "Prod"]}, "the entry stays, with one more stage"
