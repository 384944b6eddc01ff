"""The table of CDK's options has all of them, and names nothing that does not exist."""

from __future__ import annotations

import inspect
import re

import pytest
from aws_cdk import aws_ecs as ecs

import ecr_fargate_constructs
import options

TABLE = options.rows(options.TABLE.read_text(encoding="utf-8"))
NAMED = re.compile(r"`(?P<value>[A-Z]\w*)(?:\.(?P<made>\w+)|\((?P<option>\w*)\))`")
PATH = re.compile(r"`\.(?P<path>[\w.]+)`")
ROOTS = {
    "service": ecs.FargateService,
    "task_definition": ecs.FargateTaskDefinition,
    "container": ecs.ContainerDefinition,
}
RESOURCES = {"service": ecs.CfnService, "task_definition": ecs.CfnTaskDefinition}
CHILD = "node.default_child."


def test_the_table_knows_every_option_of_the_installed_cdk() -> None:
    assert options.unknown(TABLE) == []


def test_the_table_has_no_option_that_cdk_has_not_and_none_twice() -> None:
    listed = [(row.of, row.option) for row in TABLE]
    assert len(listed) == len(set(listed))
    assert {of for of, _ in listed} == set(options.STRUCTS)
    for of, option in listed:
        assert option in options.options_of(options.STRUCTS[of]), f"{of}.{option} is gone"


def test_a_new_option_would_be_seen() -> None:
    assert options.unknown(TABLE[1:]) == [f"{TABLE[0].of}.{TABLE[0].option}"]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.of}-{row.option}")
def test_a_row_names_what_exists(row: options.Row) -> None:
    assert row.how in {"option", "decided", "hatch", "refused"}
    named, paths = list(NAMED.finditer(row.where)), [match["path"] for match in PATH.finditer(row.where)]
    for match in named:
        assert match["value"] in ecr_fargate_constructs.__all__, match[0]
        value = getattr(ecr_fargate_constructs, match["value"])
        if match["made"]:
            assert callable(getattr(value, match["made"], None)), match[0]
        elif match["option"]:
            assert match["option"] in inspect.signature(value.__init__).parameters, match[0]
    for path in paths:
        _exists(path)
    if row.how == "option":
        assert named or paths, "an option is somewhere"
    if row.how == "hatch":
        assert paths, "a hatch has a way"
    if row.how == "refused":
        assert row.option not in ecr_fargate_constructs.AppContainer.__dataclass_fields__


def _exists(path: str) -> None:
    """A path of attributes that begins at the service."""
    first, _, rest = path.partition(".")
    assert hasattr(ecr_fargate_constructs.LoadBalancedFargateService, first), path
    if rest.startswith(CHILD):
        assert hasattr(RESOURCES[first], rest.removeprefix(CHILD)), path
    elif rest:
        assert hasattr(ROOTS[first], rest), path
