"""Under ``Posture.REGULATED`` six rule packs find nothing that is not acknowledged, and nothing is idle."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest

from ecr_fargate_constructs import LoadBalancedFargateService, Posture
from ecr_fargate_constructs._cdk import acknowledge as _acknowledge
from ecr_fargate_constructs.compliance import inventory
from ecr_fargate_constructs.testing.engine import diagnostics
from tests.compliance import packs
from tests.compliance.promises import CHOSEN, CONDITIONS, holds, merged, too_wide
from tests.support import ROOT, example_apps
from tests.support.linting import cfn_lint, covering, shapes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from constructs import IConstruct

    from tests.compliance.packs import Checked

pytestmark = pytest.mark.integration

OTHERS = packs.NAMES[1:]
OWN = {
    "blue_green": ["BlueGreen/Probe/"],
    "endpoints": ["Inside/Password/"],
    "from_pattern": ["Shop/EcsDefaultClusterMnL3mNNYN/"],
    "access_tokens": ["AccessTokens/Logs/", "AccessTokens/Authorities/"],
    "https": ["Https/AccessLogs/"],
    "observability": ["Observed/OnCall/", "Observed/Web/Alarms/"],
    "roles": ["Roles/OnCall/"],
    "scheduled_job": ["Jobs/OnCall/"],
    "supply_chain": ["Shop/Security/"],
    "worker": ["Worker/OnCall/", "Worker/Orders/"],
    "volumes": ["Volumes/Vpc/", "Volumes/Files/"],
}
"""What an example makes itself, and would have to protect: a function, a secret, a bucket, a topic, a network."""

PINNED = {
    "EventBusDLQ",
    "IAMNoInlinePolicy",
    "CloudWatchAlarmAction",
    "ELBv2ACMCertificateRequired",
    "EC2RestrictedCommonPorts",
    "EC2RestrictedSSH",
    "VPCNoUnrestrictedRouteToIGW",
    "SQSRedrivePolicy",
    "StepFunctionStateMachineXray",
    "S3BucketLoggingEnabled",
    "S3BucketReplicationEnabled",
    "S3BucketDefaultLockEnabled",
    "S3DefaultEncryptionKMS",
    "LambdaInsideVPC",
    "LambdaConcurrency",
    "LambdaDLQ",
    "LambdaTracing",
}
"""What is acknowledged for the five packs beside AwsSolutions."""


def _file(name: str) -> Path:
    return next(file for file in example_apps.EXAMPLES if file.stem == name)


@dataclass(frozen=True)
class Example:
    """An example after the rule packs."""

    checked: Checked
    recorded: dict[tuple[str, str], str]
    """Construct and rule to reason, of all that this library recorded."""
    outdir: Path

    @property
    def templates(self) -> dict[str, dict[str, Any]]:
        """By stack."""
        return {
            file.name.partition(".")[0]: json.loads(file.read_text(encoding="utf-8"))
            for file in sorted(self.outdir.glob("*.template.json"))
        }


def _check(name: str, outdir: Path, *, https: bool = True, names: tuple[str, ...] = packs.NAMES) -> Checked:
    app = example_apps.build(_file(name), outdir, context=example_apps.REGULATED, https=https)
    return packs.check(app, outdir, names)


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Example]:
    known: dict[str, Example] = {}
    record = _acknowledge._record

    def checked(name: str) -> Example:
        if name in known:
            return known[name]
        recorded = {}

        def noted(construct: IConstruct, findings: Mapping[str, str]) -> None:
            recorded.update({(construct.node.path, finding): reason for finding, reason in findings.items()})
            record(construct, findings)

        outdir = tmp_path_factory.mktemp("nag")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_acknowledge, "_record", noted)
            known[name] = Example(_check(name, outdir), recorded, outdir)
        return known[name]

    return checked


EXAMPLES = [file.stem for file in example_apps.EXAMPLES]


@pytest.mark.parametrize("name", EXAMPLES)
def test_six_packs_find_nothing_that_is_not_acknowledged(name: str, check: Callable[[str], Example]) -> None:
    own = tuple(OWN.get(name, ()))
    found = [(path, rule) for path, rule in check(name).checked.found if not (own and path.startswith(own))]
    assert found == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_acknowledgement_is_needed_and_is_of_one_finding(name: str, check: Callable[[str], Example]) -> None:
    packs.check_each_is_needed(check(name).recorded, check(name).checked)


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_acknowledged_is_in_the_list_and_says_why(name: str, check: Callable[[str], Example]) -> None:
    for (path, rule), reason in check(name).recorded.items():
        assert rule.startswith("AwsSolutions") or rule.rpartition("-")[2] in PINNED
        assert path.count("/") >= 1, f"{path} is a stack"
        assert len(reason) > 40


@pytest.mark.parametrize("name", EXAMPLES)
def test_least_privilege_and_reliability(name: str, check: Callable[[str], Example]) -> None:
    template = merged(check(name).templates)
    assert too_wide(template) == []
    if name not in {"registry", "retention", "scheduled_job"}:  # they have no service
        kept = {condition for condition, of in CONDITIONS.items() if holds(of, template)}
        assert kept == set(CONDITIONS) - {condition for example, condition in CHOSEN if example == name}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_built_in_validation_finds_nothing(name: str, check: Callable[[str], Example]) -> None:
    for template in check(name).templates.values():
        assert [(each.rule_id, each.message) for each in diagnostics(template)] == []


def test_cfn_lint_finds_nothing(check: Callable[[str], Example], tmp_path: Path) -> None:
    """It takes a second for a template: it gets those with resources of a shape that no example has under STANDARD.

    The snapshots know that posture, and test_validation.py lints it.
    """
    snapshots = (ROOT / "tests" / "snapshot" / "__snapshots__" / "test_examples").glob("*.json")
    standard = [file for file in snapshots if "regulated" not in file.name]
    known = {
        shape
        for file in standard
        for template in json.loads(file.read_text(encoding="utf-8")).values()
        for shape in shapes(template)
    }
    templates = {
        f"{name}-{stack}.template.json": template
        for name in EXAMPLES
        for stack, template in check(name).templates.items()
    }
    files = [tmp_path / name for name in covering(templates, known=known)]
    for file in files:
        file.write_text(json.dumps(templates[file.name]), encoding="utf-8")
    assert len(files) > 3
    assert not cfn_lint(files)


def test_the_list_is_no_longer_than_needed(check: Callable[[str], Example]) -> None:
    rules = {rule for name in EXAMPLES for _, rule in check(name).recorded if not rule.startswith("AwsSolutions")}
    assert {rule.rpartition("-")[2] for rule in rules} == PINNED


def test_plain_http_stays_a_finding(tmp_path: Path) -> None:
    checked = _check("three_lines", tmp_path, https=False)
    assert {(path, rule.rpartition("-")[2]) for path, rule in checked.found} == {
        ("Web/Web/Default/LB/PublicListener/Resource", "ALBHttpToHttpsRedirection"),
        ("Web/Web/Default/LB/PublicListener/Resource", "ELBv2ACMCertificateRequired"),
    }


NEEDED = [
    ("three_lines", "Web/Web/Default/TaskDef/ExecutionRole", "HIPAA.Security-IAMNoInlinePolicy"),
    ("three_lines", "Web/EcrFargateImageCopier/Role", "NIST.800.53.R4-IAMNoInlinePolicy"),
    ("three_lines", "Web/Web/Default/TargetErrors/Resource", "NIST.800.53.R5-CloudWatchAlarmAction"),
    ("three_lines", "Web/Web/Default/LB/PublicRedirectListener/Resource", "PCI.DSS.321-ELBv2ACMCertificateRequired"),
    ("three_lines", "Web/EcrFargateNetwork/PublicSubnet1/DefaultRoute", "HIPAA.Security-VPCNoUnrestrictedRouteToIGW"),
    ("three_lines", "Web/EcrFargateLogBucket/Resource", "AwsSolutions-S1"),
    ("three_lines", "Web/EcrFargateLogBucket/Resource", "HIPAA.Security-S3BucketLoggingEnabled"),
    ("three_lines", "Web/EcrFargateLogBucket/Resource", "NIST.800.53.R5-S3BucketReplicationEnabled"),
    ("three_lines", "Web/EcrFargateLogBucket/Resource", "NIST.800.53.R4-S3BucketDefaultLockEnabled"),
    ("three_lines", "Web/EcrFargateLogBucket/Resource", "PCI.DSS.321-S3DefaultEncryptionKMS"),
    ("three_lines", "Web/EcrFargateImageCopier/Function", "HIPAA.Security-LambdaInsideVPC"),
    ("three_lines", "Web/EcrFargateImageCopier/Function", "NIST.800.53.R5-LambdaConcurrency"),
    ("three_lines", "Web/EcrFargateImageCopier/Function", "Serverless-LambdaDLQ"),
    ("three_lines", "Web/EcrFargateImageCopier/Function", "Serverless-LambdaTracing"),
    ("endpoints", "Inside/Network/EndpointSecurityGroup", "HIPAA.Security-EC2RestrictedSSH"),
    ("endpoints", "Inside/Web/InternalLB/SecurityGroup", "NIST.800.53.R4-EC2RestrictedCommonPorts"),
    ("worker", "Worker/Queue/DeadLetters/Resource", "Serverless-SQSRedrivePolicy"),
    ("scheduled_job", "Jobs/Report/StateMachine/Resource", "Serverless-StepFunctionStateMachineXray"),
    ("scale_to_zero", "Tools/Wiki/Wake/Idle/Resource", "NIST.800.53.R5-CloudWatchAlarmAction"),
    ("scale_to_zero", "Tools/Wiki/Wake/Function/Resource", "NIST.800.53.R5-LambdaConcurrency"),
    ("scale_to_zero", "Tools/Wiki/Wake/Function/Resource", "Serverless-LambdaDLQ"),
    ("scale_to_zero", "Tools/Wiki/Wake/Function/Resource", "Serverless-LambdaTracing"),
    ("supply_chain", "Shop/Findings/Rule/Resource", "Serverless-EventBusDLQ"),
    ("supply_chain", "Shop/Signed/Function/Resource", "NIST.800.53.R5-LambdaConcurrency"),
    ("supply_chain", "Shop/Signed/Function/Resource", "Serverless-LambdaDLQ"),
    ("supply_chain", "Shop/Signed/Function/Resource", "Serverless-LambdaTracing"),
]
"""Every reason in the sources, in an example."""


@pytest.mark.parametrize(("name", "path", "rule"), NEEDED, ids=[f"{case[0]}-{case[2]}" for case in NEEDED])
def test_without_one_acknowledgement_the_check_fails(
    name: str, path: str, rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = _acknowledge._record
    left_out: set[tuple[str, str]] = set()
    pack = rule.rpartition("-")[0]

    def all_but_one(construct: IConstruct, findings: Mapping[str, str]) -> None:
        dropped = f"{pack}::{rule}" if construct.node.path.startswith(path) else None
        left_out.update((construct.node.path, finding) for finding in findings if finding == dropped)
        record(construct, {finding: reason for finding, reason in findings.items() if finding != dropped})

    monkeypatch.setattr(_acknowledge, "_record", all_but_one)
    own = tuple(OWN.get(name, ("nothing",)))
    found = [each for each in _check(name, tmp_path, names=(pack,)).found if not each[0].startswith(own)]
    [(at, finding)] = left_out
    assert [each for _, each in found] == [finding]
    assert found[0][0].startswith(at)


def test_every_reason_is_in_that_list(check: Callable[[str], Example]) -> None:
    listed = {
        reason
        for name, path, rule in NEEDED
        for (at, each), reason in check(name).recorded.items()
        if at.startswith(path) and each.partition("::")[2] == rule
    }
    reasons = {
        reason
        for name in EXAMPLES
        for (_, rule), reason in check(name).recorded.items()
        if not rule.startswith("AwsSolutions")
    }
    assert reasons <= listed


def test_standard_records_nothing_for_the_other_packs(tmp_path: Path) -> None:
    app = example_apps.build(_file("three_lines"), tmp_path)
    assert not [entry for entry in inventory(app) if entry.rule.startswith(OTHERS)]


def test_a_grant_to_the_task_role_is_acknowledged_when_it_is_made(tmp_path: Path) -> None:
    from aws_cdk import aws_ssm as ssm  # noqa: PLC0415

    from ecr_fargate_constructs import AppContainer  # noqa: PLC0415

    app = cdk.App(outdir=str(tmp_path))
    stack = cdk.Stack(app, "Stack")
    Posture.REGULATED.apply_to(stack)
    web = LoadBalancedFargateService(stack, "Web", container=AppContainer("public.ecr.aws/nginx/nginx:1.29", 80))
    before = {entry.construct for entry in inventory(app).of("PCI.DSS.321")}
    ssm.StringParameter(stack, "Prices", string_value="{}").grant_read(web)
    after = {entry.construct for entry in inventory(app).of("PCI.DSS.321")}
    assert after - before == {"Stack/Web/TaskDef/TaskRole"}
