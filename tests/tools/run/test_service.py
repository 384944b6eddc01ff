"""Which service is meant."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.tools.errors import ToolError
from ecr_fargate_constructs.tools.run.service import choose, services_of, services_of_app
from tests.tools.run.fake import SERVICE, Fake, refused

if TYPE_CHECKING:
    from collections.abc import Callable

_NESTED = "arn:aws:cloudformation:eu-central-1:111122223333:stack/inner/1"
_RESOURCES = {
    "Web": [
        ("AWS::ECS::Service", "WebService1", SERVICE),
        ("AWS::S3::Bucket", "Bucket", "bucket"),
        ("AWS::CloudFormation::Stack", "Inner", _NESTED),
        ("AWS::ECS::Service", "Pending", ""),
    ],
    _NESTED: [("AWS::ECS::Service", "Worker2", f"{SERVICE}-worker")],
}
_TEMPLATES: dict[str, Any] = {
    "Web": {"Resources": {"WebService1": {"Metadata": {"aws:cdk:path": "Web/Shop/Default/Default/Service/Service"}}}},
    _NESTED: json.dumps({"Resources": {"Worker2": {"Metadata": {"aws:cdk:path": "Web/Inner/Worker/Service/Service"}}}}),
}


def _listed(**options: str) -> dict[str, Any]:
    rows = _RESOURCES.get(options["StackName"])
    if rows is None:
        raise refused("ValidationError", "Stack with id … does not exist")
    fields = ("ResourceType", "LogicalResourceId", "PhysicalResourceId")
    return {"StackResourceSummaries": [dict(zip(fields, row, strict=True)) for row in rows]}


@pytest.fixture
def clients() -> Callable[[str], Any]:
    """A stack with a service, and another one in a nested stack."""
    fake = Fake(
        list_stack_resources=_listed,
        get_template=lambda StackName: {"TemplateBody": _TEMPLATES[StackName]},  # noqa: N803 - boto3's
    )
    return lambda _: fake


@pytest.mark.parametrize("name", ["Shop", "Web/Shop", "WebService1", "web", "Web/Shop/Default/Default/Service/Service"])
def test_a_service_has_many_names(clients: Callable[[str], Any], name: str) -> None:
    assert choose(services_of(clients, ["Web"]), name).arn == SERVICE


def test_a_nested_service_is_found(clients: Callable[[str], Any]) -> None:
    assert choose(services_of(clients, ["Web"]), "Worker").name == "Web/Inner/Worker"


def test_other_names_are_refused_with_those_that_exist(clients: Callable[[str], Any]) -> None:
    services = services_of(clients, ["Web"])
    with pytest.raises(ToolError, match="no service Api is deployed") as raised:
        choose(services, "Api")
    assert raised.value.fix == "use one of these: Web/Shop, Web/Inner/Worker"
    with pytest.raises(ToolError, match="several services"):
        choose(services, None)
    with pytest.raises(ToolError, match="no ECS service"):
        choose([], None)


def test_stacks_of_the_app_that_are_not_deployed_are_left_out(clients: Callable[[str], Any]) -> None:
    assert len(services_of_app(clients, ["Web", "Later"])) == 2
    with pytest.raises(ToolError, match="no stack of the app is deployed in this account and region: Later"):
        services_of_app(clients, ["Later"])
    with pytest.raises(ToolError, match="ValidationError"):
        services_of(clients, ["Later"])


def test_a_missing_permission_is_named() -> None:
    fake = Fake(list_stack_resources=refused("AccessDenied"))
    with pytest.raises(ToolError, match="lacks cloudformation:ListStackResources"):
        services_of_app(lambda _: fake, ["Web"])
