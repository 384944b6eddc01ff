"""Metrics of a target group behind one load balancer. CDK's own metrics only know a group's first listener.

All are one-minute metrics, which Elastic Load Balancing publishes free of charge when there is traffic. ``balancer`` is
the load balancer's full name, ``app/name/0123456789abcdef``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_cloudwatch as cloudwatch

from ecr_fargate_constructs._cdk.durations import of_minutes
from ecr_fargate_constructs._cdk.site import remember

if TYPE_CHECKING:
    from aws_cdk import aws_elasticloadbalancingv2 as elbv2


def target_metric(
    group: elbv2.ApplicationTargetGroup,
    balancer: str,
    name: str,
    statistic: str,
    *,
    label: str | None = None,
) -> cloudwatch.Metric:
    """Return a metric of a target group."""
    return cloudwatch.Metric(
        namespace="AWS/ApplicationELB",
        metric_name=name,
        statistic=statistic,
        period=of_minutes(1),
        dimensions_map={
            "LoadBalancer": balancer,
            "TargetGroup": remember(group, "full name", lambda: group.target_group_full_name),
        },
        label=label,
    )


def error_percent(group: elbv2.ApplicationTargetGroup, balancer: str) -> cloudwatch.MathExpression:
    """Return the responses with 5xx, in percent of the requests; there is no value without requests."""
    return cloudwatch.MathExpression(
        expression="100 * FILL(errors, 0) / requests",
        using_metrics={
            "errors": target_metric(group, balancer, "HTTPCode_Target_5XX_Count", "Sum"),
            "requests": target_metric(group, balancer, "RequestCount", "Sum"),
        },
        period=of_minutes(1),
        label="5xx responses",
    )


def unhealthy_hosts(group: elbv2.ApplicationTargetGroup, balancer: str) -> cloudwatch.Metric:
    """Return the largest number of unhealthy targets in each minute."""
    return target_metric(group, balancer, "UnHealthyHostCount", "Maximum")


def latency(group: elbv2.ApplicationTargetGroup, balancer: str) -> cloudwatch.Metric:
    """Return the seconds in which nine of ten requests are answered."""
    return target_metric(group, balancer, "TargetResponseTime", "p90")
