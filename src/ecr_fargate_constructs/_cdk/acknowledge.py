"""Findings of rule packs that are right as they are, acknowledged beside their cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk import aws_iam as iam
    from constructs import IConstruct

IAM4 = "AwsSolutions::AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{}]"
"""A managed policy of AWS, by its name."""

IAM5_EVERY_RESOURCE = "AwsSolutions::AwsSolutions-IAM5[Resource::*]"
"""A statement whose resource is ``*``."""


def acknowledge(construct: IConstruct, findings: Mapping[str, str]) -> None:
    """Record why each of these findings is right as it is, on the construct and what is in it.

    The records are metadata of constructs: templates and logical ids stay as they are, and an app without rule packs
    notices nothing.

    Args:
        construct: The construct that is found, and nothing above it: an acknowledgement holds for all that is inside.
        findings: Rule ids with their packs, ``AwsSolutions::AwsSolutions-VPC7``, and the reason of each. Without its
            pack an id acknowledges nothing; a finding with a detail in brackets takes that as well.
    """
    _record(construct, findings)


def acknowledge_policy(role: iam.IRole, findings: Mapping[str, str]) -> None:
    """Record it on the policy that holds what was granted to ``role``; an imported role may have none of ours."""
    policy = role.node.try_find_child("DefaultPolicy")
    if policy is not None:
        acknowledge(policy, findings)


def iam5_resource(scope: IConstruct, arn: str) -> str:
    """The id of the finding that a statement on ``arn`` causes: rule packs write references in angle brackets."""
    return f"AwsSolutions::AwsSolutions-IAM5[Resource::{_text(cdk.Stack.of(scope).resolve(arn))}]"


def _record(construct: IConstruct, findings: Mapping[str, str]) -> None:
    records = (cdk.Acknowledgment(id=rule, reason=reason) for rule, reason in findings.items())
    cdk.Validations.of(construct).acknowledge(*records)  # all of them in one message to the Node process


def _text(value: Any) -> str:  # noqa: ANN401 - whatever CloudFormation has
    match value:
        case {"Fn::Join": [str(separator), list(parts)]}:
            return separator.join(map(_text, parts))
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
    return str(value)
