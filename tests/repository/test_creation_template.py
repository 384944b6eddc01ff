"""Templates of the repositories that ECR creates itself."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_kms as kms

from ecr_fargate_constructs import (
    ConfigurationError,
    CreationScenario,
    Posture,
    PullThroughCache,
    RepositoryCreationTemplate,
    Retention,
    Upstream,
)
from tests.support.templates import of_type, only, template_of

pytestmark = pytest.mark.integration

TEMPLATE = "AWS::ECR::RepositoryCreationTemplate"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.fixture
def stack() -> cdk.Stack:
    return cdk.Stack(cdk.App(), "Stack")


def test_by_default_it_is_for_every_repository_and_like_a_private_one(stack: cdk.Stack) -> None:
    """Row 95."""
    made = RepositoryCreationTemplate(stack, "Template")
    template = template_of(stack)
    properties = only(template, TEMPLATE)["Properties"]
    rules = json.loads(properties.pop("LifecyclePolicy"))["rules"]
    assert [each["selection"]["countNumber"] for each in rules] == [1, 20]
    assert properties == {
        "AppliedFor": ["REPLICATION", "CREATE_ON_PUSH"],
        "EncryptionConfiguration": {"EncryptionType": "AES256"},
        "ImageTagMutability": "IMMUTABLE",
        "Prefix": "ROOT",
    }
    assert list(template["Resources"]) == ["Template"], "the logical id of the resource is public"
    assert made.template.prefix == "ROOT"


def test_tags_of_cached_images_can_move(stack: cdk.Stack) -> None:
    RepositoryCreationTemplate(stack, "Template", prefix="hub", applied_for=[CreationScenario.PULL_THROUGH_CACHE])
    assert only(template_of(stack), TEMPLATE)["Properties"]["ImageTagMutability"] == "MUTABLE"


def test_other_accounts_may_pull(stack: cdk.Stack) -> None:
    RepositoryCreationTemplate(stack, "Template", pull_accounts=["444455556666"])
    policy = only(template_of(stack), TEMPLATE)["Properties"]["RepositoryPolicy"]
    text = "".join(each if isinstance(each, str) else "aws" for each in policy["Fn::Join"][1])
    [statement] = json.loads(text)["Statement"]
    assert statement["Sid"] == "PullFromOtherAccounts"
    assert statement["Principal"] == {"AWS": "arn:aws:iam::444455556666:root"}
    assert "ecr:BatchGetImage" in statement["Action"]
    assert "ecr:PutImage" not in statement["Action"]


@pytest.mark.parametrize(("prefix", "names"), [("ROOT", "*"), ("shop", "shop/*"), ("shop/", "shop/*")])
def test_a_key_brings_the_role_that_uses_it(stack: cdk.Stack, prefix: str, names: str) -> None:
    key = kms.Key.from_key_arn(stack, "Key", KEY)
    RepositoryCreationTemplate(stack, "Template", prefix=prefix, encryption_key=key)
    template = template_of(stack)
    properties = only(template, TEMPLATE)["Properties"]
    assert properties["EncryptionConfiguration"] == {"EncryptionType": "KMS", "KmsKey": KEY}
    [(name, role)] = of_type(template, "AWS::IAM::Role").items()
    assert properties["CustomRoleArn"] == {"Fn::GetAtt": [name, "Arn"]}
    [trust] = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "ecr.amazonaws.com"}
    ecr_statement, kms_statement = only(template, "AWS::IAM::Policy")["Properties"]["PolicyDocument"]["Statement"]
    assert ecr_statement["Action"] == ["ecr:CreateRepository", "ecr:ReplicateImage"]
    assert ecr_statement["Resource"]["Fn::Join"][1][-1] == f":repository/{names}"
    assert kms_statement["Action"] == ["kms:CreateGrant", "kms:DescribeKey", "kms:RetireGrant"]
    assert kms_statement["Resource"] == KEY


def test_a_cache_can_have_a_key(stack: cdk.Stack) -> None:
    PullThroughCache(stack, "Cache", upstream=Upstream.QUAY, encryption_key=kms.Key.from_key_arn(stack, "Key", KEY))
    template = template_of(stack)
    assert only(template, TEMPLATE)["Properties"]["EncryptionConfiguration"]["KmsKey"] == KEY
    statement, _ = only(template, "AWS::IAM::Policy")["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Resource"]["Fn::Join"][1][-1] == ":repository/quay/*"


def test_under_the_regulated_posture_it_has_the_stacks_key() -> None:
    app = cdk.App(context={"ecr-fargate-constructs:posture": Posture.REGULATED.value})
    stack = cdk.Stack(app, "Stack")
    RepositoryCreationTemplate(stack, "Template")
    PullThroughCache(stack, "Cache", upstream=Upstream.QUAY)
    template = template_of(stack)
    [key] = of_type(template, "AWS::KMS::Key")
    for each in of_type(template, TEMPLATE).values():
        encryption = each["Properties"]["EncryptionConfiguration"]
        assert encryption == {"EncryptionType": "KMS", "KmsKey": {"Fn::GetAtt": [key, "Arn"]}}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prefix": "Shop"}, r"prefix='Shop' is not a prefix that ECR accepts; use 'ROOT', or at most 256"),
        ({"prefix": "root "}, r"prefix='root ' is not a prefix"),
        ({"prefix": "a//b"}, r"prefix='a//b' is not a prefix"),
        ({"prefix": ""}, r"prefix='' is not a prefix"),
        ({"prefix": "a" * 257}, r"prefix='a+' is not a prefix"),
        ({"applied_for": []}, r"applied_for is empty"),
        ({"applied_for": [CreationScenario.REPLICATION] * 2}, r"applied_for has an occasion twice"),
        ({"applied_for": ["REPLICATION"]}, r"applied_for\[0\]='REPLICATION' is a str"),
        (
            {"tag_mutability": ecr.TagMutability.IMMUTABLE_WITH_EXCLUSION},
            r"tag_mutability=TagMutability.IMMUTABLE_WITH_EXCLUSION needs exclusion filters",
        ),
        ({"pull_accounts": ["shop"]}, r"pull_accounts has 'shop', which is not an account id"),
        ({"pull_accounts": ["444455556666"] * 311}, r"311 accounts are given in pull_accounts, but"),
    ],
)
def test_what_ecr_refuses(stack: cdk.Stack, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"\[Stack/Template\] {message}"):
        RepositoryCreationTemplate(stack, "Template", **options)
    assert stack.node.try_find_child("Template") is None


def test_a_prefix_has_one_template(stack: cdk.Stack) -> None:
    PullThroughCache(stack, "Cache", upstream=Upstream.QUAY)
    with pytest.raises(ConfigurationError, match=r"\[Stack/Template\] prefix='quay' is already used by Stack/Cache"):
        RepositoryCreationTemplate(stack, "Template", prefix="quay/")
    RepositoryCreationTemplate(stack, "Template", prefix="quay/shop", retention=Retention.keep_last(5))


def test_tokens_pass(stack: cdk.Stack) -> None:
    name = cdk.CfnParameter(stack, "Name").value_as_string
    RepositoryCreationTemplate(stack, "Template", prefix=name, pull_accounts=[name])
    assert only(template_of(stack), TEMPLATE)["Properties"]["Prefix"] == {"Ref": "Name"}
