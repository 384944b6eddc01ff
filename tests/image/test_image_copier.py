"""The copy of an image, and the function that makes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager

from ecr_fargate_constructs import (
    AppContainer,
    Architecture,
    ConfigurationError,
    EcrFargateService,
    ImageBuild,
    LoadBalancedFargateService,
    Posture,
    PrivateRepository,
    PublicHttp,
    RegistrySettings,
)
from tests.support.inputs import make_app
from tests.support.templates import of_type, only, template_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.integration

COPY, FUNCTION = "Custom::EcrFargateImageCopy", "AWS::Lambda::Function"
WRITE = [
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:GetDownloadUrlForLayer",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
]
READ = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]


def _stack(**options: Any) -> cdk.Stack:  # noqa: ANN401 - CDK's
    return cdk.Stack(cdk.App(), "Stack", **options)


def _statements(template: dict[str, Any]) -> list[dict[str, Any]]:
    [policy] = (
        each
        for name, each in of_type(template, "AWS::IAM::Policy").items()
        if name.startswith("EcrFargateImageCopierRole")
    )
    found: list[dict[str, Any]] = policy["Properties"]["PolicyDocument"]["Statement"]
    return found


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    stack = _stack()
    PrivateRepository(stack, "Repo").build_and_push_image(make_app(tmp_path_factory.mktemp("copy") / "app"))
    return template_of(stack)


def test_the_function_is_one_small_python_asset_without_a_variable(template: dict[str, Any]) -> None:
    function = only(template, FUNCTION)["Properties"]
    assert function["Handler"] == "copier.handler.handler"
    assert (function["Runtime"], function["Timeout"], function["MemorySize"]) == ("python3.14", 900, 1024)
    assert "Environment" not in function
    assert "S3Key" in function["Code"]


def test_the_asset_holds_the_copier_and_nothing_else(directory: Path, tmp_path: Path) -> None:
    app = cdk.App(outdir=str(tmp_path / "cdk.out"))
    PrivateRepository(cdk.Stack(app, "Stack"), "Repo").build_and_push_image(directory)
    app.synth()
    [asset] = (tmp_path / "cdk.out").glob("asset.*/copier")
    assert [each.name for each in asset.parent.iterdir()] == ["copier"]
    names = {each.name for each in asset.iterdir()}
    assert "handler.py" in names
    assert all(name.endswith(".py") for name in names)
    assert sum(each.stat().st_size for each in asset.iterdir()) <= 80 * 1024


def test_cloudformation_waits_longer_than_the_function_runs_and_not_an_hour(template: dict[str, Any]) -> None:
    limit = int(only(template, COPY)["Properties"]["ServiceTimeout"])
    assert only(template, FUNCTION)["Properties"]["Timeout"] < limit <= 1200


def test_the_copy_waits_for_the_policy_and_the_function_for_its_own_log_group(template: dict[str, Any]) -> None:
    [policy] = of_type(template, "AWS::IAM::Policy")
    [group] = of_type(template, "AWS::Logs::LogGroup")
    assert policy in only(template, COPY)["DependsOn"]
    assert policy in only(template, FUNCTION)["DependsOn"]
    assert only(template, FUNCTION)["Properties"]["LoggingConfig"] == {"LogGroup": {"Ref": group}}
    assert only(template, "AWS::Logs::LogGroup")["Properties"]["RetentionInDays"] == 30


def test_the_role_may_do_what_is_called_and_nothing_else(template: dict[str, Any]) -> None:
    statements = _statements(template)
    [repository] = of_type(template, "AWS::ECR::Repository")
    [group] = of_type(template, "AWS::Logs::LogGroup")
    logs, token, read, write = statements
    assert logs["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"], "it may not create a group"
    assert logs["Resource"] == {"Fn::GetAtt": [group, "Arn"]}
    assert (token["Action"], token["Resource"]) == ("ecr:GetAuthorizationToken", "*")
    assert read["Action"] == READ
    assert "container-assets" in json.dumps(read["Resource"])
    assert (write["Action"], write["Resource"]) == (WRITE, {"Fn::GetAtt": [repository, "Arn"]})
    assert "ManagedPolicyArns" not in only(template, "AWS::IAM::Role")["Properties"]


def test_two_images_share_one_function_one_role_and_one_right_to_read(directory: Path) -> None:
    stack = _stack()
    repository = PrivateRepository(stack, "Repo")
    repository.build_and_push_image(directory)
    repository.build_and_push_image(directory, id="Arm", build=ImageBuild(architecture=Architecture.ARM64))
    template = template_of(stack)
    assert len(of_type(template, COPY)) == 2
    only(template, FUNCTION)
    only(template, "AWS::IAM::Role")
    assert sum(statement["Action"] == READ for statement in _statements(template)) == 1


def _twice_by_directory(stack: cdk.Stack, directory: Path) -> None:
    repository = PrivateRepository(stack, "Repo")
    repository.build_and_push_image(directory, id="Web")
    repository.build_and_push_image(directory, id="Worker")


def _two_front_doors(stack: cdk.Stack, directory: Path) -> None:
    repository = PrivateRepository(stack, "Repo")
    for name in ("Web", "Admin"):
        EcrFargateService(
            stack, name, directory=directory, container_port=80, repository=repository, ingress=PublicHttp()
        )


def _imported_twice(stack: cdk.Stack, directory: Path) -> None:
    for name in ("One", "Two"):
        repository = ecr.Repository.from_repository_name(stack, f"{name}Repo", "team/web")
        EcrFargateService(
            stack, name, directory=directory, container_port=80, repository=repository, ingress=PublicHttp()
        )


def _mirrored_twice(stack: cdk.Stack, _: Path) -> None:
    repository = PrivateRepository(stack, "Repo")
    one, two = repository.mirror_image("nginx:1.29"), repository.mirror_image("nginx:1.29", id="Again")
    assert one.delivery is two.delivery


@pytest.mark.parametrize("make", [_twice_by_directory, _two_front_doors, _imported_twice, _mirrored_twice])
def test_a_destination_is_copied_to_once(make: Callable[[cdk.Stack, Path], None], directory: Path) -> None:
    stack = _stack()
    make(stack, directory)
    template = template_of(stack)
    [copy] = of_type(template, COPY)
    for task in of_type(template, "AWS::ECS::TaskDefinition").values():
        assert copy in task["DependsOn"]


def test_repositories_of_two_stacks_with_one_logical_id_are_two_destinations(directory: Path) -> None:
    app = cdk.App()
    homes, stack = (cdk.Stack(app, "First"), cdk.Stack(app, "Second")), cdk.Stack(app, "Third")
    for home in homes:
        PrivateRepository(home, "Repo").build_and_push_image(directory, id=home.node.id, scope=stack)
    assert len(of_type(template_of(stack), COPY)) == 2


def test_one_tag_is_not_the_name_of_two_images() -> None:
    repository = PrivateRepository(_stack(), "Repo")
    repository.mirror_image("nginx:1.29")
    for other in ({"reference": "httpd:1.29"}, {"reference": "nginx:1.29", "architecture": Architecture.ARM64}):
        with pytest.raises(
            ConfigurationError, match=r"\[Stack/Repo/Other\] Stack/Repo/Mirror/Copy already copies another image"
        ):
            repository.mirror_image(id="Other", **other)
        repository.node.try_remove_child("Other")


def test_the_copy_of_a_refused_service_is_not_handed_to_the_next(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ConfigurationError("late")

    stack = _stack()
    repository = PrivateRepository(stack, "Repo")
    options: dict[str, Any] = {"directory": directory, "container_port": 80, "repository": repository}
    with monkeypatch.context() as patched:
        patched.setattr("ecr_fargate_constructs.ecr_fargate_service.build_service", refuse)
        with pytest.raises(ConfigurationError, match="late"):
            EcrFargateService(stack, "Web", **options)
    EcrFargateService(stack, "Web", **options, ingress=PublicHttp())
    template = template_of(stack)
    [copy] = of_type(template, COPY)
    assert copy in only(template, "AWS::ECS::TaskDefinition")["DependsOn"]


def test_a_mirror_reads_the_registry_anonymously_and_keeps_the_tag() -> None:
    """Row 24."""
    stack = _stack()
    repository = PrivateRepository(stack, "Repo")
    image = repository.mirror_image("nginx:1.29")
    public = repository.mirror_image("public.ecr.aws/nginx/nginx:1.28", id="Public", architecture=Architecture.ARM64)
    assert (image.tag, public.tag) == ("1.29", "1.28")
    template = template_of(stack)
    copies = [each["Properties"] for each in of_type(template, COPY).values()]
    assert {(each["Source"], each["Architecture"]) for each in copies} == {
        ("docker.io/library/nginx:1.29", "amd64"),
        ("public.ecr.aws/nginx/nginx:1.28", "arm64"),
    }
    assert [statement["Action"] for statement in _statements(template) if statement["Resource"] == "*"] == [
        "ecr:GetAuthorizationToken"
    ]


DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("reference", "tag"),
    [(f"nginx:1.29@{DIGEST}", "1.29"), (f"nginx@{DIGEST}", DIGEST.replace(":", "-"))],
)
def test_a_mirror_by_digest_has_a_tag_or_it_would_expire_as_untagged(reference: str, tag: str) -> None:
    stack = _stack()
    image = PrivateRepository(stack, "Repo").mirror_image(reference, all_architectures=True)
    assert image.tag == tag
    properties = only(template_of(stack), COPY)["Properties"]
    assert properties["Source"] == f"docker.io/library/nginx@{DIGEST}"
    assert properties["Architecture"] == "all"
    assert f":{tag}" in json.dumps(properties["Destination"])


def test_a_login_is_named_and_may_be_read() -> None:
    stack = _stack()
    secret = secretsmanager.Secret.from_secret_name_v2(stack, "Login", "docker-hub")
    PrivateRepository(stack, "Repo").mirror_image("nginx:1.29", credentials=secret)
    template = template_of(stack)
    assert "docker-hub" in json.dumps(only(template, COPY)["Properties"]["Credentials"])
    [read] = [each for each in _statements(template) if "secretsmanager:GetSecretValue" in each["Action"]]
    assert "docker-hub" in json.dumps(read["Resource"])


@pytest.mark.parametrize(
    ("reference", "arn"),
    [
        ("111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop/web:1", ":ecr:eu-west-1:111122223333:repository/shop/web"),
        ("111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn/web:1", ":ecr:cn-north-1:111122223333:repository/web"),
    ],
)
def test_a_private_repository_elsewhere_is_read_and_no_other(reference: str, arn: str) -> None:
    stack = _stack()
    PrivateRepository(stack, "Repo").mirror_image(reference)
    [read] = [each for each in _statements(template_of(stack)) if each["Action"] == READ]
    assert read["Resource"] == {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, arn]]}


def test_a_registry_that_only_looks_like_ecr_is_no_reason_for_a_right() -> None:
    stack = _stack()
    reference = "111122223333.dkr.ecr.eu-west-1.amazonaws.com.example.org/web:1"
    PrivateRepository(stack, "Repo").mirror_image(reference)
    assert not [each for each in _statements(template_of(stack)) if each["Action"] == READ]


@pytest.mark.parametrize(
    "home",
    [
        cdk.Environment(account="111122223333", region="eu-west-1"),
        cdk.Environment(account="444455556666", region="us-east-1"),
    ],
    ids=["region", "account"],
)
def test_a_repository_elsewhere_is_named_by_its_own_place_and_deployed_first(
    directory: Path, home: cdk.Environment
) -> None:
    app = cdk.App()
    shop = cdk.Stack(app, "Home", env=home)
    here = cdk.Stack(app, "Here", env=cdk.Environment(account="111122223333", region="us-east-1"))
    PrivateRepository(shop, "Repo", repository_name="shop/web").build_and_push_image(directory, scope=here)
    assert [each.node.path for each in here.dependencies] == ["Home"]
    template = template_of(here)
    copy = json.dumps(only(template, COPY)["Properties"]["Destination"])
    assert f":ecr:{home.region}:{home.account}:repository/shop/web" in copy, "whose account and region it takes"
    assert "/shop/web:" in copy
    [write] = [each for each in _statements(template) if each["Action"] == WRITE]
    assert f":{home.region}:{home.account}:repository/shop/web" in json.dumps(write["Resource"])


def test_roles_may_be_customised(directory: Path) -> None:
    stack = _stack()
    iam.Role.customize_roles(stack, use_precreated_roles={"Stack/EcrFargateImageCopier/Role": "copier"})
    image = PrivateRepository(stack, "Repo").build_and_push_image(directory)
    assert image.tag is not None
    template = template_of(stack)
    assert not of_type(template, "AWS::IAM::Role")
    assert "role/copier" in json.dumps(only(template, FUNCTION)["Properties"]["Role"])


def test_a_permissions_boundary_reaches_the_role(directory: Path) -> None:
    stack = _stack(permissions_boundary=cdk.PermissionsBoundary.from_name("team"))
    PrivateRepository(stack, "Repo").build_and_push_image(directory)
    assert "policy/team" in json.dumps(only(template_of(stack), "AWS::IAM::Role")["Properties"]["PermissionsBoundary"])


@pytest.mark.parametrize("flag", [True, False])
def test_a_feature_flag_of_the_app_makes_no_second_log_group(directory: Path, *, flag: bool) -> None:
    app = cdk.App(context={"@aws-cdk/aws-lambda:useCdkManagedLogGroup": flag})
    stack = cdk.Stack(app, "Stack")
    PrivateRepository(stack, "Repo").build_and_push_image(directory)
    only(template_of(stack), "AWS::Logs::LogGroup")


def test_a_regulated_log_is_encrypted_and_kept_for_a_year(directory: Path) -> None:
    stack = _stack()
    Posture.REGULATED.apply_to(stack)
    PrivateRepository(stack, "Repo").build_and_push_image(directory)
    properties = only(template_of(stack), "AWS::Logs::LogGroup")["Properties"]
    assert properties["RetentionInDays"] == 365
    assert "KmsKeyId" in properties


def test_a_stack_that_copies_nothing_has_no_function() -> None:
    stack = _stack()
    LoadBalancedFargateService(
        stack, "Web", container=AppContainer("public.ecr.aws/nginx/nginx:1.29", 80), ingress=PublicHttp()
    )
    assert not of_type(template_of(stack), FUNCTION)


def test_layers_are_shared_by_the_function_that_copies(directory: Path) -> None:
    stack = _stack()
    RegistrySettings(stack, "Registry", share_layers=True)
    PrivateRepository(stack, "Repo").build_and_push_image(directory)
    template = template_of(stack)
    [function] = of_type(template, FUNCTION)
    setting = only(template, "Custom::EcrFargateBlobMounting")
    assert setting["Properties"]["ServiceToken"] == {"Fn::GetAtt": [function, "Arn"]}
    everywhere = [each["Action"] for each in _statements(template) if each["Resource"] == "*"]
    assert everywhere == ["ecr:GetAuthorizationToken", ["ecr:GetAccountSetting", "ecr:PutAccountSetting"]]
    assert setting["DependsOn"] == only(template, COPY)["DependsOn"]


def test_accounts_that_pull_and_push_get_what_that_takes() -> None:
    stack = _stack()
    PrivateRepository(stack, "Repo", pull_accounts=["111122223333"], push_accounts=["444455556666"])
    statements = only(template_of(stack), "AWS::ECR::Repository")["Properties"]["RepositoryPolicyText"]["Statement"]
    allowed = {each["Sid"]: set(each["Action"]) for each in statements}
    look = {"ecr:DescribeImages", "ecr:DescribeRepositories", "ecr:ListImages"}
    assert allowed["PullFromOtherAccounts"] == {
        *READ,
        "ecr:BatchCheckLayerAvailability",
        "ecr:DescribeImageSigningStatus",
        *look,
    }
    assert allowed["PushFromOtherAccounts"] == {*WRITE, *look} - {"ecr:GetDownloadUrlForLayer"}
