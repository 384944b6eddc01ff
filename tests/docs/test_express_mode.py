"""What docs/express-mode.md says of a service of ECS Express Mode."""

from __future__ import annotations

import inspect
import re
from importlib import util
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs.testing import assert_valid
from tests.support import ROOT
from tests.support.templates import of_type, only, template_of

pytestmark = pytest.mark.integration

PAGE = (ROOT / "docs" / "express-mode.md").read_text(encoding="utf-8")
Templates = tuple[dict[str, Any], dict[str, Any]]


@pytest.fixture(scope="module")
def templates() -> Templates:
    spec = util.spec_from_file_location("express_mode", ROOT / "examples" / "express_mode.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return template_of(module.before(cdk.App())), template_of(module.build(cdk.App()))


def _written(option: str) -> str:
    return "".join(part.title() for part in option.split("_"))


def test_the_table_has_every_property_of_the_resource() -> None:
    rows = re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE)
    table = {name for row in rows for name in re.findall(r"`([\w.]+)`", row)}
    own = set(inspect.signature(ecs.CfnExpressGatewayService.__init__).parameters) - {"self", "scope", "id"}
    container = set(
        inspect.signature(ecs.CfnExpressGatewayService.ExpressGatewayContainerProperty.__init__).parameters
    ) - {"self"}
    named = {name.rpartition(".")[2] for name in table}
    assert {_written(each) for each in own} - {"PrimaryContainer"} <= named
    assert {_written(each) for each in container} <= named


def test_the_express_service_waits_for_an_image_that_it_may_pull(templates: Templates) -> None:
    before, _ = templates
    service = only(before, "AWS::ECS::ExpressGatewayService")
    [copy] = of_type(before, "Custom::EcrFargateImageCopy")
    assert copy in service["DependsOn"]
    [role] = [name for name in of_type(before, "AWS::IAM::Role") if name.startswith("Execution")]
    assert service["Properties"]["ExecutionRoleArn"] == {"Fn::GetAtt": [role, "Arn"]}
    [policy] = [each for name, each in of_type(before, "AWS::IAM::Policy").items() if name.startswith("Execution")]
    allowed = str(policy["Properties"]["PolicyDocument"])
    for action in ("ecr:BatchGetImage", "ecr:GetAuthorizationToken", "logs:PutLogEvents"):
        assert action in allowed
    assert [name for name in service["DependsOn"] if name.startswith("ExecutionDefaultPolicy")]


def test_both_programs_run_the_same_image_of_the_same_repository(templates: Templates) -> None:
    before, after = templates
    image = only(before, "AWS::ECS::ExpressGatewayService")["Properties"]["PrimaryContainer"]["Image"]
    [container] = only(after, "AWS::ECS::TaskDefinition")["Properties"]["ContainerDefinitions"]
    assert container["Image"] == image
    assert of_type(before, "AWS::ECR::Repository") == of_type(after, "AWS::ECR::Repository")
    assert of_type(before, "Custom::EcrFargateImageCopy") == of_type(after, "Custom::EcrFargateImageCopy")


def test_the_template_of_the_express_service_is_valid(templates: Templates) -> None:
    assert_valid(templates[0])
