"""Direct delivery: into which repository, by whom, in which order; and where it is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs import (
    AppContainer,
    ConfigurationError,
    EcrFargateService,
    ImageRepositoryStack,
    LoadBalancedFargateService,
    PublicHttp,
    Retention,
)
from tests.support.templates import of_type, only, template_of

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.integration

ENVIRONMENT = cdk.Environment(account="111122223333", region="eu-west-1")


def service(stack: cdk.Stack, directory: Path, images: ImageRepositoryStack | None, name: str = "Web") -> Any:  # noqa: ANN401 - by name
    return EcrFargateService(
        stack,
        name,
        directory=directory,
        container_port=80,
        ingress=PublicHttp(),
        repository=images.repository if images is not None else None,
    )


def assets_of(app: cdk.App, stack: str) -> dict[str, Any]:
    assembly = Path(app.synth().directory)
    return dict(json.loads((assembly / f"{stack}.assets.json").read_text(encoding="utf-8")))


def destinations(manifest: dict[str, Any]) -> list[str]:
    return sorted(
        destination["repositoryName"]
        for image in manifest["dockerImages"].values()
        for destination in image["destinations"].values()
    )


def dependencies(app: cdk.App) -> dict[str, list[str]]:
    manifest = json.loads((Path(app.synth().directory) / "manifest.json").read_text(encoding="utf-8"))
    return {name: artifact.get("dependencies", []) for name, artifact in manifest["artifacts"].items()}


@pytest.fixture(scope="module")
def pair(directory: Path) -> tuple[cdk.App, ImageRepositoryStack, cdk.Stack]:
    app = cdk.App()
    images = ImageRepositoryStack(app, "WebImages", retention=Retention.keep_last(30))
    stack = cdk.Stack(app, "Web", synthesizer=images.synthesizer())
    service(stack, directory, images)
    app.synth()
    return app, images, stack


def test_the_image_goes_into_the_repository(pair: tuple[cdk.App, ImageRepositoryStack, cdk.Stack]) -> None:
    app, _, _ = pair
    manifest = assets_of(app, "Web")
    assert destinations(manifest) == ["webimages"]
    [image] = manifest["dockerImages"].values()
    [destination] = image["destinations"].values()
    assert "image-publishing-role" in destination["assumeRoleArn"]


def test_the_task_runs_it_from_there_and_nothing_copies(pair: tuple[cdk.App, ImageRepositoryStack, cdk.Stack]) -> None:
    app, _, stack = pair
    template = template_of(stack)
    [tag] = assets_of(app, "Web")["dockerImages"]
    [container] = only(template, "AWS::ECS::TaskDefinition")["Properties"]["ContainerDefinitions"]
    assert container["Image"]["Fn::Join"][1][-1] == f"/webimages:{tag}"
    assert not of_type(template, "AWS::Lambda::Function")
    assert not of_type(template, "AWS::ECR::Repository")
    assert "container-assets" not in json.dumps(template)


def test_the_repository_comes_first_then_the_image_then_the_service(
    pair: tuple[cdk.App, ImageRepositoryStack, cdk.Stack],
) -> None:
    app, _, _ = pair
    found = dependencies(app)
    assert found["Web.assets"] == ["WebImages"]
    assert set(found["Web"]) == {"WebImages", "Web.assets"}


def test_the_repository_has_the_same_safe_defaults(pair: tuple[cdk.App, ImageRepositoryStack, cdk.Stack]) -> None:
    _, images, _ = pair
    repository = only(template_of(images), "AWS::ECR::Repository")
    assert repository["DeletionPolicy"] == "Retain"
    properties = repository["Properties"]
    assert properties["ImageTagMutability"] == "IMMUTABLE"
    assert properties["ImageScanningConfiguration"] == {"ScanOnPush": True}
    assert '"countNumber":30' in properties["LifecyclePolicy"]["LifecyclePolicyText"]


def test_only_the_publishing_role_may_push(pair: tuple[cdk.App, ImageRepositoryStack, cdk.Stack]) -> None:
    _, images, _ = pair
    policy = only(template_of(images), "AWS::ECR::Repository")["Properties"]["RepositoryPolicyText"]
    [statement] = policy["Statement"]
    assert statement["Effect"] == "Allow"
    role = "cdk-hnb659fds-image-publishing-role-${AWS::AccountId}-${AWS::Region}"
    assert statement["Principal"] == {
        "AWS": {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{role}"}
    }
    assert {"ecr:PutImage", "ecr:DescribeImages", "ecr:DescribeRepositories"} <= set(statement["Action"])
    assert not [action for action in statement["Action"] if "*" in action or "Delete" in action]


def test_every_qualifier_that_pushes_is_admitted_once(directory: Path) -> None:
    app = cdk.App(context={"@aws-cdk/core:bootstrapQualifier": "fromapp"})
    images = ImageRepositoryStack(app, "Images", env=ENVIRONMENT)
    for name, options in (("A", {}), ("B", {}), ("C", {"qualifier": "team"})):
        stack = cdk.Stack(app, name, env=ENVIRONMENT, synthesizer=images.synthesizer(**options))
        images.repository.build_and_push_image(directory, scope=stack)
    policy = only(template_of(images), "AWS::ECR::Repository")["Properties"]["RepositoryPolicyText"]
    [statement] = policy["Statement"]
    roles = [principal["Fn::Sub"].partition("role/")[2] for principal in statement["Principal"]["AWS"]]
    assert roles == [
        "cdk-fromapp-image-publishing-role-111122223333-eu-west-1",
        "cdk-team-image-publishing-role-111122223333-eu-west-1",
    ]


def test_nobody_is_admitted_where_nothing_is_pushed() -> None:
    app = cdk.App()
    images = ImageRepositoryStack(app, "Images")
    cdk.Stack(app, "Web", synthesizer=images.synthesizer())
    assert "RepositoryPolicyText" not in only(template_of(images), "AWS::ECR::Repository")["Properties"]


def test_images_choose_among_several_repositories(directory: Path) -> None:
    app = cdk.App()
    first, second = (
        ImageRepositoryStack(app, "First"),
        ImageRepositoryStack(app, "Second", repository_name="team/second"),
    )
    stack = cdk.Stack(app, "Web", synthesizer=first.synthesizer())
    service(stack, directory, first, "One")
    service(stack, directory, second, "Two")  # the same image, in both
    service(stack, directory, None, "Copied")  # in a repository of its own
    ecr_assets.DockerImageAsset(stack, "Bare", directory=str(directory), extra_hash="bare")
    manifest = assets_of(app, "Web")
    assets = "cdk-hnb659fds-container-assets-${AWS::AccountId}-${AWS::Region}"
    assert destinations(manifest) == [assets, "first", "first", "team/second"]
    assert dependencies(app)["Web.assets"] == ["First", "Second"]
    template = template_of(stack)
    assert len(of_type(template, "Custom::EcrFargateImageCopy")) == 1
    assert len(of_type(template, "AWS::ECR::Repository")) == 1


def test_one_app_serves_two_environments(directory: Path) -> None:
    app = cdk.App()
    for region in ("eu-west-1", "us-east-2"):
        env = cdk.Environment(account="111122223333", region=region)
        images = ImageRepositoryStack(app, f"Images-{region}", env=env, repository_name="web")
        stack = cdk.Stack(app, f"Web-{region}", env=env, synthesizer=images.synthesizer())
        images.repository.build_and_push_image(directory, scope=stack)
    for region in ("eu-west-1", "us-east-2"):
        [image] = assets_of(app, f"Web-{region}")["dockerImages"].values()
        [destination] = image["destinations"].values()
        assert destination["region"] == region
        assert destination["assumeRoleArn"].endswith(f"image-publishing-role-111122223333-{region}")
        assert dependencies(app)[f"Web-{region}.assets"] == [f"Images-{region}"]


def test_a_nested_stack_pushes_through_its_parent(directory: Path) -> None:
    app = cdk.App()
    images = ImageRepositoryStack(app, "Images")
    stack = cdk.Stack(app, "Web", synthesizer=images.synthesizer())
    image = images.repository.build_and_push_image(directory, scope=cdk.NestedStack(stack, "Inner"))
    assert image.asset is not None
    assert destinations(assets_of(app, "Web")) == ["images"]


def test_the_image_runs_in_any_task_definition(directory: Path) -> None:
    app = cdk.App()
    images = ImageRepositoryStack(app, "Images")
    stack = cdk.Stack(app, "Web", synthesizer=images.synthesizer(docker_tag_prefix="v-"))
    image = images.repository.build_and_push_image(directory, scope=stack)
    assert image.tag is not None
    assert image.tag.startswith("v-")
    task = ecs.Ec2TaskDefinition(stack, "Task")
    task.add_container("app", image=image.container_image, memory_limit_mib=64)
    LoadBalancedFargateService(stack, "Web", container=AppContainer(image, 80), ingress=PublicHttp())
    for task_definition in of_type(template_of(stack), "AWS::ECS::TaskDefinition").values():
        [container] = task_definition["Properties"]["ContainerDefinitions"]
        assert container["Image"]["Fn::Join"][1][-1] == f"/images:{image.tag}"


def test_a_code_change_changes_the_task_definition_alone(tmp_path: Path) -> None:
    found = []
    for content in ("one", "two"):
        (tmp_path / "Dockerfile").write_text(f"FROM scratch\n# {content}\n", encoding="utf-8")
        app = cdk.App()
        images = ImageRepositoryStack(app, "Images")
        stack = cdk.Stack(app, "Web", synthesizer=images.synthesizer())
        service(stack, tmp_path, images)
        found.append((template_of(images), template_of(stack)["Resources"]))
    (images_before, before), (images_after, after) = found
    assert images_before == images_after
    changed = {after[name]["Type"] for name in before if before[name] != after[name]}
    assert changed == {"AWS::ECS::TaskDefinition"}


def _other_synthesizer(directory: Path) -> None:
    app = cdk.App()
    service(cdk.Stack(app, "Web"), directory, ImageRepositoryStack(app, "Images"))


def _other_environment(directory: Path) -> None:
    app = cdk.App()
    images = ImageRepositoryStack(app, "Images", env=ENVIRONMENT)
    service(cdk.Stack(app, "Web", synthesizer=images.synthesizer()), directory, images)


def _own_stack(directory: Path) -> None:
    ImageRepositoryStack(cdk.App(), "Images").repository.build_and_push_image(directory)


REFUSED: list[tuple[Callable[[Path], object], str]] = [
    (
        _other_synthesizer,
        r"\[Web/Web\] .*requires its synthesizer on the stack Web; write cdk.Stack\(…, 'Web', synthesizer=images",
    ),
    (_other_environment, r"\[Web/Web\] .*aws://unknown-account/unknown-region.*aws://111122223333/eu-west-1.*same env"),
    (_own_stack, r"\[Images/Repository/Image\] .*set scope="),
    (lambda _: ImageRepositoryStack(cdk.App(), "I", repository_name="Web"), r"\[I\] repository_name='Web'.*'web'"),
    (
        lambda _: ImageRepositoryStack(cdk.App(), "I", repository_name=cdk.Aws.STACK_NAME),
        r"\[I\] repository_name is a CDK token.*plain string",
    ),
    (lambda _: ImageRepositoryStack(cdk.App(), "I", empty_on_delete=True), r"\[I\] empty_on_delete=True"),
    (lambda _: ImageRepositoryStack(cdk.App(), "I", pull_accounts=["1"]), r"\[I\] pull_accounts has '1'"),
]


@pytest.mark.parametrize(("make", "message"), REFUSED)
def test_what_cannot_work_is_refused(make: Callable[[Path], object], message: str, directory: Path) -> None:
    with pytest.raises(ConfigurationError, match=message):
        make(directory)


def test_an_image_of_cdks_own_constructs_is_refused_in_another_environment(directory: Path) -> None:
    app = cdk.App()
    images = ImageRepositoryStack(app, "Images", env=ENVIRONMENT)
    stack = cdk.Stack(app, "Web", synthesizer=images.synthesizer())
    with pytest.raises(RuntimeError, match=r"\[Web\] the stack Web is in .* give both stacks the same env"):
        ecr_assets.DockerImageAsset(stack, "Image", directory=str(directory))


def test_a_refusal_leaves_nothing_behind(directory: Path) -> None:
    app = cdk.App()
    images = ImageRepositoryStack(app, "Images")
    stack = cdk.Stack(app, "Web")
    for make in (
        lambda: service(stack, directory, images),
        lambda: images.repository.build_and_push_image(directory, scope=stack),
        lambda: ImageRepositoryStack(app, "Other", repository_name="A B"),
    ):
        with pytest.raises(ConfigurationError):
            make()
    assert not stack.node.children
    assert app.node.try_find_child("Other") is None


@pytest.mark.parametrize(("stack_name", "name"), [("WebImages", "webimages"), ("Prod--Web-", "prod-web"), ("a1", "a1")])
def test_the_name_follows_the_stack(stack_name: str, name: str) -> None:
    images = ImageRepositoryStack(cdk.App(), "Images", stack_name=stack_name)
    assert only(template_of(images), "AWS::ECR::Repository")["Properties"]["RepositoryName"] == name


def test_a_stage_warns_of_pipelines(directory: Path) -> None:
    app = cdk.App()
    stage = cdk.Stage(app, "Prod")
    images = ImageRepositoryStack(stage, "Images")
    stack = cdk.Stack(stage, "Web", synthesizer=images.synthesizer())
    images.repository.build_and_push_image(directory, scope=stack)
    [warning] = cdk.assertions.Annotations.from_stack(stack).find_warning("*", cdk.assertions.Match.any_value())
    text = str(warning.entry.data)
    assert "prod-images" in text
    assert "deploy Prod/Images once" in text
    assert "[ack: ecr-fargate-constructs:directDeliveryInStage]" in text


def test_a_repository_outside_of_the_stage_is_no_dependency(directory: Path) -> None:
    app = cdk.App()
    images = ImageRepositoryStack(app, "Images")
    stage = cdk.Stage(app, "Prod")
    stack = cdk.Stack(stage, "Web", synthesizer=images.synthesizer())
    images.repository.build_and_push_image(directory, scope=stack)
    nested = Path(app.synth().directory) / "assembly-Prod" / "manifest.json"
    artifacts = json.loads(nested.read_text(encoding="utf-8"))["artifacts"]
    [manifest] = [artifact for artifact in artifacts.values() if artifact["type"] == "cdk:asset-manifest"]
    assert "dependencies" not in manifest


def test_outside_of_a_stage_nothing_warns(pair: tuple[cdk.App, ImageRepositoryStack, cdk.Stack]) -> None:
    _, _, stack = pair
    assert not cdk.assertions.Annotations.from_stack(stack).find_warning("*", cdk.assertions.Match.any_value())


def test_one_synthesizer_serves_every_stack_of_an_app(directory: Path) -> None:
    app = cdk.App()
    images = ImageRepositoryStack(app, "Images")
    synthesizer = images.synthesizer()
    for name in ("A", "B"):
        stack = cdk.Stack(app, name, synthesizer=synthesizer)
        ecr_assets.DockerImageAsset(stack, "Image", directory=str(directory), extra_hash=name)
    assert len(assets_of(app, "A")["dockerImages"]) == len(assets_of(app, "B")["dockerImages"]) == 1
