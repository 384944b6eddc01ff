"""The plugin as CDK calls it: what is in the report, what fails the synthesis, and what it leaves to others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs import AppContainer, DoctorPlugin, LoadBalancedFargateService, PublicHttp
from ecr_fargate_constructs.tools.assembly.loading import load
from ecr_fargate_constructs.tools.doctor.diagnosis import diagnose
from ecr_fargate_constructs.tools.doctor.registry import RULES
from ecr_fargate_constructs.validation import doctor_plugin
from tests.validation import faulty
from tests.validation.planted import PLANTED, Planted, line_of, planted_in

pytestmark = pytest.mark.integration

MUTABLE = "ecr-fargate-doctor::mutable-tags"


def _app(folder: Path) -> cdk.App:
    app = cdk.App(outdir=str(folder / "cdk.out"))
    cdk.Validations.of(app).add_plugins(DoctorPlugin())
    return app


def _synth(app: cdk.App) -> dict[str, Any]:
    """The plugin's part of the report; it is empty if there is nothing to report."""
    app.synth()
    return _report(Path(app.outdir))


def _report(folder: Path) -> dict[str, Any]:
    file = folder / "validation-report.json"
    reports = json.loads(file.read_text(encoding="utf-8"))["pluginReports"] if file.is_file() else []
    return next((report for report in reports if report["pluginName"] == "ecr-fargate doctor"), {})


def _rules(report: dict[str, Any], kind: str = "violations") -> set[str]:
    return {violation["ruleName"] for violation in report.get(kind, ())}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cloud assembly of the program with faults, whose synthesis failed."""
    folder = tmp_path_factory.mktemp("faulty")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JSII_HOST_STACK_TRACES", "1")  # as cdk synth --debug-app does
        app = _app(folder)
        faulty.build(app)
        with pytest.raises(RuntimeError, match="Fargate has no task size with this CPU and memory"):
            app.synth()
    return folder / "cdk.out"


def test_each_planted_fault_names_construct_and_line(folder: Path) -> None:
    assert sum(map(len, PLANTED.values())) > 10
    assert planted_in(_report(folder)) == {
        Planted(rule, construct, f"faulty.py:{line_of(construct)}")
        for construct, rules in PLANTED.items()
        for rule in rules
    }


def test_the_plugin_finds_what_the_command_finds(folder: Path) -> None:
    report = _report(folder)
    assert report["conclusion"] == "failure"
    found = diagnose(load(folder)).findings
    assert len(found) == len(report["violations"])
    severities = {each["ruleName"]: (each["severity"], each["suggestedFix"]) for each in report["violations"]}
    assert severities == {each.rule.id: (each.rule.severity.value, each.rule.fix) for each in found}
    sources = {each["ruleName"]: each["ruleMetadata"]["source"] for each in report["violations"]}
    assert sources == {each.rule.id: each.rule.source for each in found}


def test_it_names_its_rules_and_its_version() -> None:
    plugin = DoctorPlugin()
    assert plugin.version
    left_out = {"synthesis-failed", "traffic-rule-changed", "traffic-stack-tags-changed"}
    assert {*plugin.rule_ids} == {rule.id for rule in RULES} - left_out


def test_warnings_do_not_fail_the_synthesis(tmp_path: Path) -> None:
    app = _app(tmp_path)
    ecr.Repository(cdk.Stack(app, "Web"), "Images")
    report = _synth(app)
    assert report["conclusion"] == "success"
    assert _rules(report) == {"mutable-tags", "retention-none"}


@pytest.mark.parametrize("place", ["Web", "Web/Images", "Web/Images/Resource"])
def test_an_acknowledged_finding_is_listed_with_its_reason(tmp_path: Path, place: str) -> None:
    app = _app(tmp_path)
    ecr.Repository(cdk.Stack(app, "Web"), "Images")
    construct = app.node
    for part in place.split("/"):
        construct = construct.find_child(part).node
    cdk.Validations.of(construct.scopes[-1]).acknowledge(cdk.Acknowledgment(id=MUTABLE, reason="tags of branches"))
    report = _synth(app)
    assert _rules(report) == {"retention-none"}
    (suppressed,) = report["suppressedViolations"]
    assert (suppressed["ruleName"], suppressed["reason"]) == ("mutable-tags", "tags of branches")
    assert suppressed["acknowledgedAt"] == place
    assert {each.rule.id for each in diagnose(load(tmp_path / "cdk.out")).findings} == {"retention-none"}


def _wrong_size(stack: cdk.Stack) -> ecs.FargateTaskDefinition:
    task = ecs.FargateTaskDefinition(stack, "Task", cpu=256, memory_limit_mib=4096)
    task.add_container(
        "web",
        image=ecs.ContainerImage.from_registry("public.ecr.aws/nginx/nginx:1.29"),
        logging=ecs.LogDriver.aws_logs(stream_prefix="web", mode=ecs.AwsLogDriverMode.NON_BLOCKING),
    )
    return task


def test_an_acknowledged_error_does_not_fail_the_synthesis(tmp_path: Path) -> None:
    app = _app(tmp_path)
    task = _wrong_size(cdk.Stack(app, "Web"))
    wrong_size = cdk.Acknowledgment(id="ecr-fargate-doctor::task-size-unknown", reason="AWS has a new size")
    cdk.Validations.of(task).acknowledge(wrong_size)
    report = _synth(app)
    assert report["conclusion"] == "success"
    assert _rules(report, "suppressedViolations") == {"task-size-unknown"}


def test_a_plugin_of_a_stage_looks_at_that_stage(tmp_path: Path) -> None:
    app = cdk.App(outdir=str(tmp_path / "cdk.out"))
    stages = [cdk.Stage(app, name) for name in ("Test", "Production")]
    for stage in stages:
        ecr.Repository(cdk.Stack(stage, "Web"), "Images")
    cdk.Validations.of(stages[1]).add_plugins(DoctorPlugin())
    found = planted_in(_synth(app))
    assert {each.construct for each in found} == {"Production/Web/Images/Resource"}


def test_a_construct_in_a_nested_stack_has_its_path(tmp_path: Path) -> None:
    app = _app(tmp_path)
    stack = cdk.Stack(app, "Web")
    for name in ("First", "Second"):
        ecr.Repository(cdk.NestedStack(stack, name), "Images")
    found = planted_in(_synth(app))
    assert {each.construct for each in found} == {f"Web/{name}/Images/Resource" for name in ("First", "Second")}


def test_a_finding_in_a_construct_of_a_library_names_the_line_of_the_app(
    tmp_path: Path, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JSII_HOST_STACK_TRACES", "1")
    app = _app(tmp_path)
    LoadBalancedFargateService(
        cdk.Stack(app, "Web"),
        "Web",
        container=AppContainer(ecs.ContainerImage.from_asset(str(directory)), 8080),
        ingress=PublicHttp(),
    )
    descriptions = {each["ruleName"]: each["description"] for each in _synth(app)["violations"]}
    assert "Created at tests/validation/test_doctor_plugin.py:" in descriptions["image-platform-unset"]


def test_nothing_is_checked_while_context_is_missing(tmp_path: Path) -> None:
    app = _app(tmp_path)
    stack = cdk.Stack(app, "Web", env=cdk.Environment(account="111122223333", region="eu-west-1"))
    ec2.Vpc.from_lookup(stack, "Vpc", vpc_id="vpc-1")
    _wrong_size(stack)
    report = _synth(app)
    assert report["conclusion"] == "success"
    (violation,) = report["violations"]
    assert (violation["ruleName"], violation["severity"]) == ("synthesis-failed", "info")
    assert violation["description"].startswith("Nothing was checked: the context vpc-provider:account=111122223333")


def test_a_template_that_cannot_be_read_fails_the_synthesis(tmp_path: Path) -> None:
    app = _app(tmp_path)
    service = faulty.build(app).node.find_child("Web").node.find_child("Service")
    assert isinstance(service, cdk.CfnResource)
    service.add_property_override("LoadBalancers", 5)
    with pytest.raises(RuntimeError, match="Nothing was checked: CloudFormation would refuse a template of this app"):
        app.synth()
    (violation,) = _report(tmp_path / "cdk.out")["violations"]
    assert (violation["ruleName"], violation["severity"]) == ("synthesis-failed", "error")
    assert violation["suggestedFix"].startswith("validate the templates")


def test_a_fault_of_the_plugin_itself_fails_the_synthesis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise KeyError("")

    monkeypatch.setattr(doctor_plugin, "diagnose", fails)
    app = _app(tmp_path)
    ecr.Repository(cdk.Stack(app, "Web"), "Images")
    with pytest.raises(RuntimeError, match="Nothing was checked: KeyError: ''"):
        app.synth()
