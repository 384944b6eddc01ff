"""Replication across accounts, the registry's policy, and pulls that do not count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam

from ecr_fargate_constructs import ConfigurationError, RegistrySettings, ReplicationDestination
from tests.support.templates import of_type, only, template_of

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.integration

OWN = cdk.Environment(account="111122223333", region="eu-west-1")
ROLE = "arn:aws:iam::111122223333:role/security/scanner"
EXCLUSION = "AWS::ECR::PullTimeUpdateExclusion"


@pytest.fixture
def stack() -> cdk.Stack:
    return cdk.Stack(cdk.App(), "Stack", env=OWN)


def test_another_account_receives_the_images(stack: cdk.Stack) -> None:
    there = ReplicationDestination(account="444455556666", region="eu-west-1")
    RegistrySettings(stack, "Registry", replicate_to=[there, "us-east-1"])
    [rule] = only(template_of(stack), "AWS::ECR::ReplicationConfiguration")["Properties"]["ReplicationConfiguration"][
        "Rules"
    ]
    assert rule["Destinations"] == [
        {"Region": "eu-west-1", "RegistryId": "444455556666"},
        {"Region": "us-east-1", "RegistryId": "111122223333"},
    ]


def test_other_accounts_may_replicate_into_it(stack: cdk.Stack) -> None:
    RegistrySettings(stack, "Registry", replicate_from=["444455556666", "777788889999"])
    template = template_of(stack)
    [statement] = only(template, "AWS::ECR::RegistryPolicy")["Properties"]["PolicyText"]["Statement"]
    assert statement["Action"] == ["ecr:CreateRepository", "ecr:ReplicateImage"]
    principals = [str(each) for each in statement["Principal"]["AWS"]]
    assert ["444455556666" in principals[0], "777788889999" in principals[1]] == [True, True]
    assert statement["Resource"]["Fn::Join"][1][-1] == ":ecr:eu-west-1:111122223333:repository/*"
    assert len(template["Resources"]) == 1


def test_a_policy_has_its_statements_after_those_of_replication(stack: cdk.Stack) -> None:
    pull = iam.PolicyStatement(
        actions=["ecr:BatchImportUpstreamImage"],
        principals=[iam.OrganizationPrincipal("o-1234567890")],
        resources=["*"],
    )
    RegistrySettings(stack, "Registry", replicate_from=["444455556666"], policy=[pull])
    statements = only(template_of(stack), "AWS::ECR::RegistryPolicy")["Properties"]["PolicyText"]["Statement"]
    assert [each["Action"] for each in statements] == [
        ["ecr:CreateRepository", "ecr:ReplicateImage"],
        "ecr:BatchImportUpstreamImage",
    ]


def _exclusions(*roles: str) -> dict[str, str]:
    stack = cdk.Stack(cdk.App(), "Stack", env=OWN)
    RegistrySettings(stack, "Registry", pull_time_exclusions=roles)
    resources = of_type(template_of(stack), EXCLUSION)
    return {each["Properties"]["PrincipalArn"]: name for name, each in resources.items()}


def test_an_exclusion_keeps_its_id_wherever_it_stands_in_the_list() -> None:
    """ECR refuses an exclusion that exists; one that only moved would be made again before the old one is deleted."""
    other = "arn:aws:iam::111122223333:role/other"
    assert _exclusions(ROLE, other) == _exclusions(other, ROLE)
    assert _exclusions(other)[other] == _exclusions(ROLE, other)[other]


def test_a_role_of_the_app_is_excluded_by_its_arn(stack: cdk.Stack) -> None:
    role = iam.Role(stack, "Scanner", assumed_by=iam.AccountRootPrincipal())
    RegistrySettings(stack, "Registry", pull_time_exclusions=[role, iam.Role.from_role_arn(stack, "Other", ROLE)])
    found = [each["Properties"]["PrincipalArn"] for each in of_type(template_of(stack), EXCLUSION).values()]
    assert [each for each in found if isinstance(each, str)] == [ROLE]
    assert [each for each in found if isinstance(each, dict)] == [{"Fn::GetAtt": ["Scanner1EAEC57B", "Arn"]}]


def test_tokens_pass_and_have_steady_ids() -> None:
    def ids(before: int) -> list[str]:
        stack = cdk.Stack(cdk.App(), "Stack", env=OWN)
        for number in range(before):  # tokens are numbered, and the number must not matter
            assert cdk.Token.is_unresolved(cdk.CfnParameter(stack, f"P{number}").value_as_string)
        arn = cdk.CfnParameter(stack, "Role").value_as_string
        account = cdk.CfnParameter(stack, "Account").value_as_string
        RegistrySettings(
            stack,
            "Registry",
            replicate_to=[ReplicationDestination(account=account, region=account)],
            replicate_from=[account],
            pull_time_exclusions=[arn],
        )
        template = template_of(stack)
        assert only(template, EXCLUSION)["Properties"] == {"PrincipalArn": {"Ref": "Role"}}
        assert "Account" in str(only(template, "AWS::ECR::RegistryPolicy"))
        return list(of_type(template, EXCLUSION))

    assert ids(0) == ids(7)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pull_time_exclusions": ["scanner"]}, r"pull_time_exclusions has 'scanner', which is not the ARN of a role"),
        (
            {"pull_time_exclusions": ["arn:aws:iam::111122223333:user/jo"]},
            r"pull_time_exclusions has 'arn:aws:iam::111122223333:user/jo', which is not the ARN of a role",
        ),
        ({"pull_time_exclusions": [f"{ROLE}{'x' * 160}"]}, r".*which is not the ARN of a role"),
        ({"pull_time_exclusions": [ROLE, ROLE]}, rf"pull_time_exclusions has '{ROLE}' twice"),
        (
            {"pull_time_exclusions": [f"{ROLE}{number}" for number in range(101)]},
            r"pull_time_exclusions has 101 roles; ECR accepts at most 100",
        ),
        (
            {"pull_time_exclusions": ["arn:aws-cn:iam::111122223333:role/scanner"]},
            r"pull_time_exclusions arn:aws-cn:iam::111122223333:role/scanner is in the partition aws-cn",
        ),
        ({"replicate_from": ["shop"]}, r"replicate_from has 'shop', which is not an account id"),
        ({"replicate_from": ["444455556666"] * 2}, r"replicate_from has '444455556666' twice"),
        ({"replicate_from": ["111122223333"]}, r"replicate_from has '111122223333', the account of this registry"),
        (
            {"replicate_from": [str(number) for number in range(10**11, 10**11 + 311)]},
            r"replicate_from has 311 accounts, but a registry's policy has at most 10,240 characters",
        ),
        (
            {"policy": [iam.PolicyStatement(actions=["ecr:ReplicateImage"], resources=["*"])]},
            r"policy\[0\] cannot be in a registry's policy: .*principal",
        ),
        (
            {"policy": [iam.PolicyStatement(actions=["ecr:*"], principals=[iam.AccountPrincipal("444455556666")])]},
            r"policy\[0\] cannot be in a registry's policy: .*resource",
        ),
        (
            {"replicate_to": [ReplicationDestination(account="111122223333", region="eu-west-1")]},
            r"replicate_to has 'eu-west-1' of the account 111122223333, the region of this registry",
        ),
        (
            {"replicate_to": [ReplicationDestination(account="444455556666", region="cn-north-1")]},
            r"replicate_to has 'cn-north-1' of the account 444455556666, which is in the partition aws-cn",
        ),
        (
            {"replicate_to": [ReplicationDestination(account="111122223333", region="us-east-1"), "us-east-1"]},
            r"replicate_to has 'us-east-1' of the account 111122223333 twice",
        ),
        ({"replicate_to": [f"us-east-{number}" for number in range(26)]}, r"replicate_to has 26 registries"),
    ],
)
def test_what_ecr_refuses(stack: cdk.Stack, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"\[Stack/Registry\] {message}"):
        RegistrySettings(stack, "Registry", **options)
    assert stack.node.try_find_child("Registry") is None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ReplicationDestination(account="shop", region="eu-west-1"), r"account='shop' is not an account id"),
        (lambda: ReplicationDestination(account="444455556666", region="Ireland"), r"region='Ireland' is not a region"),
    ],
)
def test_destinations_that_cannot_be(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"ReplicationDestination\.{message}"):
        make()
