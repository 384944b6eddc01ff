"""Acknowledgements of findings of rule packs, each next to its cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk

from ecr_fargate_constructs._cdk.site import node_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk import aws_iam as iam
    from constructs import IConstruct

IAM4 = "AwsSolutions::AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{}]"
"""The id of the finding about an AWS managed policy, by the policy's name."""

IAM5_EVERY_RESOURCE = "AwsSolutions::AwsSolutions-IAM5[Resource::*]"
"""The id of the finding about a statement whose resource is ``*``."""


def acknowledge(construct: IConstruct, findings: Mapping[str, str]) -> None:
    """Record on a construct why each finding about it, or about a construct inside it, is accepted.

    The records are metadata of constructs: they change no template and no logical id, and have no effect in an app
    without rule packs.

    Args:
        construct: The construct that has the findings, not one above it, because an acknowledgement applies to
            everything inside.
        findings: Reasons by rule id. An id includes its pack, as in ``AwsSolutions::AwsSolutions-VPC7``, and the
            detail in brackets if the finding has one; otherwise it acknowledges nothing.
    """
    _record(construct, findings)


def acknowledge_policy(role: iam.IRole, findings: Mapping[str, str]) -> None:
    """Acknowledge findings about the policy with the grants of ``role``; do nothing if the role has no such policy."""
    policy = node_of(role).try_find_child("DefaultPolicy")
    if policy is not None:
        acknowledge(policy, findings)


def iam5_resource(scope: IConstruct, arn: str) -> str:
    """Return the id of the finding about a statement on ``arn``; rule packs write references in angle brackets."""
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
