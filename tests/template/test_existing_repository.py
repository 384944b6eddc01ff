"""Images of a repository that exists."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_s3 as s3

from ecr_fargate_constructs import (
    AppContainer,
    ConfigurationError,
    ExistingRepository,
    LoadBalancedFargateService,
    PrivateRepository,
    PublicHttp,
)
from support import of_type, only, template_of

if TYPE_CHECKING:
    from pathlib import Path

COPY = "Custom::EcrFargateImageCopy"


@pytest.fixture
def stack() -> cdk.Stack:
    return cdk.Stack(cdk.App(), "Stack")


def _existing(stack: cdk.Stack, **options: Any) -> ExistingRepository:  # noqa: ANN401 - passed on
    named = ecr.Repository.from_repository_name(stack, "Named", "shop/web")
    return ExistingRepository(stack, "Images", **{"repository": named, **options})


def test_an_image_is_built_into_it(stack: cdk.Stack, directory: Path) -> None:
    images = _existing(stack)
    image = images.build_and_push_image(directory)
    assert image.repository is images.repository
    LoadBalancedFargateService(stack, "Web", container=AppContainer(image, 80), ingress=PublicHttp())
    template = template_of(stack)
    assert not of_type(template, "AWS::ECR::Repository")
    copy = only(template, COPY)["Properties"]
    assert f"shop/web:{image.tag}" in json.dumps(copy["Destination"])
    [copied] = of_type(template, COPY)
    assert copied in only(template, "AWS::ECS::TaskDefinition")["DependsOn"]
    pushing = [policy for policy in of_type(template, "AWS::IAM::Policy").values() if "ecr:PutImage" in str(policy)]
    assert "repository/shop/web" in json.dumps(pushing)


def test_it_has_the_ids_of_a_repository_that_is_made(directory: Path) -> None:
    made, named = (cdk.Stack(cdk.App(), "Stack") for _ in range(2))
    PrivateRepository(made, "Images").build_and_push_image(directory)
    _existing(named).build_and_push_image(directory)
    assert set(of_type(template_of(made), COPY)) == set(of_type(template_of(named), COPY))


def test_images_are_mirrored_into_it_and_named(stack: cdk.Stack) -> None:
    images = _existing(stack)
    assert images.mirror_image("nginx:1.29").tag == "1.29"
    assert images.image_by_tag("release-42").image_uri.endswith("shop/web:release-42")
    assert images.image_by_digest(f"sha256:{'0' * 64}").tag is None
    assert len(of_type(template_of(stack), COPY)) == 1


def test_what_is_no_repository_is_refused(stack: cdk.Stack) -> None:
    with pytest.raises(ConfigurationError, match=r"\[Stack/Images\] repository is a Bucket; use ecr\.IRepository"):
        _existing(stack, repository=s3.Bucket(stack, "Bucket"))
    images = _existing(cdk.Stack(cdk.App(), "Other"))
    with pytest.raises(ConfigurationError, match="is not an image tag"):
        images.image_by_tag("-")
