"""A dashboard for one service."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aws_cdk import aws_cloudwatch as cloudwatch

from ecr_fargate_constructs._cdk.construct import LibraryConstruct
from ecr_fargate_constructs._cdk.durations import number_of_seconds
from ecr_fargate_constructs._cdk.names import environment_key, take_name
from ecr_fargate_constructs._cdk.site import path_of
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.observability.metrics import ServiceMetrics
from ecr_fargate_constructs.observability.subject import subject_of
from ecr_fargate_constructs.observability.thresholds import ServiceThresholds
from ecr_fargate_constructs.observability.widgets import alarm_states, graph, heading

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_ecs as ecs
    from aws_cdk import aws_elasticloadbalancingv2 as elbv2
    from constructs import Construct

    from ecr_fargate_constructs.observability.alarms import ServiceAlarms
    from ecr_fargate_constructs.observability.subject import BalancedService, Subject


class ServiceDashboard(LibraryConstruct):
    """The golden signals of any ECS service behind an Application Load Balancer, on one page.

    From the top: the alarms, where there are some; traffic, errors and latency, which users feel; CPU, memory and the
    health of the tasks, which is why; and with Container Insights the number of tasks and the network. Thresholds are
    lines in the graphs.

    CloudWatch charges 3 US dollars a month for a dashboard; an account's first three are free.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        observed: BalancedService | ecs.BaseService,
        target_groups: Sequence[elbv2.ApplicationTargetGroup] | None = None,
        thresholds: ServiceThresholds | None = None,
        alarms: ServiceAlarms | None = None,
        name: str | None = None,
        container_insights: bool | None = None,
    ) -> None:
        """Create the dashboard.

        Args:
            scope: Parent construct.
            construct_id: Id within the parent.
            observed: A service of this library, a pattern of CDK's, or an ECS service with ``target_groups``.
            target_groups: Where its requests are measured; left out, those that it has.
            thresholds: Lines in the graphs; left out, ``ServiceThresholds()``. Give what the alarms got.
            alarms: Alarms whose states it shows; left out, none.
            name: Name of the dashboard; left out, CloudFormation gives it one.
            container_insights: Whether the cluster has Container Insights on; left out, it is looked up, and an
                imported cluster counts as one that has not.

        Raises:
            ConfigurationError: For something that cannot be observed.
        """
        if name is not None and not is_token(name) and not _NAME.fullmatch(name):
            raise ConfigurationError(
                f"name={name!r} is not a dashboard's name; use 1 to 255 letters, digits, '-' and '_'",
                path=path_of(scope, construct_id),
            )
        path = path_of(scope, construct_id)
        subject = subject_of(observed, target_groups, container_insights=container_insights)
        if name is not None and not is_token(name):
            take_name(
                scope,
                f"name={name!r}",
                ("dashboard", *environment_key(scope), name),
                path=path,
                instead="a dashboard's name is taken once in an account; use another, or leave it out",
            )
        super().__init__(scope, construct_id)
        self._dashboard = cloudwatch.Dashboard(
            self,
            "Default",  # left out of logical ids
            dashboard_name=name,
            period_override=cloudwatch.PeriodOverride.INHERIT,
            widgets=_rows(subject, thresholds or ServiceThresholds(), alarms),
        )

    @classmethod
    def of(
        cls,
        observed: BalancedService | ecs.BaseService,
        *,
        target_groups: Sequence[elbv2.ApplicationTargetGroup] | None = None,
        thresholds: ServiceThresholds | None = None,
        alarms: ServiceAlarms | None = None,
        name: str | None = None,
        container_insights: bool | None = None,
    ) -> ServiceDashboard:
        """Create the dashboard as a child of what it observes, with the id ``Dashboard``; once for each service."""
        subject = subject_of(observed, target_groups, container_insights=container_insights)
        return cls(
            subject.scope,
            "Dashboard",
            observed=observed,
            target_groups=target_groups,
            thresholds=thresholds,
            alarms=alarms,
            name=name,
            container_insights=container_insights,
        )

    @property
    def dashboard(self) -> cloudwatch.Dashboard:
        """CDK's dashboard: add widgets of yours to it."""
        return self._dashboard


def _rows(
    subject: Subject, thresholds: ServiceThresholds, alarms: ServiceAlarms | None
) -> list[list[cloudwatch.IWidget]]:
    metrics = ServiceMetrics(subject)
    seconds = {name: number_of_seconds(limit) for name, limit in thresholds.latency.items()}
    rows: list[list[cloudwatch.IWidget]] = []
    if alarms is not None:
        rows.append([alarm_states(alarms.alarms)])
    rows += [
        [heading("## What users feel")],
        [
            graph("Traffic", [metrics.requests()], limits=thresholds.requests_below),
            graph("Errors", [metrics.error_percent()], limits=thresholds.error_percent, unit="%"),
            graph("Latency", [metrics.latency(each) for each in ("p50", "p90", "p99")], limits=seconds, unit="s"),
        ],
        [heading("## Why")],
        [
            graph("CPU", [metrics.cpu_percent()], limits=thresholds.cpu_percent, unit="%", most=100),
            graph("Memory", [metrics.memory_percent()], limits=thresholds.memory_percent, unit="%", most=100),
            graph("Health", [metrics.healthy_hosts(), metrics.unhealthy_hosts()], limits=thresholds.unhealthy_hosts),
        ],
    ]
    if subject.insights:
        tasks = [metrics.desired_tasks(), metrics.running_tasks(), metrics.pending_tasks()]
        rows += [
            [heading("## Container Insights")],
            [
                graph("Tasks", tasks, limits=thresholds.running_tasks_below, width=12),
                graph("Network", [metrics.received_bytes(), metrics.sent_bytes()], unit="bytes a second", width=12),
            ],
        ]
    return rows
