"""Synthesized apps, made once: reading them is pure and fast."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as patterns

from ecr_fargate_constructs.tools.diagram.png import png
from ecr_fargate_constructs.tools.diagram.scene import Group, Scene
from ecr_fargate_constructs.tools.diagram.svg import svg
from ecr_fargate_constructs.tools.errors import ToolError
from tests.support.example_apps import EXAMPLES, build
from tests.support.inputs import make_app

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def assemblies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cloud assemblies of all examples, in folders of their names; the workers of a run share them."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "examples"
    done = folder.with_suffix(".done")
    try:
        folder.mkdir()
    except FileExistsError:
        deadline = time.monotonic() + 300
        while not done.exists():
            assert time.monotonic() < deadline, "the worker that synthesizes the examples does not come to an end"
            time.sleep(0.1)
    else:
        for file in EXAMPLES:
            build(file, folder / file.stem).synth()
        done.touch()
    return folder


@pytest.fixture(scope="session")
def font() -> None:
    """A font that a PNG can be written with: a bare server has none; CI has to have one."""
    if os.environ.get("ECR_FARGATE_REQUIRE_E2E"):
        return
    try:
        png(svg(Scene("None", Group())))
    except ToolError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An app of CDK's own pattern, which uses no construct of ours."""
    folder = tmp_path_factory.mktemp("plain")
    context = make_app(folder / "app", dockerfile="FROM node\nWORKDIR /app\nCOPY . .\nCMD npm start\n")
    app = cdk.App(outdir=str(folder / "cdk.out"))
    patterns.ApplicationLoadBalancedFargateService(
        cdk.Stack(app, "Plain"),
        "Web",
        task_image_options=patterns.ApplicationLoadBalancedTaskImageOptions(
            image=ecs.ContainerImage.from_asset(str(context)), container_port=3000
        ),
    )
    app.synth()
    return folder / "cdk.out"
