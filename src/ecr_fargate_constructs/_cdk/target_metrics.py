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
    color: str | None = None,
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
        color=color,
    )


def error_percent(
    group: elbv2.ApplicationTargetGroup,
    balancer: str,
    *,
    suffix: str = "",
    label: str = "5xx answers",
    color: str | None = None,
) -> cloudwatch.MathExpression:
    """Return the responses with 5xx, in percent of the requests; there is no value without requests.

    ``suffix`` keeps the names of several such expressions apart in one graph.
    """
    errors, requests = f"errors{suffix}", f"requests{suffix}"
    return cloudwatch.MathExpression(
        expression=f"100 * FILL({errors}, 0) / {requests}",
        using_metrics={
            errors: target_metric(group, balancer, "HTTPCode_Target_5XX_Count", "Sum"),
            requests: target_metric(group, balancer, "RequestCount", "Sum"),
        },
        period=of_minutes(1),
        label=label,
        color=color,
    )


def unhealthy_hosts(
    group: elbv2.ApplicationTargetGroup,
    balancer: str,
    *,
    label: str | None = None,
    color: str | None = None,
) -> cloudwatch.Metric:
    """Return the largest number of unhealthy targets in each minute."""
    return target_metric(group, balancer, "UnHealthyHostCount", "Maximum", label=label, color=color)


def latency(
    group: elbv2.ApplicationTargetGroup,
    balancer: str,
    statistic: str,
    *,
    label: str | None = None,
    color: str | None = None,
) -> cloudwatch.Metric:
    """Return the seconds until the targets respond."""
    return target_metric(group, balancer, "TargetResponseTime", statistic, label=label, color=color)
