"""Images in apps whose synthesizer asks for a name of each asset."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import aws_cdk as cdk
import aws_cdk.app_staging_synthesizer_alpha as alpha
import pytest
from aws_cdk import aws_s3 as s3

from ecr_fargate_constructs import ConfigurationError, EcrFargateService, ImageBuild, PublicHttp
from tests.support.templates import of_type

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

ENV = cdk.Environment(account="123456789012", region="eu-west-1")


class Demanding(cdk.DefaultStackSynthesizer):
    """As ``AppStagingSynthesizer``, in what it demands."""

    def __init__(self, names: list[str]) -> None:
        """Note the names in ``names``."""
        super().__init__()
        self.names = names

    def reusable_bind(self, stack: cdk.Stack) -> cdk.IBoundStackSynthesizer:
        """Serve a stack with a synthesizer of its own."""
        bound = Demanding(self.names)
        bound.bind(stack)
        return bound  # type: ignore[return-value]

    # jsii calls back with one struct, not with keywords.
    def add_docker_image_asset(self, asset: cdk.DockerImageAssetSource) -> cdk.DockerImageAssetLocation:  # type: ignore[override]
        """Demand a name."""
        if not asset.asset_name:
            raise ValueError("Assets must include an 'assetName'")
        self.names.append(asset.asset_name)
        return cdk.DockerImageAssetLocation(
            image_uri=f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/{asset.asset_name}:{asset.source_hash}",
            repository_name=asset.asset_name,
            image_tag=asset.source_hash,
        )


def _demanding(names: list[str]) -> cdk.IReusableStackSynthesizer:
    return cast("cdk.IReusableStackSynthesizer", Demanding(names))


def _service(app: cdk.App, directory: Path, build: ImageBuild | None) -> EcrFargateService:
    stack = cdk.Stack(app, "Web", env=ENV)
    return EcrFargateService(stack, "Web", directory=directory, container_port=80, build=build, ingress=PublicHttp())


def test_the_name_of_an_asset_reaches_the_synthesizer(directory: Path) -> None:
    names: list[str] = []
    app = cdk.App(default_stack_synthesizer=_demanding(names))
    web = _service(app, directory, ImageBuild(asset_name="web"))
    assert names == ["web"]
    assert web.image.asset is not None
    assert web.image.asset.repository.repository_name == "web"


def test_a_synthesizer_that_misses_the_name_says_so(directory: Path) -> None:
    app = cdk.App(default_stack_synthesizer=_demanding([]))
    with pytest.raises(ConfigurationError, match=r"\[Web/Web/Image\] .* give ImageBuild\(asset_name=…\)"):
        _service(app, directory, None)


def test_the_name_does_not_change_the_tag(directory: Path) -> None:
    tags = {_service(cdk.App(), directory, ImageBuild(asset_name=name)).image.tag for name in (None, "web")}
    assert len(tags) == 1


def test_the_app_staging_synthesizer_holds_the_image_that_is_copied(directory: Path) -> None:
    """CDK's own has one repository for each name."""
    synthesizer = alpha.AppStagingSynthesizer.default_resources(
        app_id="shop", staging_bucket_encryption=s3.BucketEncryption.S3_MANAGED
    )
    app = cdk.App(default_stack_synthesizer=synthesizer)
    web = _service(app, directory, ImageBuild(asset_name="web"))
    assembly = app.synth()
    [staging] = [each for each in assembly.stacks if each.stack_name.startswith("StagingStack-shop")]
    [repository] = of_type(staging.template, "AWS::ECR::Repository").values()
    assert repository["Properties"]["RepositoryName"] == "shop/web"
    stack = assembly.get_stack_by_name("Web")
    assert staging.id in [each.id for each in stack.dependencies]
    resources = stack.template["Resources"]
    [copy] = [each for name, each in resources.items() if each["Type"].startswith("Custom::Ecr")]
    assert f"/shop/web:{web.image.tag}" in json.dumps(copy)
    policies = json.dumps(of_type(stack.template, "AWS::IAM::Policy"))
    assert ":repository/shop/web" in policies
