"""The service deployments of an app, as ECS describes them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.deployments.records import ENDED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs.local.app_status import ServiceStatus
    from ecr_fargate_constructs.local.services import Cloud


@dataclass(frozen=True)
class ServiceDeployment:
    """The newest deployment of a service.

    Attributes:
        service: Name of the service.
        arn: Its ARN, for ``aws ecs continue-service-deployment`` and ``stop-service-deployment``.
        strategy: ECS's name of its strategy.
        status: ECS's status.
        reason: Why it has this status.
        stage: Lifecycle stage; None for a rolling deployment, and after the end.
        share: Percentage of production traffic that the new version gets; None for a rolling deployment.
        healthy: Healthy tasks of the new version.
        desired: Tasks that it should have.
        alarms: Names of the alarms that are watched.
        triggered: Names of those that went off.
        paused_at: Ids of the hooks at which it waits for a person.
    """

    service: str
    arn: str
    strategy: str
    status: str
    reason: str
    stage: str | None
    share: float | None
    healthy: int
    desired: int
    alarms: tuple[str, ...] = ()
    triggered: tuple[str, ...] = ()
    paused_at: tuple[str, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether the deployment is over."""
        return self.status in ENDED

    @property
    def line(self) -> str:
        """One line for the terminal."""
        share = "" if self.share is None else f"{self.share:g} % of the traffic"
        tasks = f"{self.healthy} of {self.desired} tasks healthy"
        alarms = f"alarms: {', '.join(self.triggered)}" if self.triggered else ""
        paused = f"waits for a person at {', '.join(self.paused_at)}" if self.paused_at else ""
        parts = [self.status, self.stage or "", share, tasks, alarms, paused, self.reason]
        return f"{self.service}  {'  '.join(part for part in parts if part)}"

    def as_json(self) -> dict[str, Any]:
        """Return the fields, for scripts."""
        return asdict(self)


def newest_deployments(cloud: Cloud, services: Sequence[ServiceStatus]) -> list[ServiceDeployment]:
    """Return the newest deployment of each service that has one."""
    ecs = cloud.client("ecs")
    found = []
    for service in services:
        newest = ecs.list_service_deployments(cluster=service.cluster, service=service.arn, maxResults=1)
        briefs = newest["serviceDeployments"]
        arns = [each["serviceDeploymentArn"] for each in briefs]
        if arns:
            described = ecs.describe_service_deployments(serviceDeploymentArns=arns)["serviceDeployments"]
            found += [_read(service.name, each) for each in described]
    return found


def _read(service: str, described: dict[str, Any]) -> ServiceDeployment:
    target, alarms = described["targetServiceRevision"], described.get("alarms", {})
    strategy = described.get("deploymentConfiguration", {}).get("strategy", "ROLLING")
    hooks = described.get("lifecycleHookDetails", ())
    return ServiceDeployment(
        service,
        described["serviceDeploymentArn"],
        strategy,
        described["status"],
        described.get("statusReason", ""),
        described.get("lifecycleStage"),
        None if strategy == "ROLLING" else target.get("requestedProductionTrafficWeight"),
        target.get("runningTaskCount", 0),
        target.get("requestedTaskCount", 0),
        tuple(alarms.get("alarmNames", ())),
        tuple(alarms.get("triggeredAlarmNames", ())),
        tuple(each["hookId"] for each in hooks if each["status"] == "AWAITING_ACTION"),
    )
