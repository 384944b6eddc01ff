"""A KMS key for the data of a stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

if TYPE_CHECKING:
    from aws_cdk.interfaces.aws_kms import IKeyRef


def make_key(stack: cdk.Stack, construct_id: str) -> kms.Key:
    """Make the key: rotated every year, and retained, because the data that it has encrypted is retained too."""
    key = kms.Key(
        stack,
        construct_id,
        description=f"Images and logs of {stack.stack_name}",
        enable_key_rotation=True,
        removal_policy=cdk.RemovalPolicy.RETAIN,
    )
    allow_logs(key, stack)
    return key


def allow_logs(key: IKeyRef, stack: cdk.Stack) -> None:
    """Allow CloudWatch Logs to use the key for the log groups of the stack's account, as its user guide describes.

    The policy of an imported key is its owner's. The principal of CloudWatch Logs has the partition's own suffix:
    ``logs.cn-north-1.amazonaws.com.cn``.
    """
    if not isinstance(key, kms.Key):
        return
    groups = stack.format_arn(
        service="logs", resource="log-group", resource_name="*", arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME
    )
    key.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal(f"logs.{stack.region}.{stack.url_suffix}")],
            actions=["kms:Decrypt*", "kms:Describe*", "kms:Encrypt*", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
            resources=["*"],
            conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
        )
    )
