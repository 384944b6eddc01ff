"""The public door to rule packs: ``compliance.enable`` and ``compliance.inventory``."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import aws_cdk as cdk
import cdk_nag
import pytest
from aws_cdk import aws_ec2 as ec2
from rich.console import Console

from ecr_fargate_constructs import ConfigurationError, compliance
from tests.support import ROOT, example_apps

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

VPC7 = "AwsSolutions::AwsSolutions-VPC7"


def _app(outdir: Path) -> cdk.App:
    app = cdk.App(outdir=str(outdir))
    ec2.Vpc(cdk.Stack(app, "Net"), "Vpc", restrict_default_security_group=False)
    return app


def _vpc(app: cdk.App) -> ec2.Vpc:
    vpc = app.node.find_child("Net").node.find_child("Vpc")
    assert isinstance(vpc, ec2.Vpc)
    return vpc


def test_a_finding_fails_the_synthesis(tmp_path: Path) -> None:
    app = _app(tmp_path)
    plugins = compliance.enable(app)
    assert [plugin.name for plugin in plugins] == ["AwsSolutions"]
    with pytest.raises(RuntimeError, match="AwsSolutions-VPC7"):
        app.synth()


def test_an_acknowledged_one_does_not(tmp_path: Path) -> None:
    app = _app(tmp_path)
    cdk.Validations.of(_vpc(app)).acknowledge(cdk.Acknowledgment(id=VPC7, reason="No traffic."))
    compliance.enable(app)
    app.synth()
    assert [(entry.construct, entry.rule, entry.reason) for entry in compliance.inventory(app).of("AwsSolutions")] == [
        ("Net/Vpc", VPC7, "No traffic.")
    ]


def test_other_packs(tmp_path: Path) -> None:
    app = _app(tmp_path)
    names = [plugin.name for plugin in compliance.enable(app, packs=[cdk_nag.HIPAASecurityChecks])]
    assert names == ["HIPAA.Security"]
    with pytest.raises(RuntimeError, match=r"HIPAA\.Security-VPCFlowLogsEnabled"):
        app.synth()


def test_no_pack_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="packs is empty; give at least one"):
        compliance.enable(_app(tmp_path), packs=[])


@pytest.fixture(scope="module")
def inventory() -> compliance.Inventory:
    return compliance.inventory(example_apps.build(ROOT / "examples" / "three_lines.py"))


def test_the_inventory_of_an_example(inventory: compliance.Inventory) -> None:
    own = inventory.of("AwsSolutions")
    assert len(own) == 5
    assert list(own) == sorted(own)
    assert {"Web/EcrFargateNetwork/Resource", "Web/Web/Default/LB"} <= {entry.construct for entry in own}
    assert len(inventory) > len(own), "CDK acknowledges rules of its own"


def test_the_inventory_of_a_pack_has_none_of_a_pack_whose_name_begins_with_its() -> None:
    one, other = (
        compliance.Acknowledgement("Web", f"{pack}::A", "Because.") for pack in ("AwsSolutions", "AwsSolutionsNext")
    )
    both = compliance.Inventory((one, other))
    assert list(both.of("AwsSolutions")) == [one]
    assert list(both.of("AwsSolutionsNext")) == [other]


def test_as_json(inventory: compliance.Inventory) -> None:
    found = json.loads(inventory.as_json())
    assert [tuple(entry.values()) for entry in found] == [
        (entry.construct, entry.rule, entry.reason) for entry in inventory
    ]


def test_as_markdown() -> None:
    entry = compliance.Acknowledgement("Web/A|B", "P::R[Resource::<AWS::Region>]", "One\ntwo.")
    assert compliance.Inventory((entry,)).as_markdown().splitlines() == [
        "| Construct | Rule | Reason |",
        "|---|---|---|",
        r"| Web/A\|B | P::R[Resource::&lt;AWS::Region>] | One two. |",
    ]


def test_as_a_table_of_rich() -> None:
    entry = compliance.Acknowledgement("Web/A", "P::R[bold]", "Because.")
    console = Console(file=io.StringIO(), width=120)
    console.print(compliance.Inventory((entry,)))
    assert isinstance(console.file, io.StringIO)
    assert "P::R[bold]" in console.file.getvalue()
