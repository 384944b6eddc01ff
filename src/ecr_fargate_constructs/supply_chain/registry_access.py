"""Access to a registry: who replicates into it, its policy, and pulls that do not count as use of an image."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam

from ecr_fargate_constructs._cdk.arns import arn_of_role
from ecr_fargate_constructs._rules.partitions import check_partition
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk.interfaces.aws_iam import IRoleRef
    from constructs import Construct

_ACCOUNT = re.compile(r"\d{12}")
_ROLE = re.compile(r"arn:aws(?:-[a-z]+)*:iam::\d{12}:role/[\w+=,.@-]+(?:/[\w+=,.@-]+)*", re.ASCII)
_LONGEST_ARN = 200
"""Source: "RegisterPullTimeUpdateExclusion" in the Amazon ECR API reference; the user guide accepts roles only."""

_MOST_EXCLUSIONS = 100
"""Source: "Pull-time update exclusions" in the Amazon ECR user guide."""

_LONGEST_POLICY = 10_240
"""Characters. Source: "PutRegistryPolicy" in the Amazon ECR API reference."""


def check_exclusions(principals: Sequence[IRoleRef | str], region: str) -> None:
    """Refuse roles that ECR does not exclude: by a name instead of an ARN, twice, or too many."""
    if len(principals) > _MOST_EXCLUSIONS:
        raise ConfigurationError(
            f"pull_time_exclusions has {len(principals)} roles; ECR accepts at most {_MOST_EXCLUSIONS}"
        )
    keys = [_key(each) for each in principals]
    for each, key in zip(principals, keys, strict=True):
        if keys.count(key) > 1:
            raise ConfigurationError(f"pull_time_exclusions has {key!r} twice; name each role once")
        if not isinstance(each, str) or is_token(each):
            continue
        if len(each) > _LONGEST_ARN or not _ROLE.fullmatch(each):
            raise ConfigurationError(
                f"pull_time_exclusions has {each!r}, which is not the ARN of a role that ECR accepts; use an iam.Role, "
                f"or an ARN of at most {_LONGEST_ARN} characters such as 'arn:aws:iam::111122223333:role/scanner'"
            )
        check_partition("pull_time_exclusions", each, region)


def exclude_pulls(scope: Construct, principals: Sequence[IRoleRef | str]) -> None:
    """Let pulls of these roles leave the time of an image's last pull as it is."""
    for each in principals:
        # Not the place in the list: an exclusion that moved would be created again before the old one is deleted, and
        # ECR answers ExclusionAlreadyExistsException.
        key = json.dumps(cdk.Stack.of(scope).resolve(_key(each)), sort_keys=True)
        digest = hashlib.sha256(key.encode()).hexdigest()[:8]
        ecr.CfnPullTimeUpdateExclusion(scope, f"PullTimeExclusion{digest}", principal_arn=arn_of_role(each))


def _key(principal: IRoleRef | str) -> str:
    return principal if isinstance(principal, str) else principal.node.path


def check_policy(replicate_from: Sequence[str], policy: Sequence[iam.PolicyStatement], account: str) -> None:
    """Refuse accounts that are none, or are the registry's own, and statements that no registry policy can have."""
    for each in replicate_from:
        if is_token(each):
            continue
        if not _ACCOUNT.fullmatch(str(each)):
            raise ConfigurationError(
                f"replicate_from has {each!r}, which is not an account id; use strings of 12 digits"
            )
        if list(replicate_from).count(each) > 1:
            raise ConfigurationError(f"replicate_from has {each!r} twice; name each account once")
        if each == account:
            raise ConfigurationError(
                f"replicate_from has {each!r}, the account of this registry, which may replicate into it anyway; "
                "name other accounts"
            )
    for number, statement in enumerate(policy):
        problems = statement.validate_for_resource_policy()
        if problems:
            raise ConfigurationError(
                f"policy[{number}] cannot be in a registry's policy: {' '.join(problems)} Set actions=, resources= and "
                "principals="
            )
    if len(replicate_from) * len('"arn:aws:iam::123456789012:root",') > _LONGEST_POLICY:
        raise ConfigurationError(
            f"replicate_from has {len(replicate_from)} accounts, but a registry's policy has at most "
            f"{_LONGEST_POLICY:,} characters; allow an organization instead, with policy=[iam.PolicyStatement(…, "
            "principals=[iam.OrganizationPrincipal('o-…')])]"
        )


def add_policy(scope: Construct, replicate_from: Sequence[str], policy: Sequence[iam.PolicyStatement]) -> None:
    """Write the registry's policy: there is one, and it replaces whatever the registry had."""
    document = iam.PolicyDocument()
    if replicate_from:
        repositories = cdk.Stack.of(scope).format_arn(service="ecr", resource="repository", resource_name="*")
        document.add_statements(
            iam.PolicyStatement(
                sid="ReplicationFromOtherAccounts",
                actions=["ecr:CreateRepository", "ecr:ReplicateImage"],
                principals=[iam.AccountPrincipal(account) for account in replicate_from],
                resources=[repositories],
            )
        )
    document.add_statements(*policy)
    ecr.CfnRegistryPolicy(scope, "Policy", policy_text=document)
