"""Access of other accounts to a repository, and the limits of its policy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aws_cdk import aws_iam as iam

from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST_POLICY = 10_240  # characters: "SetRepositoryPolicy" in the Amazon ECR API reference
_LOOK = ["ecr:DescribeImages", "ecr:DescribeRepositories", "ecr:ListImages"]
_PULL = [
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:DescribeImageSigningStatus",  # the gate SignedBy of the stages that copy from here
    "ecr:GetDownloadUrlForLayer",
    *_LOOK,
]
_PUSH = [
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",  # a push asks for the manifest first ("IAM permissions for pushing an image")
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
    *_LOOK,
]


def statements(pull_accounts: Sequence[str], push_accounts: Sequence[str] = ()) -> list[iam.PolicyStatement]:
    """Return the statements of a repository's policy; none without accounts."""
    return [
        iam.PolicyStatement(
            sid=sid, actions=actions, principals=[iam.AccountPrincipal(account) for account in accounts]
        )
        for sid, actions, accounts in (
            ("PullFromOtherAccounts", _PULL, pull_accounts),
            ("PushFromOtherAccounts", _PUSH, push_accounts),
        )
        if accounts
    ]


def check_length(count: int, options: str, *, instead: str) -> None:
    """Refuse more accounts than a repository's policy has room for."""
    if count * len('"arn:aws:iam::123456789012:root",') > _LONGEST_POLICY:
        raise ConfigurationError(
            f"{count} accounts are given in {options}, but a repository's policy has at most {_LONGEST_POLICY:,} "
            f"characters; {instead}"
        )


def check_accounts(option: str, accounts: Sequence[str]) -> None:
    """Refuse anything but account ids."""
    for account in accounts:
        if not is_token(account) and not re.fullmatch(r"\d{12}", str(account)):
            raise ConfigurationError(f"{option} has {account!r}, which is not an account id; use strings of 12 digits")
