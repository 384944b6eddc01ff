"""What the context of a tree decides: the posture, and CDK's feature flags, which this library decides itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs._cdk.site import node_of, outermost, remember
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from constructs import Construct, IConstruct

POSTURE = "ecr-fargate-constructs:posture"
"""The key in the context of ``cdk.json``, and of the tag on what is made under ``REGULATED``."""

STANDARD, REGULATED = "STANDARD", "REGULATED"

_FLAGS = {
    "@aws-cdk/aws-ecs-patterns:uniqueTargetGroupId": True,
    "@aws-cdk/aws-ecs:removeDefaultDeploymentAlarm": True,
    "@aws-cdk/aws-ecs:disableExplicitDeploymentControllerForCircuitBreaker": True,
    "@aws-cdk/aws-ecs:reduceEc2FargateCloudWatchPermissions": True,
}
"""Flags that would change ids or properties of what is inside a construct of this library."""


def posture_word(scope: IConstruct, *, path: str | None = None) -> str:
    """Return the word for the posture of the stack that ``scope`` is in; the only place that reads it.

    Raises:
        ConfigurationError: The context has another word.
    """
    word = _context_of(scope).get(POSTURE, STANDARD)
    if word not in (STANDARD, REGULATED):
        raise ConfigurationError(
            f"the context {POSTURE!r} is {word!r}, which is no posture; use 'STANDARD' or 'REGULATED'",
            path=path or scope.node.path,
        )
    return str(word)


def pin_feature_flags(construct: Construct, scope: Construct) -> None:
    """Make everything below ``construct``, in ``scope``, the same in every app; to be called before it has children."""
    context = _context_of(scope)
    for flag, value in _FLAGS.items():
        if context.get(flag) is not value:
            node_of(construct).set_context(flag, value)


def _context_of(scope: IConstruct) -> dict[str, Any]:
    """Return the context around a construct; constructs of this library leave it as it is, but for the flags."""
    around = outermost(scope)
    return remember(around, "context", lambda: dict(node_of(around).get_all_context()))
