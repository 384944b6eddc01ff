"""Which VPC endpoints a task needs."""

from __future__ import annotations

import re
from itertools import combinations

import pytest

from ecr_fargate_constructs._rules.endpoints import Feature, features_behind, interface_endpoints, needed_by, service_of
from tests.support import ROOT

ALWAYS = {"ecr.api", "ecr.dkr"}
_ROW = re.compile(r"^\| `Feature\.(\w+)` \| (.+) \|$", re.MULTILINE)
DOCUMENTED = {
    Feature[name]: set(re.findall(r"`([\w.-]+)`", endpoints))
    for name, endpoints in _ROW.findall((ROOT / "docs" / "network.md").read_text(encoding="utf-8"))
}
ALL = [chosen for size in range(len(DOCUMENTED) + 1) for chosen in combinations(DOCUMENTED, size)]


def test_each_feature_is_documented() -> None:
    assert set(DOCUMENTED) == set(Feature)


@pytest.mark.parametrize("chosen", ALL, ids=lambda chosen: "+".join(each.value for each in chosen) or "nothing")
def test_each_feature_on_and_off_gives_exactly_the_documented_endpoints(chosen: tuple[Feature, ...]) -> None:
    found = interface_endpoints(chosen)
    assert set(found) == ALWAYS.union(*(DOCUMENTED[feature] for feature in chosen))
    assert list(found) == sorted(set(found))
    assert set(interface_endpoints(features_behind(found))) == set(found)


@pytest.mark.parametrize(
    ("execution_role", "task_role", "needed"),
    [
        ((), (), set()),
        (("ecr:BatchGetImage", "logs:PutLogEvents"), (), {"logs"}),
        (("secretsmanager:GetSecretValue",), (), {"secretsmanager"}),
        (("ssm:GetParameters",), (), {"ssm"}),
        ((), ("ssmmessages:OpenDataChannel", "logs:DescribeLogGroups"), {"ssmmessages"}),
        ((), ("xray:PutTraceSegments", "logs:PutLogEvents"), {"xray", "logs"}),
        ((), ("ssm:GetParameter", "secretsmanager:GetSecretValue", "s3:GetObject"), set()),
    ],
)
def test_what_a_task_needs_is_read_from_its_roles(
    execution_role: tuple[str, ...], task_role: tuple[str, ...], needed: set[str]
) -> None:
    found = needed_by(execution_role=execution_role, task_role=task_role, on_ec2=False)
    assert set(found) == ALWAYS | needed


def test_machines_need_the_endpoints_of_their_agent() -> None:
    found = needed_by(execution_role=(), task_role=(), on_ec2=True)
    assert set(found) == ALWAYS | {"ecs", "ecs-agent", "ecs-telemetry"}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("com.amazonaws.eu-west-1.ecr.api", ("ecr.api", "eu-west-1")),
        ("com.amazonaws.us-gov-west-1.logs", ("logs", "us-gov-west-1")),
        ("cn.com.amazonaws.cn-north-1.ecr.dkr", ("ecr.dkr", "cn-north-1")),
        ("eu.amazonaws.eusc-de-east-1.ecr.api", ("ecr.api", "eusc-de-east-1")),
        ("gov.ic.c2s.us-iso-east-1.ecr.api", ("ecr.api", "us-iso-east-1")),
        ("gov.sgov.sc2s.us-isob-east-1.ecr.api", ("ecr.api", "us-isob-east-1")),
        ("gov.ic.hci.csp.us-isof-south-1.ecr.api", ("ecr.api", "us-isof-south-1")),
        ("uk.adc-e.cloud.eu-isoe-west-1.ecr.api", ("ecr.api", "eu-isoe-west-1")),
        ("com.amazonaws..s3", ("s3", None)),
        ("..ecr.api", ("ecr.api", None)),
        ("${…}.${AWS::Region}.ecr.api", ("ecr.api", "${AWS::Region}")),
        ("com.amazonaws.${AWS::Region}.s3", ("s3", "${AWS::Region}")),
        ("com.amazonaws.s3-global.accesspoint", ("com.amazonaws.s3-global.accesspoint", None)),
        ("", ("", None)),
    ],
)
def test_what_an_endpoint_leads_to_in_each_partition(name: str, found: tuple[str, str | None]) -> None:
    """As CDK writes the names of interface endpoints."""
    assert service_of(name) == found
