from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ecr_fargate_constructs.testing import normalised

HASH = "0123456789abcdef" * 4
MD5 = "0123456789abcdef" * 2


def bucket(**more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"Type": "AWS::S3::Bucket", **more}


def test_what_changes_from_build_to_build_is_gone() -> None:
    template = {
        "Resources": {
            "Function": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Key": f"{HASH}.zip"}}},
            f"FunctionCurrentVersion17A89ABB{MD5}": {"Type": "AWS::Lambda::Version"},
            "CDKMetadata": {"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": "v2:deflate64:H4sI"}},
            "Bucket": bucket(Metadata={"aws:cdk:path": "Web/Bucket", "aws:asset:path": f"asset.{HASH}", "mine": 1}),
            "Other": bucket(Metadata={"aws:cdk:path": "Web/Other"}),
        },
        "Conditions": {"CDKMetadataAvailable": {"Fn::Or": []}},
        "Parameters": {"BootstrapVersion": {"Type": "AWS::SSM::Parameter::Value<String>"}},
        "Rules": {"CheckBootstrapVersion": {"Assertions": []}},
    }
    assert normalised(template) == {
        "Resources": {
            "Function": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Key": "<hash>.zip"}}},
            "FunctionCurrentVersion17A89ABB<hash>": {"Type": "AWS::Lambda::Version"},
            "Bucket": bucket(Metadata={"mine": 1}),
            "Other": bucket(),
        }
    }


def test_what_the_user_wrote_beside_it_stays() -> None:
    template = {
        "Parameters": {"BootstrapVersion": {"Type": "String"}, "Size": {"Type": "Number"}},
        "Rules": {"CheckBootstrapVersion": {}, "Mine": {"Assertions": []}},
        "Conditions": {"Prod": {"Fn::Equals": [1, 1]}},
        "Resources": {},
    }
    assert normalised(template) == {
        "Parameters": {"Size": {"Type": "Number"}},
        "Rules": {"Mine": {"Assertions": []}},
        "Conditions": {"Prod": {"Fn::Equals": [1, 1]}},
        "Resources": {},
    }


def test_other_hexadecimal_numbers_stay() -> None:
    digests = ["sha256:" + HASH[:40], HASH + "0", MD5, "i-0123456789abcdef0", f"deadbeef{MD5}"]
    template = {"Resources": {"Bucket": bucket(Properties={"Tags": digests})}}
    assert normalised(template) == template


def test_the_template_that_was_given_is_not_changed() -> None:
    template = {"Resources": {"Bucket": bucket(Metadata={"aws:cdk:path": "Web/Bucket"})}}
    before = json.dumps(template)
    normalised(template)
    assert json.dumps(template) == before


@given(st.dictionaries(st.text(max_size=80), st.recursive(st.text() | st.integers(), st.lists, max_leaves=5)))
def test_it_is_settled_after_once(properties: dict[str, Any]) -> None:
    once = normalised({"Resources": {"Bucket": bucket(Properties=properties)}})
    assert normalised(once) == once
