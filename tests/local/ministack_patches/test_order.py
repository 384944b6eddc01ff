"""The order in which the embedded AWS creates a stack's resources: what a service may need comes before it."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest

from ecr_fargate_constructs.local.ministack_patches.internals import MovedError
from ecr_fargate_constructs.local.ministack_patches.order import create_services_last

engine: Any = import_module("ministack.services.cloudformation.engine")
RESOURCES: dict[str, Any] = {
    "Policy": {"Type": "AWS::IAM::Policy"},
    "WebServiceD04B5F3E": {"Type": "AWS::ECS::Service", "DependsOn": ["Policy"]},
    "WebServiceSecurityGroupRule": {"Type": "AWS::EC2::SecurityGroupIngress", "DependsOn": "Policy"},
    "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Name": {"Ref": "WebServiceD04B5F3E"}}},
}


def _order(resources: dict[str, Any], conditions: dict[str, bool] | None = None) -> list[str]:
    module = SimpleNamespace(_topological_sort=engine._topological_sort, _extract_deps=engine._extract_deps)
    user = SimpleNamespace(_topological_sort=engine._topological_sort)
    create_services_last(module, user)
    assert module._topological_sort is user._topological_sort
    found: list[str] = user._topological_sort(resources, conditions or {})
    return found


def test_the_rule_of_a_security_group_comes_before_the_service() -> None:
    assert engine._topological_sort(RESOURCES, {}).index("WebServiceD04B5F3E") == 1, "MiniStack's own order"
    assert _order(RESOURCES) == ["Policy", "WebServiceSecurityGroupRule", "WebServiceD04B5F3E", "Alarm"]


def test_a_service_on_which_another_waits_comes_before_that() -> None:
    services = {
        "A": {"Type": "AWS::ECS::Service", "DependsOn": "B"},
        "B": {"Type": "AWS::ECS::Service"},
        "C": {"Type": "AWS::SNS::Topic"},
    }
    assert _order(services) == ["C", "B", "A"]


def test_resources_whose_condition_is_false_are_left_out() -> None:
    resources = {
        **RESOURCES,
        "WebServiceSecurityGroupRule": {**RESOURCES["WebServiceSecurityGroupRule"], "Condition": "No"},
    }
    assert "WebServiceSecurityGroupRule" not in _order(resources, {"No": False})


def test_another_version_of_ministack_fails_with_a_name() -> None:
    module = SimpleNamespace(_topological_sort=engine._topological_sort, _extract_deps=engine._extract_deps)
    with pytest.raises(MovedError, match="_topological_sort"):
        create_services_last(module, SimpleNamespace())
