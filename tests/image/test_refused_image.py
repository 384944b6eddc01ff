"""The command line builds and pushes no image of a service that was refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecr_assets as ecr_assets

from ecr_fargate_constructs import ConfigurationError, EcrFargateService, PublicHttp
from ecr_fargate_constructs.service import base
from tests.support.inputs import make_app

if TYPE_CHECKING:
    from constructs import Construct


def _images(app: cdk.App, file: str = "Stack.assets.json") -> dict[str, Any]:
    manifest = Path(app.synth().directory) / file
    images: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8")).get("dockerImages", {})
    return images


def _refuse(*_: object, **__: object) -> Any:  # noqa: ANN401 - stands for anything
    message = "MadeUp: CDK says no"
    raise RuntimeError(message)


def _make(scope: Construct, folder: Path, construct_id: str = "Web") -> EcrFargateService:
    directory = make_app(folder / construct_id)
    (directory / "name").write_text(construct_id, encoding="utf-8")
    return EcrFargateService(scope, construct_id, directory=directory, container_port=80, ingress=PublicHttp())


def _refused(scope: Construct, folder: Path, construct_id: str = "Web") -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(base, "finish", _refuse)
        with pytest.raises(ConfigurationError, match="CDK says no"):
            _make(scope, folder, construct_id)


def test_the_image_of_a_refused_service_is_in_no_manifest(tmp_path: Path) -> None:
    app = cdk.App()
    stack = cdk.Stack(app, "Stack")
    _refused(stack, tmp_path, "One")
    _refused(stack, tmp_path, "Two")
    made = _make(stack, tmp_path, "Three")
    assert list(_images(app)) == [made.image.tag]
    assert list(_images(app)) == [made.image.tag], "again"


def test_without_another_image_there_is_none(tmp_path: Path) -> None:
    app = cdk.App()
    stage = cdk.Stage(app, "Prod")
    stack = cdk.Stack(stage, "Stack")
    cdk.CfnOutput(stack, "Output", value="")
    _refused(stack, tmp_path)
    assert _images(app, f"assembly-Prod/{stack.artifact_id}.assets.json") == {}


def test_a_second_attempt_has_its_image(tmp_path: Path) -> None:
    app = cdk.App()
    stack = cdk.Stack(app, "Stack")
    _refused(stack, tmp_path)
    made = _make(stack, tmp_path)
    assert list(_images(app)) == [made.image.tag]


def test_an_image_that_cdk_needs_too_stays(tmp_path: Path) -> None:
    app = cdk.App()
    stack = cdk.Stack(app, "Stack")
    nested = cdk.NestedStack(stack, "Nested")
    _refused(nested, tmp_path)
    assert _images(app) == {}
    app = cdk.App()
    stack = cdk.Stack(app, "Stack")
    nested = cdk.NestedStack(stack, "Nested")
    made = _make(nested, tmp_path)
    asset = made.image.asset
    assert isinstance(asset, ecr_assets.DockerImageAsset)
    _refused(stack, tmp_path, "Web")
    assert list(_images(app)) == [made.image.tag]
