"""The context of a tree: the posture, and the CDK feature flags that this library pins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs._cdk.site import node_of, outermost, remember
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from constructs import Construct, IConstruct

POSTURE = "ecr-fargate-constructs:posture"
"""The key in the context of ``cdk.json``, and of the tag on resources that are created under ``REGULATED``."""

STANDARD, REGULATED = "STANDARD", "REGULATED"

_FLAGS = {
    "@aws-cdk/aws-ecs-patterns:uniqueTargetGroupId": True,
    "@aws-cdk/aws-ecs:removeDefaultDeploymentAlarm": True,
    "@aws-cdk/aws-ecs:disableExplicitDeploymentControllerForCircuitBreaker": True,
    "@aws-cdk/aws-ecs:reduceEc2FargateCloudWatchPermissions": True,
}
"""Flags that would change ids or properties inside this library's constructs."""


def posture_word(scope: IConstruct, *, path: str | None = None) -> str:
    """Return the posture of the stack that ``scope`` is in, as a word; no other code reads it."""
    word = _context_of(scope).get(POSTURE, STANDARD)
    if word not in (STANDARD, REGULATED):
        raise ConfigurationError(
            f"the context {POSTURE!r} is {word!r}, which is not a posture; use 'STANDARD' or 'REGULATED'",
            path=path or scope.node.path,
        )
    return str(word)


def pin_feature_flags(construct: Construct, scope: Construct) -> None:
    """Give ``construct``, in ``scope``, the same feature flags in every app; call it before there are children."""
    context = _context_of(scope)
    for flag, value in _FLAGS.items():
        if context.get(flag) is not value:
            node_of(construct).set_context(flag, value)


def _context_of(scope: IConstruct) -> dict[str, Any]:
    """Return the context around a construct; this library's constructs change nothing in it but the flags."""
    around = outermost(scope)
    return remember(around, "context", lambda: dict(node_of(around).get_all_context()))
