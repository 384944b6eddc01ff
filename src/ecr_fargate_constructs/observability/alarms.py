"""Alarms on the golden signals of a service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs._cdk.construct import LibraryConstruct
from ecr_fargate_constructs._cdk.durations import number_of_seconds
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.observability.alarm_factory import AlarmFactory
from ecr_fargate_constructs.observability.metrics import ServiceMetrics
from ecr_fargate_constructs.observability.subject import subject_of
from ecr_fargate_constructs.observability.thresholds import ServiceThresholds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import aws_cloudwatch as cloudwatch
    from aws_cdk import aws_ecs as ecs
    from aws_cdk import aws_elasticloadbalancingv2 as elbv2
    from constructs import Construct

    from ecr_fargate_constructs._cdk.alarm_actions import Action
    from ecr_fargate_constructs.observability.subject import BalancedService, Subject


class ServiceAlarms(LibraryConstruct):
    """Alarms on the golden signals of any ECS service behind an Application Load Balancer.

    Latency, errors, saturation (CPU and memory) and unhealthy tasks, each at the severities of ``ServiceThresholds``.
    An alarm goes off after 3 minutes of 5. Without traffic there is no alarm, except for ``requests_below``.

    These alarms notify people and never roll back; the alarms of a deployment do that. CloudWatch charges about 0.10 US
    dollars a month for each metric of an alarm; with the default thresholds that is 1.10, and about twice as much where
    traffic shifts between two target groups.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        observed: BalancedService | ecs.BaseService,
        target_groups: Sequence[elbv2.ApplicationTargetGroup] | None = None,
        thresholds: ServiceThresholds | None = None,
        actions: Mapping[str, Sequence[Action]] | None = None,
        container_insights: bool | None = None,
    ) -> None:
        """Create the alarms.

        Args:
            scope: Parent construct.
            construct_id: Id within the parent.
            observed: A service of this library, a pattern of CDK, or an ECS service with ``target_groups``.
            target_groups: Target groups at which its requests are measured; default, its own.
            thresholds: Thresholds by severity; default, ``ServiceThresholds()``.
            actions: Actions by severity: topics or other actions, which are also notified when an alarm ends; default,
                none: only the console shows the alarms.
            container_insights: True if the cluster has Container Insights enabled; default, read from the cluster, and
                False for an imported one.

        Raises:
            ConfigurationError: An action has a severity that no threshold has, a threshold of running tasks is set
                without Container Insights, or the object cannot be observed.
        """
        thresholds = thresholds or ServiceThresholds()
        subject = subject_of(observed, target_groups, container_insights=container_insights)
        _check(thresholds, actions or {}, subject)
        super().__init__(scope, construct_id)
        factory = AlarmFactory(self, actions or {})
        metrics = ServiceMetrics(subject)
        seconds = {name: number_of_seconds(limit) for name, limit in thresholds.latency.items()}
        for signal, metric, limits, what in (
            ("Latency", metrics.latency("p90"), seconds, "nine of ten requests are answered too slowly"),
            ("Errors", metrics.error_percent(), thresholds.error_percent, "too many answers are 5xx"),
            ("Cpu", metrics.cpu_percent(), thresholds.cpu_percent, "the tasks are short of CPU"),
            ("Memory", metrics.memory_percent(), thresholds.memory_percent, "the tasks are short of memory"),
            ("Unhealthy", metrics.unhealthy_hosts(), thresholds.unhealthy_hosts, "tasks fail their health check"),
        ):
            factory.above(signal, metric, limits, what)
        factory.below("Traffic", metrics.requests(), thresholds.requests_below, "too few requests come")
        if thresholds.running_tasks_below:
            factory.below("Tasks", metrics.running_tasks(), thresholds.running_tasks_below, "too few tasks run")
        self._alarms = factory.alarms

    @classmethod
    def of(
        cls,
        observed: BalancedService | ecs.BaseService,
        *,
        target_groups: Sequence[elbv2.ApplicationTargetGroup] | None = None,
        thresholds: ServiceThresholds | None = None,
        actions: Mapping[str, Sequence[Action]] | None = None,
        container_insights: bool | None = None,
    ) -> ServiceAlarms:
        """Create the alarms as a child of the observed service, with the id ``Alarms``; once for each service."""
        subject = subject_of(observed, target_groups, container_insights=container_insights)
        return cls(
            subject.scope,
            "Alarms",
            observed=observed,
            target_groups=target_groups,
            thresholds=thresholds,
            actions=actions,
            container_insights=container_insights,
        )

    @property
    def alarms(self) -> Sequence[cloudwatch.Alarm]:
        """The alarms."""
        return tuple(self._alarms)


def _check(thresholds: ServiceThresholds, actions: Mapping[str, Sequence[Action]], subject: Subject) -> None:
    allowed = ", ".join(sorted(thresholds.severities()))
    for severity in actions:
        if severity not in thresholds.severities():
            raise ConfigurationError(
                f"actions has {severity!r}, but no threshold has that severity; "
                f"{f'use one of {allowed}' if allowed else 'remove it'}"
            )
    if thresholds.running_tasks_below and not subject.insights:
        raise ConfigurationError(
            "running_tasks_below requires Container Insights, but the cluster does not have them enabled, or is "
            "imported; enable them, set container_insights=True if they are, or omit running_tasks_below"
        )
