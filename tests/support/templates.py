"""Reading the template of a stack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import assertions

if TYPE_CHECKING:
    import aws_cdk as cdk

Resources = dict[str, Any]


def template_of(stack: cdk.Stack) -> dict[str, Any]:
    """The stack's template."""
    return dict(assertions.Template.from_stack(stack).to_json())


def of_type(template: dict[str, Any], kind: str) -> Resources:
    """Resources of a type, by logical id."""
    return {name: item for name, item in template["Resources"].items() if item["Type"] == kind}


def only(template: dict[str, Any], kind: str) -> dict[str, Any]:
    """The one resource of a type."""
    found = list(of_type(template, kind).values())
    assert len(found) == 1, f"{len(found)} resources of type {kind}"
    resource: dict[str, Any] = found[0]
    return resource


def attributes(resource: dict[str, Any], name: str) -> dict[str, str]:
    """A list of keys and values as a mapping."""
    return {item["Key"]: item["Value"] for item in resource["Properties"][name]}
