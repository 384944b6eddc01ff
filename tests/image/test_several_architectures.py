"""One image for several architectures, by both deliveries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest

from ecr_fargate_constructs import (
    AppContainer,
    Architecture,
    ConfigurationError,
    ImageBuild,
    ImageRepositoryStack,
    LoadBalancedFargateService,
    PrivateRepository,
    PublicHttp,
)
from tests.support.templates import of_type, only, template_of

if TYPE_CHECKING:
    from ecr_fargate_constructs import PublishedImage

pytestmark = pytest.mark.integration

COPY = "Custom::EcrFargateImageCopy"
BOTH = ImageBuild(architectures=[Architecture.X86_64, Architecture.ARM64])


@pytest.fixture
def stack() -> cdk.Stack:
    return cdk.Stack(cdk.App(), "Stack")


def _platforms(stack: cdk.Stack) -> set[str]:
    app = stack.node.root
    assert isinstance(app, cdk.App)
    manifest = Path(app.synth().directory) / f"{stack.artifact_id}.assets.json"
    images = json.loads(manifest.read_text(encoding="utf-8"))["dockerImages"].values()
    return {each["source"]["platform"] for each in images}


def test_it_is_built_for_each_and_put_together_in_the_repository(stack: cdk.Stack, directory: Path) -> None:
    image = PrivateRepository(stack, "Repo").build_and_push_image(directory, build=BOTH)
    copy = only(template_of(stack), COPY)["Properties"]
    assert set(copy["Images"]) == {"amd64", "arm64"}
    assert copy["Images"]["amd64"] != copy["Images"]["arm64"]
    assert "Source" not in copy
    assert f":{image.tag}" in json.dumps(copy["Destination"])
    assert _platforms(stack) == {"linux/amd64", "linux/arm64"}


def test_tasks_of_both_architectures_run_it_and_wait_for_the_index(stack: cdk.Stack, directory: Path) -> None:
    image = PrivateRepository(stack, "Repo").build_and_push_image(directory, build=BOTH)

    def service(construct_id: str, runs: PublishedImage) -> None:
        LoadBalancedFargateService(stack, construct_id, container=AppContainer(runs, 80), ingress=PublicHttp())

    service("X86", image)
    service("Arm", image.for_architecture(Architecture.ARM64))
    template = template_of(stack)
    tasks: list[dict[str, Any]] = list(of_type(template, "AWS::ECS::TaskDefinition").values())
    assert {each["Properties"]["RuntimePlatform"]["CpuArchitecture"] for each in tasks} == {"X86_64", "ARM64"}
    assert len({json.dumps(each["Properties"]["ContainerDefinitions"][0]["Image"]) for each in tasks}) == 1
    [copy] = of_type(template, COPY)
    assert all(copy in each["DependsOn"] for each in tasks)


def test_the_hash_follows_the_inputs_and_one_architecture_has_the_hash_of_before(
    stack: cdk.Stack, directory: Path
) -> None:
    repository = PrivateRepository(stack, "Repo")
    both = repository.build_and_push_image(directory, build=BOTH)
    again = repository.build_and_push_image(directory, id="Again", build=BOTH)
    one = repository.build_and_push_image(directory, id="One")
    assert both.tag == again.tag
    assert one.asset is not None
    assert one.tag == one.asset.asset_hash != both.tag
    later = ImageBuild(architectures=BOTH.architectures, extra_hash="x")
    assert repository.build_and_push_image(directory, id="Later", build=later).tag != both.tag


def test_the_command_line_pushes_both_and_the_copier_puts_them_together(directory: Path) -> None:
    app = cdk.App()
    images = ImageRepositoryStack(app, "Images")
    stack = cdk.Stack(app, "Web", synthesizer=images.synthesizer())
    image = images.repository.build_and_push_image(directory, scope=stack, build=BOTH)
    LoadBalancedFargateService(stack, "Web", container=AppContainer(image, 80), ingress=PublicHttp())
    template = template_of(stack)
    copy = only(template, COPY)["Properties"]
    repository = images.repository.node.default_child
    assert repository is not None
    for name in (*copy["Images"].values(), copy["Destination"]):
        assert images.pushed_name in json.dumps(name), "everything stays in the one repository"
    written = [
        each
        for policy in of_type(template, "AWS::IAM::Policy").values()
        for each in policy["Properties"]["PolicyDocument"]["Statement"]
        if "ecr:PutImage" in each["Action"]
    ]
    assert len(written) == 1
    assert images.pushed_name in json.dumps(written)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"architectures": [Architecture.ARM64]},
            "architectures has ARM64, but tasks run architecture=X86_64; set architecture to one of them",
        ),
        ({"architectures": [Architecture.X86_64, Architecture.X86_64]}, "has X86_64, X86_64; name each once"),
        ({"architectures": ["arm64"]}, "architectures.*use Architecture"),
    ],
)
def test_contradictions_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        ImageBuild(**options)


def test_an_architecture_that_is_not_built_is_refused(stack: cdk.Stack, directory: Path) -> None:
    image = PrivateRepository(stack, "Repo").build_and_push_image(directory)
    with pytest.raises(ConfigurationError, match="architecture=ARM64, but the image is built for X86_64; use one of"):
        image.for_architecture(Architecture.ARM64)
    assert image.for_architecture(Architecture.X86_64) == image
