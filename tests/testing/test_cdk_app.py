"""What is read of a cloud assembly: every stack, those of stages and nested ones included."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
import pytest
from aws_cdk import aws_sns as sns

from ecr_fargate_constructs.testing.cdk_app import read_app

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration


def test_stacks_of_stages_and_nested_stacks_are_found(tmp_path: Path) -> None:
    app = cdk.App(outdir=str(tmp_path))
    shop = cdk.Stack(cdk.Stage(app, "Prod"), "Shop")
    sns.Topic(shop, "Outer")
    sns.Topic(cdk.NestedStack(shop, "Nested"), "Inner")
    sns.Topic(cdk.Stack(app, "Other", stack_name="a-name-of-its-own"), "Topic")
    app.synth()

    found = read_app(tmp_path)
    assert len(found.stacks) == 3
    assert {"Prod/Shop", "Other"} < set(found.stacks)
    (nested,) = set(found.stacks) - {"Prod/Shop", "Other"}
    assert nested.startswith("ProdShopNested")
    topics = {name: [*template["Resources"]] for name, template in found.templates.items()}
    assert [logical_id[:5] for logical_id in topics[nested]] == ["Inner"]
    assert repr(found) == f"<CdkApp of {', '.join(found.stacks)}>"
    assert found.app is None
