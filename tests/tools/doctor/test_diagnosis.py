"""``ecr-fargate doctor`` finds each fault by its own rule, and nothing where there is none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ecr_fargate_constructs.tools.assembly.earlier import read_earlier
from ecr_fargate_constructs.tools.assembly.loading import load
from ecr_fargate_constructs.tools.assembly.workload import services
from ecr_fargate_constructs.tools.cost.egress import egress_costs
from ecr_fargate_constructs.tools.cost.prices import price_table
from ecr_fargate_constructs.tools.cost.tasks import service_costs
from ecr_fargate_constructs.tools.diagram.architecture import scene_of
from ecr_fargate_constructs.tools.diagram.svg import svg
from ecr_fargate_constructs.tools.doctor import rules
from ecr_fargate_constructs.tools.doctor.diagnosis import diagnose
from ecr_fargate_constructs.tools.doctor.registry import RULES
from ecr_fargate_constructs.tools.doctor.rule import Severity
from tests.tools.doctor.faults import FAULTS, Fault
from tests.tools.doctor.pairs import PAIRS, Pair, codedeploy
from tests.tools.planting import copy_of

ERRORS = [
    "synthesis-failed",
    "architecture-mismatch",
    "dockerfile-missing",
    "listens-on-loopback",
    "task-size-unknown",
    "ephemeral-storage-unknown",
    "fargate-option-unsupported",
    "containers-exceed-task",
    "container-health-check-out-of-range",
    "stop-timeout-too-long",
    "execution-role-missing",
    "no-way-to-registry",
    "public-address-missing",
    "s3-gateway-missing",
    "logs-endpoint-missing",
    "secrets-endpoint-missing",
    "health-check-port-closed",
    "traffic-port-closed",
    "target-type-not-ip",
    "container-port-not-mapped",
    "traffic-rule-changed",
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.rule)
def test_a_fault_is_found_by_its_rule_alone(fault: Fault, assemblies: Path, tmp_path: Path) -> None:
    copy = copy_of(assemblies / fault.app, tmp_path / "cdk.out")
    fault.plant(copy)
    now = load(copy.save())
    found = diagnose(now, against=read_earlier(assemblies / fault.app, now) if fault.update else None).findings
    assert {finding.rule.id for finding in found} == {fault.rule}, [finding.detail for finding in found]
    assert len(found) == 1


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_a_fault_is_found_and_its_twin_is_not(pair: Pair, assemblies: Path, tmp_path: Path) -> None:
    found = {}
    for name, plant in (("fault", pair.fault), ("twin", pair.twin)):
        copy = copy_of(assemblies / "three_lines", tmp_path / name)
        plant(copy)
        found[name] = [finding.rule.id for finding in diagnose(load(copy.save())).findings]
    assert found == {"fault": [pair.rule], "twin": []}


def test_a_service_of_codedeploy_has_its_task_in_every_command(assemblies: Path, tmp_path: Path) -> None:
    copy = copy_of(assemblies / "three_lines", tmp_path / "cdk.out")
    codedeploy(copy)
    then, now = load(assemblies / "three_lines"), load(copy.save())
    costs = service_costs(services(now), price_table())
    assert costs == service_costs(services(then), price_table())
    assert len(costs[0]) == 1
    assert svg(scene_of(now)) == svg(scene_of(then))


def test_a_family_that_two_task_definitions_have_names_neither(assemblies: Path, tmp_path: Path) -> None:
    copy = copy_of(assemblies / "three_lines", tmp_path / "cdk.out")
    codedeploy(copy)
    copy.template["Resources"]["Second"] = {"Type": "AWS::ECS::TaskDefinition", "Properties": copy.task}
    (service,) = services(load(copy.save()))
    assert service.task is None


def test_every_rule_has_a_fault() -> None:
    assert {fault.rule for fault in FAULTS} == {rule.id for rule in RULES}
    assert len({rule.id for rule in RULES}) == len(RULES)


def test_nothing_is_found_in_the_examples(assemblies: Path) -> None:
    found = {
        folder.name: [(finding.rule.id, finding.path, finding.detail) for finding in diagnose(load(folder)).findings]
        for folder in sorted(assemblies.iterdir())
    }
    assert len(found) > 20
    assert {name: findings for name, findings in found.items() if findings} == {}


def test_what_the_examples_acknowledge_is_plain_http_said_by_name_and_what_one_has_weighed(assemblies: Path) -> None:
    known = {
        (finding.rule.id, folder.name if finding.rule.id != "plain-http" else "")
        for folder in assemblies.iterdir()
        for finding, _ in diagnose(load(folder)).acknowledged
    }
    assert known == {
        ("plain-http", ""),
        ("secret-in-environment", "weighed"),
        ("single-task", "roles"),
        ("minimum-healthy-low", "roles"),
    }


def test_the_bare_pattern_of_others_has_what_hurts(plain: Path) -> None:
    found = diagnose(load(plain)).findings
    assert {finding.rule.id for finding in found} == {
        "base-image-not-pinned",
        "draining-slow",
        "grace-period-short",
        "health-check-path-default",
        "health-check-slow",
        "image-platform-unset",
        "keep-alive-below-idle-timeout",
        "log-driver-blocking",
        "log-group-never-expires",
        "minimum-healthy-low",
        "no-circuit-breaker",
        "no-init-process",
        "plain-http",
        "runs-as-root",
        "shell-form-command",
        "single-task",
    }
    (shell,) = (finding for finding in found if finding.rule.id == "shell-form-command")
    assert shell.path == "Plain/Web/TaskDef"
    assert shell.file is not None
    assert (shell.file.name, shell.line) == ("Dockerfile", 4)


def test_a_secret_that_is_attached_to_a_database_lies_in_secrets_manager(assemblies: Path, tmp_path: Path) -> None:
    copy = copy_of(assemblies / "endpoints", tmp_path / "copy")
    attached = {"Type": "AWS::SecretsManager::SecretTargetAttachment", "Properties": {"SecretId": "x"}}
    copy.template["Resources"]["Attached"] = attached
    copy.container["Secrets"][0]["ValueFrom"] = {"Fn::Join": ["", [{"Ref": "Attached"}, ":password::"]]}
    app = load(copy.save())
    assert not diagnose(app).findings
    assert egress_costs(app, price_table())[0].endpoints[-1] == "secretsmanager"


def test_a_password_in_an_address_is_found(assemblies: Path, tmp_path: Path) -> None:
    copy = copy_of(assemblies / "endpoints", tmp_path / "copy")
    copy.container["Environment"] = [{"Name": "DATABASE_URL", "Value": "postgres://app:hunter2@db:5432/app"}]
    (found,) = diagnose(load(copy.save())).findings
    assert (found.rule.id, found.detail.rpartition(" ")[2]) == ("secret-in-environment", "DATABASE_URL")


def test_ignored_rules_are_left_out(plain: Path) -> None:
    assert "single-task" not in {finding.rule.id for finding in diagnose(load(plain), ["single-task"]).findings}


def test_ids_are_public_and_every_rule_says_what_why_and_where() -> None:
    for rule in RULES:
        assert re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", rule.id)
        assert not rule.title.endswith(".")
        assert rule.title[0].isupper()
        assert rule.why.endswith(".")
        assert rule.fix.endswith(".")
        assert rule.source.startswith("https://")
        assert rule.tags
        assert not set("|\n") & set(rule.title + rule.why + rule.fix), "it is in a table of docs/doctor-rules.md"
    assert [rule.id for rule in RULES if rule.severity is Severity.ERROR] == sorted(ERRORS)
    assert [rule.id for rule in RULES if rule.severity is Severity.WARNING] == sorted(
        {fault.rule for fault in FAULTS} - set(ERRORS)
    )


def test_a_file_holds_one_rule_and_has_its_name() -> None:
    home = Path(rules.__file__).parent
    names = [file.stem for file in home.rglob("*.py") if file.stem != "__init__"]
    assert sorted(names) == sorted(rule.id.replace("-", "_") for rule in RULES)
    for rule in RULES:
        assert type(rule).__module__.endswith("." + rule.id.replace("-", "_"))
        assert type(rule).__name__.lower() == rule.id.replace("-", "")
