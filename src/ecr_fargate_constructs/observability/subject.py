"""What is observed: an ECS service, its target groups, and whether the cluster measures more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from constructs import Construct

from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence


@runtime_checkable
class BalancedService(Protocol):
    """A service with its load balancer: those of this library, CDK's patterns, and any construct that has the same.

    One whose traffic shifts between groups has ``target_groups`` too.
    """

    @property
    def service(self) -> ecs.BaseService:
        """The ECS service."""

    @property
    def target_group(self) -> elbv2.ApplicationTargetGroup:
        """The target group."""

    @property
    def load_balancer(self) -> elbv2.ApplicationLoadBalancer | None:
        """The load balancer; None behind a listener that was given."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A service as the factories see it."""

    scope: Construct
    service: ecs.BaseService
    groups: tuple[elbv2.ApplicationTargetGroup, ...]
    balancer: str
    """Full name of the load balancer."""
    insights: bool
    """Whether Container Insights are on."""


def subject_of(
    observed: BalancedService | ecs.BaseService,
    target_groups: Sequence[elbv2.ApplicationTargetGroup] | None,
    *,
    container_insights: bool | None,
) -> Subject:
    """Find out what there is to observe.

    Raises:
        ConfigurationError: For a service without a target group, or something that is none.
    """
    if isinstance(observed, ecs.BaseService):
        if not target_groups:
            raise ConfigurationError(
                "the requests of an ECS service are measured at its target groups; give target_groups=[…]",
                path=observed.node.path,
            )
        service: ecs.BaseService = observed
        scope: Construct = observed
        groups = tuple(target_groups)
        balancer = groups[0].first_load_balancer_full_name
    elif isinstance(observed, BalancedService) and isinstance(observed, Construct):
        if target_groups is not None and not target_groups:
            raise ConfigurationError(
                "target_groups is empty, so there is nothing to measure requests at; name some, or leave it out",
                path=observed.node.path,
            )
        service, scope = observed.service, observed
        own: Sequence[elbv2.ApplicationTargetGroup] = getattr(observed, "target_groups", (observed.target_group,))
        groups = tuple(own if target_groups is None else target_groups)
        # None behind a listener that was given; its ARN has the name, and the groups know it.
        known: elbv2.ApplicationLoadBalancer | None = observed.load_balancer
        balancer = groups[0].first_load_balancer_full_name if known is None else known.load_balancer_full_name
    else:
        raise ConfigurationError(
            f"{observed!r} is not an ECS service, nor a construct with service, target_group and load_balancer"
        )
    insights = _insights(service.cluster) if container_insights is None else container_insights
    return Subject(scope=scope, service=service, groups=groups, balancer=balancer, insights=insights)


def _insights(cluster: ecs.ICluster) -> bool:
    """Whether a cluster of this app has Container Insights on; of an imported one nothing is known."""
    resource = cluster.node.default_child
    if not isinstance(resource, ecs.CfnCluster):
        return False
    settings = resource.cluster_settings
    if not isinstance(settings, list):
        return False
    return any(
        isinstance(each, ecs.CfnCluster.ClusterSettingsProperty)
        and each.name == "containerInsights"
        and each.value in {"enabled", "enhanced"}
        for each in settings
    )
