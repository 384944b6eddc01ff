from __future__ import annotations

import re
import tarfile
from pathlib import Path

import aws_cdk
import pytest

from ecr_fargate_constructs.testing import assert_valid
from ecr_fargate_constructs.testing.engine import IGNORED_RULES, diagnostics

CLUSTER = {"Resources": {"Cluster": {"Type": "AWS::ECS::Cluster", "Properties": {"Nope": 1}}}}


def test_what_cloudformation_would_refuse_is_told() -> None:
    with pytest.raises(AssertionError) as caught:
        assert_valid(CLUSTER)
    assert str(caught.value).splitlines() == [
        "CloudFormation would refuse this template, 1 times:",
        "  F3002 Cluster (AWS::ECS::Cluster) Nope: Additional properties are not allowed ('Nope' was unexpected)",
    ]


def test_a_rule_can_be_ignored() -> None:
    assert_valid(CLUSTER, ignore=["F3002"])


def test_a_dangling_reference_is_an_error_and_a_warning_is_not() -> None:
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Gone"}}}
    with pytest.raises(AssertionError, match="Gone"):
        assert_valid({"Resources": {"Topic": topic}})
    unused = {"Parameters": {"Unused": {"Type": "String"}}, "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    assert [finding.rule_id for finding in diagnostics(unused)] == ["W2001"]
    assert_valid(unused)


def test_the_rules_left_out_are_those_that_the_cdk_in_use_leaves_out() -> None:
    (archive,) = (Path(aws_cdk.__file__).parent / "_jsii").glob("*.tgz")
    with tarfile.open(archive) as content:
        plugin = content.extractfile("package/core/lib/validation/cloudformation-validate-plugin.js")
        assert plugin is not None
        found = re.search(rb"IGNORE_RULES=new Set\((\[[^\]]*\])\)", plugin.read())
    assert found is not None
    assert set(re.findall(r'"(\w+)"', found[1].decode())) == set(IGNORED_RULES)
