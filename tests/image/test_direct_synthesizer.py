"""The synthesizer of direct delivery is CDK's own but for the images' destination and what they wait for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3

from ecr_fargate_constructs import ImageRepositoryStack

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.integration

KNOWN = cdk.Environment(account="111122223333", region="eu-west-1")
ROLE = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${Qualifier}-images-${AWS::Region}"
EVERYTHING = {
    "qualifier": "all",
    "bootstrap_stack_version_ssm_parameter": "/team/${Qualifier}/version",
    "bucket_prefix": "files/",
    "cloud_formation_execution_role": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/exec",
    "deploy_role_arn": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/deploy",
    "deploy_role_external_id": "deploy-id",
    "docker_tag_prefix": "v-",
    "file_asset_publishing_external_id": "file-id",
    "file_assets_bucket_name": "bucket-${Qualifier}-${AWS::AccountId}",
    "image_asset_publishing_external_id": "image-id",
    "image_asset_publishing_role_arn": ROLE,
    "image_asset_publishing_role_additional_options": {"Tags": [{"Key": "Team", "Value": "web"}]},
    "lookup_role_external_id": "lookup-id",
    "use_lookup_role_for_stack_operations": False,
}
CASES: dict[str, tuple[dict[str, Any], cdk.Environment | None, dict[str, str]]] = {
    "default": ({}, None, {}),
    "in an environment": ({}, KNOWN, {}),
    "qualifier": ({"qualifier": "team"}, None, {}),
    "qualifier from context": ({}, KNOWN, {"@aws-cdk/core:bootstrapQualifier": "context"}),
    "without a version rule": ({"generate_bootstrap_version_rule": False}, None, {}),
    "everything": (EVERYTHING, KNOWN, {}),
}


def _fill(stack: cdk.Stack, folder: Path) -> None:
    """A file asset, a nested stack, and images in both; no reference to an image, so that templates can be compared."""
    lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_asset(str(folder)),
    )
    ecr_assets.DockerImageAsset(stack, "Image", directory=str(folder), asset_name="named", display_name="shown")
    inner = cdk.NestedStack(stack, "Inner")
    s3.Bucket(inner, "Bucket")
    ecr_assets.DockerImageAsset(inner, "Image", directory=str(folder), build_args={"A": "b"})
    cdk.Tags.of(stack).add("team", "web")


def _files(app: cdk.App) -> dict[str, Any]:
    """Every file of the assembly that is about the stack, by name."""
    folder = Path(app.synth().directory)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    found = {name: artifact for name, artifact in manifest["artifacts"].items() if name.startswith("Web")}
    for file in folder.glob("Web*.json"):
        found[file.name] = json.loads(file.read_text(encoding="utf-8"))
    for entries in found["Web.metadata.json"].values():
        for entry in entries:
            entry.pop("trace", None)
            if entry["type"] == "aws:cdk:creationStack":
                entry.pop("data")  # where in this file the construct was made
    return found


@pytest.fixture(params=CASES, ids=list(CASES))
def both(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The files that CDK's synthesizer writes, and ours."""
    options, env, context = CASES[request.param]
    (tmp_path / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    (tmp_path / "index.py").write_text("handler = print\n", encoding="utf-8")

    def theirs(_app: cdk.App) -> cdk.IStackSynthesizer:
        return cdk.DefaultStackSynthesizer(**options)

    def ours(app: cdk.App) -> cdk.IStackSynthesizer:
        return ImageRepositoryStack(app, "Images", env=env).synthesizer(**options)

    made = []
    makers: list[Callable[[cdk.App], cdk.IStackSynthesizer]] = [theirs, ours]
    for make in makers:
        app = cdk.App(context=context)
        stack = cdk.Stack(app, "Web", env=env, synthesizer=make(app))
        _fill(stack, tmp_path)
        made.append(_files(app))
    return made[0], made[1]


def test_what_is_written_is_cdks_own_but_for_destination_and_dependency(
    both: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    theirs, ours = both
    assert ours["Web.assets"].pop("dependencies") == ["Images"]
    assert theirs["Web.assets"].get("dependencies") is None
    assert ours["Web"]["dependencies"] == ["Images", *theirs["Web"]["dependencies"]]
    ours["Web"]["dependencies"] = theirs["Web"]["dependencies"]
    images, reference = ours["Web.assets.json"]["dockerImages"], theirs["Web.assets.json"]["dockerImages"]
    assert len(images) == len(reference) == 2
    for name, image in reference.items():
        [given] = images[name]["destinations"].values()
        [expected] = image["destinations"].values()
        assert given.pop("repositoryName") == "images"
        assert "container-assets" in expected.pop("repositoryName")
        images[name]["destinations"] = image["destinations"] = {"here": given}
        assert given == expected
    assert ours == theirs
