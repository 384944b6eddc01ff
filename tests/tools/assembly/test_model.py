"""What refers to what: within a template, across stacks, into nested ones; and what is known before the deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as patterns

from ecr_fargate_constructs.tools.assembly.loading import load
from ecr_fargate_constructs.tools.assembly.model import App, Resource
from ecr_fargate_constructs.tools.assembly.network import Reach, reach, vpc_of
from ecr_fargate_constructs.tools.assembly.workload import services
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module", params=["strong", "weak"])
def spread(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> App:
    """A network in one stack, a service in a nested stack of another, and a third in a stage."""
    folder = tmp_path_factory.mktemp(request.param)
    app = cdk.App(outdir=str(folder), context={"@aws-cdk/core:defaultCrossStackReferences": request.param})
    vpc = ec2.Vpc(cdk.Stack(app, "Net"), "Vpc", max_azs=2)
    outer = cdk.Stack(app, "Outer")
    for scope in (cdk.NestedStack(outer, "Inner"), outer):
        patterns.ApplicationLoadBalancedFargateService(
            scope,
            "Web",
            vpc=vpc,
            task_image_options=patterns.ApplicationLoadBalancedTaskImageOptions(
                image=ecs.ContainerImage.from_registry("public.ecr.aws/nginx/nginx:1.29")
            ),
        )
    cdk.CfnOutput(cdk.Stack(cdk.Stage(app, "Prod"), "Far"), "Nothing", value="1")
    app.synth()
    return load(folder)


def test_references_are_followed_across_stacks_and_into_nested_ones(spread: App) -> None:
    found = services(spread)
    assert sorted(service.resource.path for service in found) == ["Outer/Inner/Web/Service", "Outer/Web/Service"]
    for service in found:
        assert [subnet.path for subnet in service.subnets] == [
            "Net/Vpc/PrivateSubnet1/Subnet",
            "Net/Vpc/PrivateSubnet2/Subnet",
        ]
        assert {reach(spread, subnet) for subnet in service.subnets} == {Reach.PRIVATE}
        (vpc,) = {vpc_of(spread, subnet) for subnet in service.subnets}
        assert isinstance(vpc, Resource)
        assert vpc.path == "Net/Vpc"
        (balancer,) = service.load_balancers
        assert balancer.path.startswith("Outer/")
        assert len(service.security_groups) == 1


def test_stacks_by_name(spread: App) -> None:
    assert {stack.display for stack in spread.stacks} == {"Net", "Outer", "Prod/Far"}
    only = load(spread.folder, ["Net"])
    assert not services(only)
    assert len(only.of("AWS::EC2::VPC")) == 1
    with pytest.raises(ToolError, match="no stack Nope") as caught:
        load(spread.folder, ["Nope"])
    assert "Prod/Far, Net, Outer" in (caught.value.fix or "")


def test_a_folder_without_an_app(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="holds no synthesized app"):
        load(tmp_path)
    (tmp_path / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(ToolError, match="cannot be read"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("value", "text", "literal"),
    [
        ("a", "a", "a"),
        (5, "5", "5"),
        ({"Ref": "AWS::Region"}, "${AWS::Region}", None),
        ({"Fn::Join": ["-", ["a", {"Ref": "AWS::Region"}]]}, "a-${AWS::Region}", None),
        ({"Fn::Join": ["", ["a", "b"]]}, "ab", "ab"),
        ({"Fn::Sub": "x-${AWS::AccountId}"}, "x-${AWS::AccountId}", None),
        ({"Fn::Sub": ["x-${Y}", {"Y": "z"}]}, "x-z", "x-z"),
        ({"Fn::GetAtt": ["Vpc8378EB38", "CidrBlock"]}, "${…}", None),
        (None, "${…}", None),
    ],
)
def test_values_as_text(spread: App, value: Any, text: str, literal: str | None) -> None:  # noqa: ANN401 - as CDK has it
    home = spread.of("AWS::EC2::VPC")[0].template
    assert spread.text(value, home) == text
    assert spread.literal(value, home) == literal


@pytest.mark.parametrize(
    "value",
    [
        {"Ref": "Vpc8378EB38"},
        {"Fn::GetAtt": ["Vpc8378EB38", "CidrBlock"]},
        {"Fn::GetAtt": "Vpc8378EB38.CidrBlock"},
        {"Fn::Sub": "arn:${Vpc8378EB38}"},
        {"Fn::Sub": ["${X}", {"X": {"Ref": "Vpc8378EB38"}}]},
        {"Fn::Select": [0, {"Fn::Split": [":", {"Ref": "Vpc8378EB38"}]}]},
    ],
)
def test_every_way_to_refer(spread: App, value: Any) -> None:  # noqa: ANN401 - as CloudFormation has it
    (vpc,) = spread.of("AWS::EC2::VPC")
    assert spread.target(value, vpc.template) is vpc


def test_what_leads_nowhere(spread: App) -> None:
    home = spread.of("AWS::EC2::VPC")[0].template
    for value in ("vpc-1", {"Ref": "AWS::Region"}, {"Fn::ImportValue": "Other"}, {"Ref": "BootstrapVersion"}, None):
        assert spread.target(value, home) is None
    assert [spread.number(value, home) for value in ("7", 7, 7.0, "x", {"Ref": "X"}, None)] == [
        7,
        7,
        7,
        None,
        None,
        None,
    ]


def test_acknowledgements_hold_for_what_is_inside(tmp_path: Path) -> None:
    app = cdk.App(outdir=str(tmp_path))
    vpc = ec2.Vpc(cdk.Stack(app, "Net"), "Vpc", max_azs=2)
    cdk.Validations.of(vpc).acknowledge(cdk.Acknowledgment(id="ecr-fargate-doctor::single-zone", reason="Cheap."))
    app.synth()
    found = load(tmp_path)
    rule = "ecr-fargate-doctor::single-zone"
    assert found.acknowledged("Net/Vpc/PublicSubnet1/Subnet", rule) == "Cheap."
    assert found.acknowledged("Net", rule) is None
    assert found.acknowledged("Net/Vpc", "ecr-fargate-doctor::single-task") is None
