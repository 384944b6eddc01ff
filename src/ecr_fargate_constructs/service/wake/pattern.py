"""A service that sleeps behind a load balancer of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs.service.ingress.authentication import signed_in
from ecr_fargate_constructs.service.ingress.values import https_of
from ecr_fargate_constructs.service.wake.apply import Waking
from ecr_fargate_constructs.service.wake.priorities import Priorities

if TYPE_CHECKING:
    from ecr_fargate_constructs.service.capacity.wake import Wake
    from ecr_fargate_constructs.service.ingress.load_balancer import AnyParts
    from ecr_fargate_constructs.service.ingress.values import Ingress

_PRIORITIES = Priorities.of(49_998)
"""The lowest ones: your own rules come first."""


def let_sleep(parts: AnyParts, wake: Wake, *, ingress: Ingress, paused: bool) -> None:
    """Add two rules for all requests, which precede the pattern's default action, and what changes their order."""
    rule = _rule(parts, "Rule", _PRIORITIES.asleep, parts.target_group, ingress)
    waking = Waking(
        parts.scope,
        parts.service,
        wake,
        group=parts.target_group,
        balancer=parts.load_balancer.load_balancer_full_name,
        rule=rule,
        priorities=_PRIORITIES,
        paused=paused,
    )
    _rule(parts, "WakeRule", _PRIORITIES.function, waking.target_group, ingress)


def _rule(
    parts: AnyParts, construct_id: str, priority: float, group: elbv2.ApplicationTargetGroup, ingress: Ingress
) -> elbv2.ApplicationListenerRule:
    https = https_of(ingress)
    authentication = None if https is None else https.listener.authentication
    return elbv2.ApplicationListenerRule(
        parts.scope,  # and not the listener, for all of which the service waits: the function refers to the service
        construct_id,
        listener=parts.listener,
        priority=priority,
        conditions=[elbv2.ListenerCondition.path_patterns(["/*"])],
        action=signed_in(parts.scope, parts.listener, authentication, elbv2.ListenerAction.forward([group])),
    )
