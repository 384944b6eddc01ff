"""What the load balancer measures of a target group. The metrics of CDK know a group's first listener only.

All are one-minute metrics, which Elastic Load Balancing publishes free of charge when there is traffic.
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_elasticloadbalancingv2 as elbv2


def target_metric(
    group: elbv2.IApplicationTargetGroup,
    balancer: elbv2.IApplicationLoadBalancer,
    name: str,
    statistic: str,
    *,
    label: str | None = None,
    color: str | None = None,
) -> cloudwatch.Metric:
    """A metric of one target group."""
    return cloudwatch.Metric(
        namespace="AWS/ApplicationELB",
        metric_name=name,
        statistic=statistic,
        period=cdk.Duration.minutes(1),
        dimensions_map={
            "LoadBalancer": _balancer_name(balancer),
            "TargetGroup": _group_name(group),
        },
        label=label,
        color=color,
    )


def error_percent(
    group: elbv2.IApplicationTargetGroup,
    balancer: elbv2.IApplicationLoadBalancer,
    *,
    suffix: str = "",
    label: str = "5xx answers",
    color: str | None = None,
) -> cloudwatch.MathExpression:
    """Answers with 5xx, in percent of the requests; no value without requests.

    ``suffix`` keeps the names of several such expressions apart in one graph.
    """
    errors, requests = f"errors{suffix}", f"requests{suffix}"
    return cloudwatch.MathExpression(
        expression=f"100 * FILL({errors}, 0) / {requests}",
        using_metrics={
            errors: target_metric(group, balancer, "HTTPCode_Target_5XX_Count", "Sum"),
            requests: target_metric(group, balancer, "RequestCount", "Sum"),
        },
        period=cdk.Duration.minutes(1),
        label=label,
        color=color,
    )


def unhealthy_hosts(
    group: elbv2.IApplicationTargetGroup,
    balancer: elbv2.IApplicationLoadBalancer,
    *,
    label: str | None = None,
    color: str | None = None,
) -> cloudwatch.Metric:
    """Tasks that fail their health check: the most in a minute."""
    return target_metric(group, balancer, "UnHealthyHostCount", "Maximum", label=label, color=color)


def latency(
    group: elbv2.IApplicationTargetGroup,
    balancer: elbv2.IApplicationLoadBalancer,
    statistic: str,
    *,
    label: str | None = None,
    color: str | None = None,
) -> cloudwatch.Metric:
    """Seconds until the tasks answer."""
    return target_metric(group, balancer, "TargetResponseTime", statistic, label=label, color=color)


def _balancer_name(balancer: elbv2.IApplicationLoadBalancer) -> str:
    """What CloudWatch calls the load balancer: the end of its ARN, ``app/name/0123456789abcdef``."""
    if isinstance(balancer, elbv2.ApplicationLoadBalancer):
        return balancer.load_balancer_full_name
    arn = cdk.Arn.split(balancer.load_balancer_arn, cdk.ArnFormat.SLASH_RESOURCE_NAME)
    return arn.resource_name or ""


def _group_name(group: elbv2.IApplicationTargetGroup) -> str:
    """What CloudWatch calls the target group: the end of its ARN, ``targetgroup/name/0123456789abcdef``."""
    if isinstance(group, elbv2.ApplicationTargetGroup):
        return group.target_group_full_name
    return cdk.Fn.select(5, cdk.Fn.split(":", group.target_group_arn))
