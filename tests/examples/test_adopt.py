"""The examples of ``docs/adopt.md``: every condition of a reliable service, and nothing that is replaced."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs_patterns as ecs_patterns

from ecr_fargate_constructs.testing import assert_no_replacement, assert_valid
from tests.compliance.promises import CONDITIONS, holds, merged, too_wide
from tests.support import ROOT, example_apps
from tests.support.templates import of_type, template_of

pytestmark = pytest.mark.integration

FOLDER = ROOT / "examples" / "adopt"


def _check(template: dict[str, Any]) -> None:
    whole = merged({"Stack": template})
    assert [name for name, condition in CONDITIONS.items() if not holds(condition, whole)] == []
    assert too_wide(whole) == []
    assert_valid(template)


def test_mixins_of_a_whole_app_and_of_one_service() -> None:
    module = example_apps.load(FOLDER / "mixins.py")
    before, after = template_of(module.before(cdk.App())), template_of(module.build(cdk.App()))
    _check(after)
    assert_no_replacement(before, after)
    services = of_type(after, "AWS::ECS::Service")
    most = {
        name.partition("Service")[0]: each["Properties"]["DeploymentConfiguration"]["MaximumPercent"]
        for name, each in services.items()
    }
    assert most == {"Orders": 200, "Search": 150}
    assert len(of_type(after, "AWS::CloudWatch::Alarm")) == 6


def test_each_mixin_alone() -> None:
    module = example_apps.load(FOLDER / "mixins.py")
    stack = module.before(cdk.App())
    orders, images = stack.node.find_child("Orders"), stack.node.find_child("Images")
    assert isinstance(orders, ecs_patterns.ApplicationLoadBalancedFargateService)
    assert isinstance(images, ecr.Repository)
    module.each_alone(stack, orders.service, images)
    template = template_of(stack)
    assert "orders-late" in str(of_type(template, "AWS::ECS::Service"))
    buffers = [
        name
        for name, each in of_type(template, "AWS::ECS::TaskDefinition").items()
        if "4194304b" in str(each["Properties"])
    ]
    assert [name.partition("TaskDef")[0] for name in buffers] == ["Orders"]
    repository = str(of_type(template, "AWS::ECR::Repository"))
    assert "IMMUTABLE" in repository
    assert '"countNumber":50' in repository


def test_an_organization() -> None:
    _check(example_apps.templates(FOLDER / "organization.py")["Orders"])
