"""Tags for people beside the hash of the inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
import pytest

from ecr_fargate_constructs import ConfigurationError, ImageRepositoryStack, PrivateRepository
from tests.support.templates import of_type, only, template_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

COPY = "Custom::EcrFargateImageCopy"


@pytest.fixture
def stack() -> cdk.Stack:
    return cdk.Stack(cdk.App(), "Stack")


def test_the_copy_gets_them_and_tasks_run_the_hash(stack: cdk.Stack, directory: Path) -> None:
    image = PrivateRepository(stack, "Repo").build_and_push_image(directory, tags=["1.4.2", "stable"])
    assert only(template_of(stack), COPY)["Properties"]["Tags"] == ["1.4.2", "stable"]
    assert image.asset is not None
    assert image.tag == image.asset.asset_hash


def test_without_tags_the_template_has_none(stack: cdk.Stack, directory: Path) -> None:
    PrivateRepository(stack, "Repo").build_and_push_image(directory)
    assert "Tags" not in only(template_of(stack), COPY)["Properties"]


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        (["1.4.2", "a b"], r"\[Stack/Repo/Image\] tags\[1\]='a b' is not an image tag"),
        (["x" * 129], r"tags\[0\]='x+' is not an image tag"),
        (["a", "a"], "names a tag twice; write each once"),
        ("1.4.2", "tags='1.4.2' is a string, not a list"),
    ],
)
def test_what_cannot_be_tags_is_refused_and_leaves_nothing(
    stack: cdk.Stack, directory: Path, tags: list[str], message: str
) -> None:
    repository = PrivateRepository(stack, "Repo")
    with pytest.raises(ConfigurationError, match=message):
        repository.build_and_push_image(directory, tags=tags)
    assert not of_type(template_of(stack), COPY)


def test_one_image_has_one_list_of_tags(stack: cdk.Stack, directory: Path) -> None:
    repository = PrivateRepository(stack, "Repo")
    repository.build_and_push_image(directory, tags=["1"])
    repository.build_and_push_image(directory, id="Same", tags=["1"])
    with pytest.raises(ConfigurationError, match="already copies this image, with other tags or gates; give both the"):
        repository.build_and_push_image(directory, id="Other", tags=["2"])


def test_the_command_line_pushes_no_further_tags(directory: Path) -> None:
    app = cdk.App()
    images = ImageRepositoryStack(app, "Images")
    stack = cdk.Stack(app, "Web", synthesizer=images.synthesizer())
    with pytest.raises(ConfigurationError, match="cannot be added to an image that the command line pushes directly"):
        images.repository.build_and_push_image(directory, scope=stack, tags=["1.4.2"])
