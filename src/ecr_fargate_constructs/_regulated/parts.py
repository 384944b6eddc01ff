"""The parts that the constructs of a stack share under ``Posture.REGULATED``; each is made on first use."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar, cast

import aws_cdk as cdk
from constructs import Construct

from ecr_fargate_constructs._cdk.arns import arn_of_web_acl
from ecr_fargate_constructs._cdk.attempt import make_shared
from ecr_fargate_constructs.posture import CONTEXT, Posture, is_regulated, provided_parts

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_cdk import aws_logs as logs
    from aws_cdk import aws_s3 as s3
    from aws_cdk.interfaces.aws_kms import IKeyRef
    from constructs import IConstruct

Part = TypeVar("Part", bound=Construct)

_KEY_ID = "EcrFargateKey"
_BUCKET_ID = "EcrFargateLogBucket"
_WEB_ACL_ID = "EcrFargateWebAcl"


def encryption_key(scope: IConstruct) -> IKeyRef | None:
    """Return the key for data of the constructs of a stack; None for each service's own key."""
    if not is_regulated(scope):
        return None
    from ecr_fargate_constructs._regulated.key import allow_logs, make_key  # noqa: PLC0415 - STANDARD needs no KMS

    stack, provided = cdk.Stack.of(scope), provided_parts(scope).encryption_key
    if provided is not None:
        allow_logs(provided, stack)
        return provided
    return _once(stack, _KEY_ID, lambda: make_key(stack, _KEY_ID))


def log_bucket(scope: IConstruct) -> s3.IBucket:
    """Return the bucket for access logs and flow logs of a stack."""
    stack, provided = cdk.Stack.of(scope), provided_parts(scope).log_bucket
    if provided is not None:
        return provided
    from ecr_fargate_constructs._regulated.log_bucket import make_log_bucket  # noqa: PLC0415 - STANDARD needs no S3

    return _once(stack, _BUCKET_ID, lambda: make_log_bucket(stack, _BUCKET_ID))


def web_acl(scope: IConstruct) -> str:
    """Return the ARN of the web ACL for the load balancers of a stack."""
    stack, provided = cdk.Stack.of(scope), provided_parts(scope).web_acl
    if provided is not None:
        return arn_of_web_acl(provided)
    from ecr_fargate_constructs._regulated.web_acl import make_web_acl  # noqa: PLC0415 - STANDARD needs no WAF

    make = partial(make_web_acl, stack, _WEB_ACL_ID)
    return _once(stack, _WEB_ACL_ID, lambda: make(encryption_key=encryption_key(scope))).attr_arn


def _once(stack: cdk.Stack, construct_id: str, make: Callable[[], Part]) -> Part:
    """Return the part of a stack; make it on the first call."""
    existing = stack.node.try_find_child(construct_id)
    if existing is not None:
        return cast("Part", existing)
    part = make_shared(stack, make)
    tag(part)
    return part


def log_retention(scope: IConstruct, option: logs.RetentionDays | None) -> logs.RetentionDays:
    """Return the retention of logs: the option's; default, 30 days, or a year under ``Posture.REGULATED``."""
    if option is not None:
        return option
    from aws_cdk import aws_logs as logs  # noqa: PLC0415 - a repository has no logs

    return logs.RetentionDays.ONE_YEAR if is_regulated(scope) else logs.RetentionDays.ONE_MONTH


def tag(construct: IConstruct) -> None:
    """Tag the resources in ``construct`` with its posture, so that an inventory can find those in scope."""
    if is_regulated(construct):
        cdk.Tags.of(construct).add(CONTEXT, Posture.REGULATED.value)
