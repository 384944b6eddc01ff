"""Which VPC endpoints a task needs."""

from __future__ import annotations

import re
from itertools import combinations

import pytest

from ecr_fargate_constructs.network.endpoints import Feature, features_behind, interface_endpoints, needed_by
from support import ROOT

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
    found = needed_by(execution_role=execution_role, task_role=task_role, on_machines=False)
    assert set(found) == ALWAYS | needed


def test_machines_need_the_endpoints_of_their_agent() -> None:
    found = needed_by(execution_role=(), task_role=(), on_machines=True)
    assert set(found) == ALWAYS | {"ecs", "ecs-agent", "ecs-telemetry"}
