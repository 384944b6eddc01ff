"""The private repository."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_kms as kms

from ecr_fargate_constructs import PrivateRepository, Retention
from tests.support.templates import of_type, only, template_of

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    stack = cdk.Stack(cdk.App(), "Stack")
    PrivateRepository(stack, "Repo")
    return template_of(stack)


def test_tags_are_immutable(template: dict[str, Any]) -> None:
    """Row 6: a rollback runs the bits that ran before."""
    assert only(template, "AWS::ECR::Repository")["Properties"]["ImageTagMutability"] == "IMMUTABLE"


def test_images_are_scanned_on_push(template: dict[str, Any]) -> None:
    assert only(template, "AWS::ECR::Repository")["Properties"]["ImageScanningConfiguration"] == {"ScanOnPush": True}


def test_the_repository_and_its_images_survive_the_stack(template: dict[str, Any]) -> None:
    """Row 36."""
    repository = only(template, "AWS::ECR::Repository")
    assert (repository["DeletionPolicy"], repository["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert repository["Properties"]["EmptyOnDelete"] is False


def test_the_newest_20_are_kept_and_untagged_images_go_after_a_day(template: dict[str, Any]) -> None:
    """Row 2."""
    rules = _rules(template)
    tagged, untagged = (
        next(r for r in rules if r["selection"]["tagStatus"] == kind) for kind in ("tagged", "untagged")
    )
    assert (tagged["selection"]["countType"], tagged["selection"]["countNumber"]) == ("imageCountMoreThan", 20)
    assert tagged["selection"]["tagPatternList"] == ["*"]
    assert (untagged["selection"]["countType"], untagged["selection"]["countNumber"]) == ("sinceImagePushed", 1)


def test_no_rule_expires_tagged_images_by_age(template: dict[str, Any]) -> None:
    """Row 2: age alone deletes the running image of a quiet service."""
    for rule in _rules(template):
        if rule["selection"]["tagStatus"] != "untagged":
            assert rule["selection"]["countType"] == "imageCountMoreThan"


def test_nobody_is_granted_anything_by_default(template: dict[str, Any]) -> None:
    assert "RepositoryPolicyText" not in only(template, "AWS::ECR::Repository")["Properties"]


def test_name_key_removal_and_accounts_can_be_given() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    PrivateRepository(
        stack,
        "Repo",
        repository_name="team/web",
        encryption_key=kms.Key(stack, "Key"),
        removal_policy=cdk.RemovalPolicy.DESTROY,
        empty_on_delete=True,
        pull_accounts=["111122223333"],
    )
    template = template_of(stack)
    repository = only(template, "AWS::ECR::Repository")
    properties = repository["Properties"]
    assert properties["RepositoryName"] == "team/web"
    assert properties["EncryptionConfiguration"]["EncryptionType"] == "KMS"
    assert repository["DeletionPolicy"] == "Delete"
    assert properties["EmptyOnDelete"] is True
    [statement] = properties["RepositoryPolicyText"]["Statement"]
    assert sorted(statement["Action"]) == [
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:DescribeImageSigningStatus",
        "ecr:DescribeImages",
        "ecr:DescribeRepositories",
        "ecr:GetDownloadUrlForLayer",
        "ecr:ListImages",
    ]
    assert "111122223333" in json.dumps(statement["Principal"])


def test_a_wrapped_repository_has_the_logical_id_of_a_bare_one() -> None:
    ours, bare = cdk.Stack(cdk.App(), "Stack"), cdk.Stack(cdk.App(), "Stack")
    PrivateRepository(ours, "Repo")
    cdk.aws_ecr.Repository(bare, "Repo")
    assert list(of_type(template_of(ours), "AWS::ECR::Repository")) == list(
        of_type(template_of(bare), "AWS::ECR::Repository")
    )


def test_a_token_counts_images() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    count = cdk.CfnParameter(stack, "Count", type="Number")
    PrivateRepository(stack, "Repo", retention=Retention.keep_last(count.value_as_number))
    policy = only(template_of(stack), "AWS::ECR::Repository")["Properties"]["LifecyclePolicy"]["LifecyclePolicyText"]
    assert {"Ref": "Count"} in policy["Fn::Join"][1]


def _rules(template: dict[str, Any]) -> list[dict[str, Any]]:
    text = only(template, "AWS::ECR::Repository")["Properties"]["LifecyclePolicy"]["LifecyclePolicyText"]
    rules: list[dict[str, Any]] = json.loads(text)["rules"]
    return rules
