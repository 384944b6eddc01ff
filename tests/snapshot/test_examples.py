"""One template a stack of every example, without the network that all of them share."""

from __future__ import annotations

from importlib import util
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest

from ecr_fargate_constructs.testing import normalised
from tests.support import ROOT
from tests.support.templates import template_of

if TYPE_CHECKING:
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion

pytestmark = pytest.mark.integration

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
NETWORK = "EcrFargateNetwork"  # in the snapshots of the constructs


def _stacks(file: Path) -> list[cdk.Stack]:
    spec = util.spec_from_file_location(f"example_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    app = cdk.App()
    module.build(app)
    return [child for child in app.node.children if isinstance(child, cdk.Stack)]


def _without_network(template: dict[str, Any]) -> dict[str, Any]:
    resources = {name: item for name, item in template["Resources"].items() if not name.startswith(NETWORK)}
    return {**template, "Resources": resources}


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_example(file: Path, template_snapshot: SnapshotAssertion) -> None:
    found = {stack.node.id: _without_network(normalised(template_of(stack))) for stack in _stacks(file)}
    assert found == template_snapshot
