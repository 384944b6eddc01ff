"""The image and its delivery."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs import Architecture, EcrFargateService, ImageBuild, PrivateRepository, PublicHttp
from support import make_app, of_type, only, template_of


def _with_image(directory: Path, build: ImageBuild | None = None) -> tuple[cdk.Stack, str]:
    stack = cdk.Stack(cdk.App(), "Stack")
    image = PrivateRepository(stack, "Repo").build_and_push_image(directory, build=build)
    assert image.tag is not None
    return stack, image.tag


def _tag(directory: Path, build: ImageBuild | None = None) -> str:
    return _with_image(directory, build)[1]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return template_of(_with_image(make_app(tmp_path_factory.mktemp("image") / "app"))[0])


def test_the_copy_goes_from_the_assets_repository_to_ours_under_the_hash(template: dict[str, Any]) -> None:
    properties = only(template, "Custom::EcrFargateImageCopy")["Properties"]
    source, target = json.dumps(properties["Source"]), json.dumps(properties["Destination"])
    assert "cdk-hnb659fds-container-assets" in source
    assert "cdk-hnb659fds-container-assets" not in target
    [repository] = of_type(template, "AWS::ECR::Repository")
    assert f'"Ref": "{repository}"' in target
    assert source.split(":")[-1][:64] == target.split(":")[-1][:64]


@pytest.mark.parametrize(("architecture", "platform"), [(Architecture.X86_64, "amd64"), (Architecture.ARM64, "arm64")])
def test_one_architecture_is_built_and_copied(directory: Path, architecture: Architecture, platform: str) -> None:
    """Row 1."""
    stack, tag = _with_image(directory, ImageBuild(architecture=architecture))
    assembly = cdk.App.of(stack).synth()  # type: ignore[union-attr]
    assets = json.loads((Path(assembly.directory) / "Stack.assets.json").read_text(encoding="utf-8"))
    assert assets["dockerImages"][tag]["source"]["platform"] == f"linux/{platform}"
    copy = only(assembly.get_stack_by_name("Stack").template, "Custom::EcrFargateImageCopy")
    assert copy["Properties"]["Architecture"] == platform


@pytest.mark.parametrize("kind", ["fargate", "ec2", "external"])
def test_any_task_definition_that_uses_the_image_waits_for_the_copy_and_may_pull(directory: Path, kind: str) -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    image = PrivateRepository(stack, "Repo").build_and_push_image(directory)
    make = {
        "fargate": ecs.FargateTaskDefinition,
        "ec2": ecs.Ec2TaskDefinition,
        "external": ecs.ExternalTaskDefinition,
    }[kind]
    make(stack, "Task").add_container("web", image=image.container_image, memory_limit_mib=128)
    template = template_of(stack)
    [copy] = of_type(template, "Custom::EcrFargateImageCopy")
    assert copy in only(template, "AWS::ECS::TaskDefinition")["DependsOn"]
    policies = json.dumps(of_type(template, "AWS::IAM::Policy"))
    assert "ecr:BatchGetImage" in policies


@pytest.mark.skipif(os.name == "nt", reason="Windows has no execute bit")
def test_an_execute_bit_makes_a_new_image(tmp_path: Path) -> None:
    """Row 34."""
    app = make_app(tmp_path / "app")
    (app / "server.txt").chmod(0o644)
    before = _tag(app)
    (app / "server.txt").chmod(0o755)
    assert _tag(app) != before
    (app / ".dockerignore").write_text("server.txt\n", encoding="utf-8")
    ignored = _tag(app)
    (app / "server.txt").chmod(0o644)
    assert _tag(app) == ignored, "a file that does not travel must not count"


def test_the_same_content_gives_the_same_image_wherever_it_lies(tmp_path: Path) -> None:
    assert _tag(make_app(tmp_path / "one")) == _tag(make_app(tmp_path / "two" / "deep"))


def test_each_build_option_counts(tmp_path: Path) -> None:
    directory = make_app(tmp_path / "app", dockerfile="FROM scratch AS slim\nFROM scratch\n")
    builds = [
        None,
        ImageBuild(args={"VERSION": "1"}),
        ImageBuild(target="slim"),
        ImageBuild(extra_hash="1"),
        ImageBuild(architecture=Architecture.ARM64),
        ImageBuild(secrets={"npm": "env=NPM_TOKEN"}),
        ImageBuild(exclude=["server.txt"]),
    ]
    assert len({_tag(directory, build) for build in builds}) == len(builds)


def test_a_context_that_holds_the_cloud_assembly_is_not_staged_into_itself(tmp_path: Path) -> None:
    context = make_app(tmp_path / "app")
    app = cdk.App(outdir=str(context / "cdk.out"))
    stack = cdk.Stack(app, "Stack")
    PrivateRepository(stack, "Repo").build_and_push_image(context)
    app.synth()
    staged = list((context / "cdk.out").glob("asset.*/Dockerfile"))
    assert len(staged) == 1
    assert not list((context / "cdk.out").glob("asset.*/cdk.out"))


def test_secrets_in_the_context_are_named(tmp_path: Path) -> None:
    """Row 35."""
    app = make_app(tmp_path / "app")
    (app / ".env").write_text("PASSWORD=x\n", encoding="utf-8")
    (app / "deploy.pem").write_text("x\n", encoding="utf-8")
    for harmless in (".env.example", "cacert.pem", "eu-west-1-bundle.pem"):
        (app / harmless).write_text("PASSWORD=\n", encoding="utf-8")
    stack, _ = _with_image(app)
    [warning] = cdk.assertions.Annotations.from_stack(stack).find_warning("*", cdk.assertions.Match.any_value())
    assert ".env, deploy.pem in app/" in str(warning.entry.data)
    (app / ".dockerignore").write_text(".env\n*.pem\n", encoding="utf-8")
    stack, _ = _with_image(app)
    assert not cdk.assertions.Annotations.from_stack(stack).find_warning("*", cdk.assertions.Match.any_value())


def test_an_image_that_is_there_is_named_by_tag_or_digest() -> None:
    """Row 6: digests for external images."""
    stack = cdk.Stack(cdk.App(), "Stack")
    repository = PrivateRepository(stack, "Repo")
    digest = "sha256:" + "0" * 64
    tagged, pinned = (
        repository.image_by_tag("1.4.2"),
        repository.image_by_digest(digest, architecture=Architecture.ARM64),
    )
    assert (tagged.tag, tagged.asset, pinned.tag, pinned.architecture) == ("1.4.2", None, None, Architecture.ARM64)
    task = ecs.FargateTaskDefinition(stack, "Task")
    task.add_container("tagged", image=tagged.container_image)
    task.add_container("pinned", image=pinned.container_image)
    images = [
        json.dumps(container["Image"])
        for container in only(template_of(stack), "AWS::ECS::TaskDefinition")["Properties"]["ContainerDefinitions"]
    ]
    assert ":1.4.2" in images[0]
    assert f"@{digest}" in images[1]
    assert not of_type(template_of(stack), "Custom::EcrFargateImageCopy")


def test_a_line_changed_in_the_app_changes_the_copy_and_the_task_definition_alone(tmp_path: Path) -> None:
    app_directory = make_app(tmp_path / "app")

    def resources() -> dict[str, Any]:
        stack = cdk.Stack(cdk.App(), "Stack")
        EcrFargateService(stack, "Web", directory=app_directory, container_port=80, ingress=PublicHttp())
        found: dict[str, Any] = template_of(stack)["Resources"]
        return found

    before = resources()
    (app_directory / "server.txt").write_text("two\n", encoding="utf-8")
    after = resources()
    changed = {after[name]["Type"] for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert changed == {"Custom::EcrFargateImageCopy", "AWS::ECS::TaskDefinition"}
    assert before.keys() == after.keys()
