"""The subject of observation: an ECS service, its target groups, and the cluster's Container Insights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from constructs import Construct

from ecr_fargate_constructs._cdk.container_insights import has_container_insights
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence


@runtime_checkable
class BalancedService(Protocol):
    """A service with its load balancer: of this library, of CDK's patterns, or any construct with these attributes.

    A service whose traffic shifts between groups also has ``target_groups``.
    """

    @property
    def service(self) -> ecs.BaseService:
        """The ECS service."""

    @property
    def target_group(self) -> elbv2.ApplicationTargetGroup:
        """The target group."""

    @property
    def load_balancer(self) -> elbv2.ApplicationLoadBalancer | None:
        """The load balancer; None behind a listener that the app knows only by name."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A service, as the factories use it."""

    scope: Construct
    service: ecs.BaseService
    groups: tuple[elbv2.ApplicationTargetGroup, ...]
    balancer: str
    """Full name of the load balancer."""
    insights: bool
    """True if Container Insights are enabled."""


def subject_of(
    observed: BalancedService | ecs.BaseService,
    target_groups: Sequence[elbv2.ApplicationTargetGroup] | None,
    *,
    container_insights: bool | None,
) -> Subject:
    """Return the subject to observe."""
    if isinstance(observed, ecs.BaseService):
        if not target_groups:
            raise ConfigurationError(
                "the requests of an ECS service are measured at its target groups, and none are given; set "
                "target_groups=[…]",
                path=observed.node.path,
            )
        service: ecs.BaseService = observed
        scope: Construct = observed
        groups = tuple(target_groups)
        balancer = groups[0].first_load_balancer_full_name
    elif isinstance(observed, BalancedService) and isinstance(observed, Construct):
        if target_groups is not None and not target_groups:
            raise ConfigurationError(
                "target_groups is empty, so no requests can be measured; name some, or omit it",
                path=observed.node.path,
            )
        service, scope = observed.service, observed
        own: Sequence[elbv2.ApplicationTargetGroup] = getattr(observed, "target_groups", (observed.target_group,))
        groups = tuple(own if target_groups is None else target_groups)
        load_balancer = observed.load_balancer
        balancer = (
            groups[0].first_load_balancer_full_name if load_balancer is None else load_balancer.load_balancer_full_name
        )
    else:
        raise ConfigurationError(
            f"{observed!r} is not an ECS service, nor a construct with service, target_group and load_balancer; give "
            "one of them"
        )
    insights = has_container_insights(service.cluster) if container_insights is None else container_insights
    return Subject(scope=scope, service=service, groups=groups, balancer=balancer, insights=insights)
