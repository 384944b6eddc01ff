"""The front door, and the sample app's own template."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as ecs_patterns

from ecr_fargate_constructs import EcrFargateService, PrivateRepository, PublicHttp
from tests.support import ROOT
from tests.support.templates import of_type, only, template_of

if TYPE_CHECKING:
    from pathlib import Path

    from aws_cdk import aws_ecr as ecr

pytestmark = pytest.mark.integration

KEPT = (
    "AWS::ECS::Service",
    "AWS::ECS::TaskDefinition",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
)


def _synthesize_sample(outdir: Path) -> dict[str, bytes]:
    environment = {**os.environ, "CDK_VALIDATION": "false", "CDK_OUTDIR": str(outdir)}
    subprocess.run([sys.executable, "app.py"], cwd=ROOT, env=environment, check=True)
    names = ("Web.template.json", "Web.assets.json", "tree.json")
    return {name: (outdir / name).read_bytes() for name in names}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return _synthesize_sample(tmp_path_factory.mktemp("sample"))


def test_synth_is_byte_identical_twice(sample: dict[str, bytes], tmp_path: Path) -> None:
    assert _synthesize_sample(tmp_path) == sample


def test_the_sample_runs_the_pattern(sample: dict[str, bytes]) -> None:
    assert b"aws-cdk-lib.aws_ecs_patterns.ApplicationLoadBalancedFargateService" in sample["tree.json"]


def test_the_task_runs_the_image_of_the_repository_and_not_of_the_assets(sample: dict[str, bytes]) -> None:
    template = json.loads(sample["Web.template.json"])
    [repository] = of_type(template, "AWS::ECR::Repository")
    [container] = only(template, "AWS::ECS::TaskDefinition")["Properties"]["ContainerDefinitions"]
    image = json.dumps(container["Image"])
    assert f'{{"Ref": "{repository}"}}' in image
    assert "container-assets" not in json.dumps(only(template, "AWS::ECS::TaskDefinition"))


def test_what_is_inside_has_the_logical_ids_of_the_bare_pattern(directory: Path) -> None:
    ours, bare = cdk.Stack(cdk.App(), "Stack"), cdk.Stack(cdk.App(), "Stack")
    EcrFargateService(ours, "Web", directory=directory, container_port=80, ingress=PublicHttp())
    ecs_patterns.ApplicationLoadBalancedFargateService(
        bare,
        "Web",
        min_healthy_percent=100,
        task_image_options=ecs_patterns.ApplicationLoadBalancedTaskImageOptions(
            image=ecs.ContainerImage.from_registry("public.ecr.aws/nginx/nginx:1.29")
        ),
    )
    mine, theirs = template_of(ours), template_of(bare)
    for kind in KEPT:
        assert of_type(mine, kind).keys() == of_type(theirs, kind).keys(), kind


def test_everything_inside_is_exposed(directory: Path) -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    web = EcrFargateService(stack, "Web", directory=directory, container_port=80, ingress=PublicHttp())
    assert isinstance(web.pattern, ecs_patterns.ApplicationLoadBalancedFargateService)
    assert web.service.node.path == web.pattern.service.node.path
    assert web.container.container_name == "web"
    assert web.task_definition.default_container.node.path == web.container.node.path  # type: ignore[union-attr]
    assert web.load_balancer.node.path == "Stack/Web/Default/LB"
    assert web.listener.node.path.startswith("Stack/Web/Default/LB/")
    assert web.target_group.node.path.startswith(web.listener.node.path)
    assert web.cluster.vpc.node.path == web.vpc.node.path
    assert web.log_group is not None
    assert web.image.repository.repository_arn == web.repository.repository_arn
    assert web.url.startswith("http://")
    assert cdk.Token.as_string(web.task_definition.task_role.role_arn) in str(
        web.grant_principal.policy_fragment.principal_json
    )
    [group] = web.connections.security_groups
    assert group.node.path == web.service.connections.security_groups[0].node.path


@pytest.mark.parametrize("kind", ["ours", "bare", "imported"])
def test_a_repository_can_be_brought(directory: Path, kind: str) -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    repository: PrivateRepository | ecr.IRepository
    if kind == "ours":
        repository = PrivateRepository(stack, "Repo")
    elif kind == "bare":
        repository = cdk.aws_ecr.Repository(stack, "Repo")
    else:
        repository = cdk.aws_ecr.Repository.from_repository_name(stack, "Repo", "team/web")
    EcrFargateService(stack, "Web", directory=directory, container_port=80, repository=repository, ingress=PublicHttp())
    template = template_of(stack)
    assert len(of_type(template, "AWS::ECR::Repository")) == (0 if kind == "imported" else 1)
    only(template, "Custom::EcrFargateImageCopy")


def test_an_image_of_another_service_is_neither_built_nor_copied_again(directory: Path) -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    site = EcrFargateService(stack, "Site", directory=directory, container_port=80, ingress=PublicHttp())
    admin = EcrFargateService(stack, "Admin", image=site.image, container_port=80, ingress=PublicHttp())
    assert admin.image is site.image
    assert admin.repository is site.repository
    template = template_of(stack)
    only(template, "AWS::ECR::Repository")
    [copy] = of_type(template, "Custom::EcrFargateImageCopy")
    tasks = of_type(template, "AWS::ECS::TaskDefinition").values()
    assert len({json.dumps(each["Properties"]["ContainerDefinitions"][0]["Image"]) for each in tasks}) == 1
    assert [copy in each["DependsOn"] for each in tasks] == [True, True]


def test_an_image_of_another_stack_serves(directory: Path) -> None:
    app = cdk.App(context={"@aws-cdk/core:defaultCrossStackReferences": "strong"})
    image = PrivateRepository(cdk.Stack(app, "Shared"), "Repo").build_and_push_image(directory)
    stack = cdk.Stack(app, "Stack")
    EcrFargateService(stack, "Web", image=image, container_port=80, ingress=PublicHttp())
    task = only(template_of(stack), "AWS::ECS::TaskDefinition")
    assert "Fn::ImportValue" in json.dumps(task)
    assert [each.node.path for each in stack.dependencies] == ["Shared"]


def test_what_is_inside_has_the_same_logical_ids_with_an_image(directory: Path) -> None:
    built, named = cdk.Stack(cdk.App(), "Stack"), cdk.Stack(cdk.App(), "Stack")
    EcrFargateService(built, "Web", directory=directory, container_port=80, ingress=PublicHttp())
    image = PrivateRepository(named, "Repo").build_and_push_image(directory)
    EcrFargateService(named, "Web", image=image, container_port=80, ingress=PublicHttp())
    for kind in KEPT:
        assert of_type(template_of(built), kind).keys() == of_type(template_of(named), kind).keys(), kind


def test_two_services_of_one_stack_live_side_by_side(directory: Path) -> None:
    """Row 38."""
    stack = cdk.Stack(cdk.App(), "Stack")
    for name in ("One", "Two"):
        EcrFargateService(stack, name, directory=directory, container_port=80, ingress=PublicHttp())
    template = template_of(stack)
    assert len(of_type(template, "AWS::ECR::Repository")) == 2
    assert len(of_type(template, "AWS::Lambda::Function")) == 1


@pytest.mark.parametrize("name", ["Wéb-サービス", "W" * 200])
def test_ids_may_be_long_or_foreign(directory: Path, name: str) -> None:
    """Row 38."""
    stack = cdk.Stack(cdk.App(), "Stack")
    EcrFargateService(stack, name, directory=directory, container_port=80, ingress=PublicHttp())
    only(template_of(stack), "AWS::ECS::Service")


def test_a_repository_of_another_stack_serves(directory: Path) -> None:
    """Row 38."""
    app = cdk.App(context={"@aws-cdk/core:defaultCrossStackReferences": "strong"})
    shared = PrivateRepository(cdk.Stack(app, "Shared"), "Repo")
    stack = cdk.Stack(app, "Stack")
    EcrFargateService(stack, "Web", directory=directory, container_port=80, repository=shared, ingress=PublicHttp())
    assert "Fn::ImportValue" in json.dumps(only(template_of(stack), "AWS::ECS::TaskDefinition"))


def test_it_works_in_a_stage_with_an_environment(directory: Path) -> None:
    """Row 38."""
    stage = cdk.Stage(cdk.App(), "Prod", env=cdk.Environment(account="123456789012", region="eu-west-1"))
    stack = cdk.Stack(stage, "Stack")
    EcrFargateService(stack, "Web", directory=directory, container_port=80, ingress=PublicHttp())
    only(template_of(stack), "AWS::ECS::Service")


def test_feature_flags_change_nothing_of_ours(directory: Path, recommended_flags: dict[str, Any]) -> None:
    """Row 37: the template is the same in an app without any flag and in one with all of them."""
    templates = []
    for context in ({}, recommended_flags):
        stack = cdk.Stack(cdk.App(context=context), "Stack")
        EcrFargateService(stack, "Web", directory=directory, container_port=80, ingress=PublicHttp())
        templates.append(template_of(stack)["Resources"])
    without, with_all = templates
    closer = ("CustomVpcRestrictDefaultSG", "EcrFargateNetworkRestrictDefaultSecurityGroup")  # one flag asks for it
    different = {
        without.get(name, with_all.get(name))["Type"]
        for name in without.keys() | with_all.keys()
        if not name.startswith(closer)
        if without.get(name) != with_all.get(name)
    }
    assert different <= _DECIDED_BY_THE_APP, different


_DECIDED_BY_THE_APP: set[str] = {
    "AWS::IAM::Policy",  # minimizePolicies sorts actions and merges statements, everywhere in the app
    "AWS::Logs::LogGroup",  # useCdkManagedLogGroup gives the stack's copy function a log group of CDK's
}
