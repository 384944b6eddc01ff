"""How many conditions of Security Hub and Control Tower the three-line service fails, and each with its reason."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from tests.compliance.controls import CONDITIONS, REMAINING, failed
from tests.compliance.promises import CONDITIONS as RELIABILITY
from tests.compliance.promises import holds, merged
from tests.support import ROOT, example_apps
from tests.support.templates import of_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.compliance.promises import Template

pytestmark = pytest.mark.integration

FLAG = {"@aws-cdk/aws-ec2:restrictDefaultSecurityGroup": True}
"""As ``cdk init`` writes it."""


def _template(name: str, context: dict[str, Any]) -> Template:
    return merged(example_apps.templates(ROOT / "examples" / f"{name}.py", context=context))


@pytest.fixture(scope="module")
def three_lines() -> Template:
    return _template("three_lines", FLAG)


def test_the_three_line_service_fails_these_and_no_more(three_lines: Template) -> None:
    found = failed(three_lines)
    assert found == set(REMAINING) - {"EC2.2"}
    assert len(found) == 18
    assert all(len(reason) > 20 for reason in REMAINING.values())


def test_without_the_flag_it_is_one_more() -> None:
    assert failed(_template("three_lines", {})) == set(REMAINING)


def test_no_reliability_condition_fails(three_lines: Template) -> None:
    assert [name for name, condition in RELIABILITY.items() if not holds(condition, three_lines)] == []
    assert len(RELIABILITY) == 18


def test_regulated_fails_what_is_irreducible() -> None:
    assert failed(_template("regulated", example_apps.REGULATED)) <= {
        "CloudWatch.15",
        "EC2.10",
        "EC2.55",
        "EC2.56",
        "EC2.57",
        "ECS.20",
        "ELB.18",
        "ELB.21",
        "ELB.22",
        "Lambda.3",
    }


def _drop(kind: str, *names: str) -> Callable[[Template], None]:
    def change(template: Template) -> None:
        for each in of_type(template, kind).values():
            for name in names:
                each["Properties"].pop(name, None)

    return change


def _in_container(name: str, value: object) -> Callable[[Template], None]:
    def change(template: Template) -> None:
        for each in of_type(template, "AWS::ECS::TaskDefinition").values():
            each["Properties"]["ContainerDefinitions"][0][name] = value

    return change


@pytest.mark.parametrize(
    ("control", "change"),
    [
        ("ECS.13", _drop("AWS::ECS::Service", "Tags")),
        ("ECS.14", _drop("AWS::ECS::Cluster", "Tags")),
        ("ECS.15", _drop("AWS::ECS::TaskDefinition", "Tags")),
        ("ECS.5", _in_container("ReadonlyRootFilesystem", False)),
        ("ECS.4", _in_container("Privileged", True)),
        ("ECS.12", _drop("AWS::ECS::Cluster", "ClusterSettings")),
        ("ECR.1", _drop("AWS::ECR::Repository", "ImageScanningConfiguration")),
        ("ECR.2", _drop("AWS::ECR::Repository", "ImageTagMutability")),
        ("ECR.3", _drop("AWS::ECR::Repository", "LifecyclePolicy")),
    ],
)
def test_what_breaks_a_condition_is_found(
    three_lines: Template, control: str, change: Callable[[Template], None]
) -> None:
    assert control in CONDITIONS
    assert control not in failed(three_lines)
    broken = copy.deepcopy(three_lines)
    change(broken)
    assert control in failed(broken)
