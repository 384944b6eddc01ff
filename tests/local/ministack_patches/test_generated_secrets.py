"""Generated secrets have the value that CloudFormation gives them, and a VPC says what its addresses are."""

from __future__ import annotations

import json
import string
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest

from ecr_fargate_constructs.local.ministack_patches.attributes import answer_missing_attributes
from ecr_fargate_constructs.local.ministack_patches.generated_secrets import generate_secrets


@pytest.fixture
def value_of() -> Any:  # noqa: ANN401 - a patched function
    """Gives the value for properties of a template."""
    provisioners = SimpleNamespace(_sm_secret_string=None)
    generate_secrets(provisioners, import_module("ministack.services.secretsmanager"))
    return provisioners._sm_secret_string


def test_no_options_are_thirty_two_characters(value_of: Any) -> None:  # noqa: ANN401
    values = {value_of({"GenerateSecretString": {}}) for _ in range(5)}
    assert len(values) == 5
    assert {len(value) for value in values} == {32}


def test_options_count_also_as_text(value_of: Any) -> None:  # noqa: ANN401
    options = {"ExcludePunctuation": True, "ExcludeUppercase": "true", "IncludeSpace": "false", "PasswordLength": "200"}
    value = value_of({"GenerateSecretString": options})
    assert len(value) == 200
    assert set(value) <= set(string.ascii_lowercase + string.digits)


def test_a_template_gets_the_password_beside_what_it_has(value_of: Any) -> None:  # noqa: ANN401
    options = {"SecretStringTemplate": '{"user": "shop"}', "GenerateStringKey": "key", "PasswordLength": 8}
    found = json.loads(value_of({"GenerateSecretString": options}))
    assert found["user"] == "shop"
    assert len(found["key"]) == 8


def test_a_value_of_its_own_is_kept(value_of: Any) -> None:  # noqa: ANN401
    assert value_of({"SecretString": "own"}) == "own"
    assert not value_of({})


@pytest.mark.parametrize(
    "options", [{"PasswordLength": 5000}, {"SecretStringTemplate": "{}"}, {"GenerateStringKey": "key"}]
)
def test_what_cloudformation_refuses_is_refused(value_of: Any, options: dict[str, Any]) -> None:  # noqa: ANN401
    with pytest.raises(ValueError, match="the secret cannot be generated: "):
        value_of({"GenerateSecretString": options})


def test_the_addresses_of_a_vpc_are_an_attribute() -> None:
    ec2 = SimpleNamespace(_vpcs={"vpc-1": {"CidrBlock": "10.1.0.0/16"}})
    handlers: dict[str, Any] = {
        "AWS::EC2::VPC": {
            "create": lambda *_: ("vpc-1", {"VpcId": "vpc-1"}),
            "update": lambda *_: ("vpc-1", {"CidrBlock": "its own"}),
            "delete": "kept",
        }
    }
    answer_missing_attributes(handlers, ec2)
    handler = handlers["AWS::EC2::VPC"]
    assert handler["create"]("Vpc", {}, "Stack") == ("vpc-1", {"VpcId": "vpc-1", "CidrBlock": "10.1.0.0/16"})
    assert handler["update"]("vpc-1", {}, {}, "Stack")[1]["CidrBlock"] == "its own"
    assert handler["delete"] == "kept"


def test_the_attribute_is_that_of_a_vpc_that_ministack_makes() -> None:
    handlers = dict(import_module("ministack.services.cloudformation.provisioners")._RESOURCE_HANDLERS)
    answer_missing_attributes(handlers, import_module("ministack.services.ec2"))
    name, attributes = handlers["AWS::EC2::VPC"]["create"]("Vpc", {"CidrBlock": "10.9.0.0/16"}, "Stack")
    assert attributes["CidrBlock"] == "10.9.0.0/16"
    handlers["AWS::EC2::VPC"]["delete"](name, {})
