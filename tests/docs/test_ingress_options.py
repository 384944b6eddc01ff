"""The table of ingress options has all options of the installed CDK, and names nothing that does not exist."""

from __future__ import annotations

import inspect
import re

import pytest
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as ecs_patterns
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

import ecr_fargate_constructs
import options
from tests.support import ROOT

STRUCTS: dict[str, type] = {
    "ApplicationLoadBalancedFargateService": ecs_patterns.ApplicationLoadBalancedFargateServiceProps,
    "ApplicationLoadBalancedEc2Service": ecs_patterns.ApplicationLoadBalancedEc2ServiceProps,
    "ApplicationMultipleTargetGroupsFargateService": ecs_patterns.ApplicationMultipleTargetGroupsFargateServiceProps,
    "ApplicationLoadBalancer": elbv2.ApplicationLoadBalancerProps,
    "ApplicationListener": elbv2.ApplicationListenerProps,
    "ApplicationTargetGroup": elbv2.ApplicationTargetGroupProps,
}
TABLE = options.rows((ROOT / "docs" / "ingress-options.md").read_text(encoding="utf-8"))
LISTED = {(row.of, row.option) for row in TABLE}
INSTALLED = {(name, option) for name, struct in STRUCTS.items() for option in options.options_of(struct)}
NAMED = re.compile(r"`(?P<value>[A-Z]\w*)(?:\.(?P<made>\w+)|\((?P<option>\w+)\))`")
PATH = re.compile(r"`\.(?P<path>[\w.]+)`")
ROOTS: dict[str, tuple[type, type]] = {
    "service": (ecs.FargateService, ecs.CfnService),
    "load_balancer": (elbv2.ApplicationLoadBalancer, elbv2.CfnLoadBalancer),
    "listener": (elbv2.ApplicationListener, elbv2.CfnListener),
    "target_group": (elbv2.ApplicationTargetGroup, elbv2.CfnTargetGroup),
    "pattern": (ecs_patterns.ApplicationLoadBalancedFargateService, object),
}
CHILD = "node.default_child."


def test_the_table_has_every_option_of_the_installed_cdk_once_and_no_other() -> None:
    assert sorted(INSTALLED - LISTED) == []
    assert sorted(LISTED - INSTALLED) == []
    assert len(LISTED) == len(TABLE)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.of}-{row.option}")
def test_a_row_names_what_exists(row: options.Row) -> None:
    named, paths = list(NAMED.finditer(row.where)), [match["path"] for match in PATH.finditer(row.where)]
    for match in named:
        assert match["value"] in ecr_fargate_constructs.__all__, match[0]
        value = getattr(ecr_fargate_constructs, match["value"])
        if match["made"]:
            assert callable(getattr(value, match["made"], None)), match[0]
        else:
            assert match["option"] in inspect.signature(value.__init__).parameters, match[0]
    for path in paths:
        first, _, rest = path.partition(".")
        assert hasattr(ecr_fargate_constructs.LoadBalancedFargateService, first), path
        if rest:
            made, resource = ROOTS[first]
            assert hasattr(resource if rest.startswith(CHILD) else made, rest.removeprefix(CHILD)), path
    assert {
        "option": bool(named or paths),
        "hatch": bool(paths),
        "decided": True,
        "refused": not named and not paths,
    }[row.how]
