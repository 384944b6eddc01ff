"""What the tests share. Templates are built once a module: after the first synthesis a tree may not change."""

from __future__ import annotations

import os

os.environ["CDK_VALIDATION"] = "false"  # ten seconds a process; test_validation.py turns it on

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import assertions

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent
Resources = dict[str, Any]


def make_app(folder: Path, *, dockerfile: str = "FROM scratch\n") -> Path:
    """A build context with the smallest content that is one."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Dockerfile").write_text(dockerfile, encoding="utf-8")
    (folder / "server.txt").write_text("one\n", encoding="utf-8")
    return folder


def template_of(stack: cdk.Stack) -> dict[str, Any]:
    """The stack's template."""
    found: dict[str, Any] = assertions.Template.from_stack(stack).to_json()
    return found


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


@pytest.fixture(scope="session")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build context."""
    return make_app(tmp_path_factory.mktemp("context") / "app")


@pytest.fixture
def stack() -> cdk.Stack:
    """An empty stack."""
    return cdk.Stack(cdk.App(), "Stack")


@pytest.fixture(scope="session")
def synthesize() -> Callable[[Callable[[cdk.Stack], object]], dict[str, Any]]:
    """Build into a fresh stack and return its template."""

    def build(builder: Callable[[cdk.Stack], object]) -> dict[str, Any]:
        stack = cdk.Stack(cdk.App(), "Stack")
        builder(stack)
        return template_of(stack)

    return build


@pytest.fixture(scope="session")
def recommended_flags() -> dict[str, Any]:
    """The context of this project's cdk.json."""
    context: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    return context
