"""Feature flags of CDK, decided here and not by the ``cdk.json`` of whoever uses the library."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from ecr_fargate_constructs._cdk.attempt import on_failure
from ecr_fargate_constructs._cdk.tree import outermost

if TYPE_CHECKING:
    from constructs import Construct, IConstruct

_PINNED = {
    "@aws-cdk/aws-ecs-patterns:uniqueTargetGroupId": True,
    "@aws-cdk/aws-ecs:removeDefaultDeploymentAlarm": True,
    "@aws-cdk/aws-ecs:disableExplicitDeploymentControllerForCircuitBreaker": True,
    "@aws-cdk/aws-ecs:reduceEc2FargateCloudWatchPermissions": True,
}
"""Flags that would change ids or properties of what is inside a construct of ours."""


_OTHERWISE: WeakKeyDictionary[IConstruct, dict[str, bool]] = WeakKeyDictionary()
"""What a scope has otherwise. It has a child when this is asked, and with that its context cannot change any more."""


def pin_feature_flags(construct: Construct, scope: Construct) -> None:
    """Make everything below ``construct``, in ``scope``, the same in every app; to be called before it has children."""
    around = outermost(scope)
    otherwise = _OTHERWISE.get(around)
    if otherwise is None:
        context = around.node.get_all_context()
        otherwise = {flag: value for flag, value in _PINNED.items() if context.get(flag) is not value}
        _OTHERWISE[around] = otherwise
        on_failure(lambda: _OTHERWISE.pop(around, None))
    if otherwise:
        node = construct.node
        for flag, value in otherwise.items():
            node.set_context(flag, value)
