"""The metric factory: the metrics of a service. Independent of alarms, graphs and thresholds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch

from ecr_fargate_constructs._cdk.target_metrics import target_metric

if TYPE_CHECKING:
    from ecr_fargate_constructs.observability.subject import Subject

_MINUTE = cdk.Duration.minutes


class ServiceMetrics:
    """Metrics of one service, over all of its target groups."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    def requests(self) -> cloudwatch.IMetric:
        """Return requests per minute."""
        return self._over_groups("RequestCount", "Sum", "requests", label="requests a minute", missing="0")

    def error_percent(self) -> cloudwatch.IMetric:
        """Return responses with 5xx, in percent of the requests; no value without requests."""
        errors, requests = self._named("HTTPCode_Target_5XX_Count", "Sum", "e"), self._named("RequestCount", "Sum", "r")
        return cloudwatch.MathExpression(
            expression=f"100 * ({_sum(errors)}) / ({_sum(requests) if len(requests) > 1 else next(iter(requests))})",
            using_metrics={**errors, **requests},
            period=_MINUTE(1),
            label="5xx, % of the requests",
        )

    def latency(self, statistic: str) -> cloudwatch.IMetric:
        """Return the seconds until the tasks answer; of several groups, the slowest."""
        return self._over_groups("TargetResponseTime", statistic, f"{statistic}of", label=f"{statistic}, seconds")

    def unhealthy_hosts(self) -> cloudwatch.IMetric:
        """Return the number of tasks that fail their health check."""
        return self._over_groups("UnHealthyHostCount", "Maximum", "unhealthy", label="unhealthy tasks", missing="0")

    def healthy_hosts(self) -> cloudwatch.IMetric:
        """Return the number of tasks that pass their health check."""
        return self._over_groups("HealthyHostCount", "Minimum", "healthy", label="healthy tasks", missing="0")

    def cpu_percent(self) -> cloudwatch.IMetric:
        """Return the average CPU utilization."""
        return self._service("AWS/ECS", "CPUUtilization", "Average", "CPU, %")

    def memory_percent(self) -> cloudwatch.IMetric:
        """Return the average memory utilization."""
        return self._service("AWS/ECS", "MemoryUtilization", "Average", "memory, %")

    def running_tasks(self) -> cloudwatch.IMetric:
        """Return the number of running tasks, from Container Insights."""
        return self._service("ECS/ContainerInsights", "RunningTaskCount", "Average", "running")

    def desired_tasks(self) -> cloudwatch.IMetric:
        """Return the desired number of tasks, from Container Insights."""
        return self._service("ECS/ContainerInsights", "DesiredTaskCount", "Average", "desired")

    def pending_tasks(self) -> cloudwatch.IMetric:
        """Return the number of starting tasks, from Container Insights."""
        return self._service("ECS/ContainerInsights", "PendingTaskCount", "Average", "pending")

    def received_bytes(self) -> cloudwatch.IMetric:
        """Return the bytes per second that the tasks receive, from Container Insights."""
        return self._service("ECS/ContainerInsights", "NetworkRxBytes", "Average", "in, bytes a second")

    def sent_bytes(self) -> cloudwatch.IMetric:
        """Return the bytes per second that the tasks send, from Container Insights."""
        return self._service("ECS/ContainerInsights", "NetworkTxBytes", "Average", "out, bytes a second")

    def _service(self, namespace: str, name: str, statistic: str, label: str) -> cloudwatch.Metric:
        service = self._subject.service
        return cloudwatch.Metric(
            namespace=namespace,
            metric_name=name,
            statistic=statistic,
            period=_MINUTE(1),
            dimensions_map={"ClusterName": service.cluster.cluster_name, "ServiceName": service.service_name},
            label=label,
        )

    def _named(self, name: str, statistic: str, prefix: str) -> dict[str, cloudwatch.IMetric]:
        return {
            f"{prefix}{index}": target_metric(group, self._subject.balancer, name, statistic)
            for index, group in enumerate(self._subject.groups)
        }

    def _over_groups(
        self, name: str, statistic: str, prefix: str, *, label: str, missing: str | None = None
    ) -> cloudwatch.IMetric:
        """Return one metric over all groups: their sum if missing values count as zero, otherwise the greatest."""
        if len(self._subject.groups) == 1:
            return target_metric(self._subject.groups[0], self._subject.balancer, name, statistic, label=label)
        named = self._named(name, statistic, prefix)
        return cloudwatch.MathExpression(
            expression=f"MAX([{', '.join(named)}])" if missing is None else _sum(named),
            using_metrics=named,
            period=_MINUTE(1),
            label=label,
        )


def _sum(metrics: dict[str, cloudwatch.IMetric]) -> str:
    return " + ".join(f"FILL({name}, 0)" for name in metrics)
