"""Feature flags of CDK, decided here and not by the ``cdk.json`` of whoever uses the library."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from constructs import Construct

_PINNED = {
    "@aws-cdk/aws-ecs-patterns:uniqueTargetGroupId": True,
    "@aws-cdk/aws-ecs:removeDefaultDeploymentAlarm": True,
    "@aws-cdk/aws-ecs:disableExplicitDeploymentControllerForCircuitBreaker": True,
    "@aws-cdk/aws-ecs:reduceEc2FargateCloudWatchPermissions": True,
}
"""Flags that would change ids or properties of what is inside a construct of ours."""


def pin_feature_flags(construct: Construct) -> None:
    """Make everything below ``construct`` the same in every app; to be called before it has children."""
    for flag, value in _PINNED.items():
        construct.node.set_context(flag, value)
