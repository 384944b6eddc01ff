"""Applies a ``Scaling`` to a service: scalable target, policies, schedules, capacity and metrics."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_applicationautoscaling as appscaling
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs._cdk.attempt import when_made
from ecr_fargate_constructs._cdk.warning import warn
from ecr_fargate_constructs.service.capacity.queue_scaling import QueueScaling
from ecr_fargate_constructs.service.capacity.scaling import MetricResolution, Scaling
from ecr_fargate_constructs.service.parts import cfn_service

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_elasticloadbalancingv2 as elbv2
    from constructs import Construct

    from ecr_fargate_constructs.service.capacity.fargate import Share

_CPU, _MEMORY, _REQUESTS = "Cpu", "Memory", "Requests"

_HIGH_RESOLUTION = {
    _CPU: ("CPUUtilization", "ECSServiceAverageCPUUtilizationHighResolution"),
    _MEMORY: ("MemoryUtilization", "ECSServiceAverageMemoryUtilizationHighResolution"),
}
"""Policy to the metric that ECS has to publish every 20 seconds, and the predefined metric that follows it.

Source: "Faster auto scaling with high-resolution metrics" in the Amazon ECS developer guide.
"""


def fargate_strategies(
    scope: Construct, cluster: ecs.ICluster, scaling: Scaling | None
) -> list[ecs.CapacityProviderStrategy] | None:
    """Add the capacity providers to the cluster, and return the tasks' strategy; None for the launch type alone."""
    return strategies_of(scope, cluster, () if scaling is None or scaling.capacity is None else scaling.capacity.shares)


def strategies_of(
    scope: Construct, cluster: ecs.ICluster, shares: Sequence[Share]
) -> list[ecs.CapacityProviderStrategy] | None:
    """Add the capacity providers to the cluster, and return the strategy of ``shares``; None without any."""
    if not shares:
        return None
    if isinstance(cluster, ecs.Cluster):
        when_made(cluster.enable_fargate_capacity_providers)  # in the user's cluster it cannot be undone
    else:
        warn(
            scope,
            "importedClusterCapacity",
            "the tasks run on the capacity providers FARGATE and FARGATE_SPOT, but the cluster is imported: "
            "the deployment fails unless the cluster has both; use Cluster(enable_fargate_capacity_providers=True), or "
            "aws ecs put-cluster-capacity-providers",
        )
    return [
        ecs.CapacityProviderStrategy(
            capacity_provider=share.provider, weight=share.weight, base=share.base if share.base != 0 else None
        )
        for share in shares
    ]


def use_strategies(
    service: ecs.BaseService, cluster: ecs.ICluster, strategies: Sequence[ecs.CapacityProviderStrategy] | None
) -> None:
    """Create the service after its cluster has the capacity providers, and delete it before them."""
    if not strategies:
        return
    resource = cfn_service(service)
    if isinstance(cluster, ecs.Cluster):
        resource.node.add_dependency(cluster)
    # "When switching from launch type to capacity provider strategy on an existing service, or making a change to a
    # capacity provider strategy on a service that is already using one, you must force a new deployment": the nonce
    # changes with the strategy, and with nothing else (ForceNewDeployment in the CloudFormation template reference).
    shares = [[each.capacity_provider, each.base, each.weight] for each in strategies]
    nonce = hashlib.sha256(json.dumps(cdk.Stack.of(service).resolve(shares), sort_keys=True).encode()).hexdigest()[:16]
    resource.add_property_override(
        "ForceNewDeployment", {"EnableForceNewDeployment": True, "ForceNewDeploymentNonce": nonce}
    )


def add_scaling(service: ecs.BaseService, target_group: elbv2.ApplicationTargetGroup | None, scaling: Scaling) -> None:
    """Let Application Auto Scaling set the number of tasks."""
    # With a desired count in the template, each deployment would undo the autoscaler's decisions.
    cfn_service(service).add_property_deletion_override("DesiredCount")
    if scaling.wake is not None and not scaling.has_signal:
        return  # the function that wakes the service is all that changes the number of tasks
    # The function that wakes a service goes below this minimum to 0 and back, where no policy acts: "a scale-in
    # activity will not adjust the desired count, because it is already below the minimum capacity value"
    # ("Automatically scale your Amazon ECS service" in the Amazon ECS developer guide).
    target = service.auto_scale_task_count(
        min_capacity=0 if scaling.paused else scaling.least_awake,
        max_capacity=0 if scaling.paused else scaling.max_capacity,
    )
    if scaling.cpu_percent is not None:
        target.scale_on_cpu_utilization(
            _CPU,
            target_utilization_percent=scaling.cpu_percent,
            scale_in_cooldown=scaling.scale_in_cooldown,
            scale_out_cooldown=scaling.scale_out_cooldown,
        )
    if scaling.memory_percent is not None:
        target.scale_on_memory_utilization(
            _MEMORY,
            target_utilization_percent=scaling.memory_percent,
            scale_in_cooldown=scaling.scale_in_cooldown,
            scale_out_cooldown=scaling.scale_out_cooldown,
        )
    if scaling.requests_per_target is not None and target_group is not None:
        target.scale_on_request_count(
            _REQUESTS,
            requests_per_target=scaling.requests_per_target,
            target_group=target_group,
            scale_in_cooldown=scaling.scale_in_cooldown,
            scale_out_cooldown=scaling.scale_out_cooldown,
        )
    if isinstance(scaling, QueueScaling):
        from ecr_fargate_constructs.service.capacity.backlog import add_backlog  # noqa: PLC0415 - only with a queue

        add_backlog(service, target, scaling)
    if scaling.metric_resolution is MetricResolution.SECONDS_20:
        _publish_every_20_seconds(service, target)
    # Each schedule sets its own limits, and would start a paused service again.
    for item in () if scaling.paused else scaling.schedule:
        target.scale_on_schedule(
            item.name,
            schedule=item.at,
            min_capacity=item.min_capacity,
            max_capacity=item.max_capacity,
            time_zone=item.time_zone,
            start_time=item.start,
            end_time=item.end,
        )


def _publish_every_20_seconds(service: ecs.BaseService, target: ecs.ScalableTaskCount) -> None:
    """Publish CPU and memory every 20 seconds and scale by these metrics: neither has an L2."""
    policies = [
        (_HIGH_RESOLUTION[policy.node.id], policy)
        for policy in target.node.find_child("Target").node.children
        if isinstance(policy, appscaling.TargetTrackingScalingPolicy) and policy.node.id in _HIGH_RESOLUTION
    ]
    cfn_service(service).add_property_override(
        "Monitoring.MetricConfigurations",
        [{"MetricNames": [metric for (metric, _), _ in policies], "ResolutionSeconds": 20}],
    )
    for (_, predefined), policy in policies:
        resource = policy.node.default_child or policy.node.find_child("Resource")
        if isinstance(resource, appscaling.CfnScalingPolicy):
            resource.add_property_override(
                "TargetTrackingScalingPolicyConfiguration.PredefinedMetricSpecification.PredefinedMetricType",
                predefined,
            )
