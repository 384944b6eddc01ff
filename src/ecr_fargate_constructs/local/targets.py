"""The targets of a service, with their health checks and the results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs.local.services import Cloud, Service

_NO_ANSWER = "Target.FailedHealthChecks"
_UNSUPPORTED = frozenset({"GRPC", "HTTP2", "HTTPS"})


@dataclass(frozen=True)
class HealthCheck:
    """The health check of a target group.

    Attributes:
        path: Path of the request.
        port: Port of the request; None for the traffic port.
        codes: Status codes of healthy targets.
        protocol: Protocol of the targets: ``HTTP1``, ``HTTP2``, ``GRPC`` or ``HTTPS``.
        patience: Seconds of failed checks after which a target is unhealthy: interval times threshold.
    """

    path: str
    port: int | None
    codes: str
    protocol: str
    patience: int

    @classmethod
    def of(cls, group: dict[str, Any]) -> HealthCheck:
        """Read the health check from a target group, as Elastic Load Balancing describes it."""
        port, matcher = str(group.get("HealthCheckPort", "traffic-port")), group.get("Matcher", {})
        encrypted = "HTTPS" in {group.get("Protocol"), group.get("HealthCheckProtocol")}
        return cls(
            group.get("HealthCheckPath", "/"),
            int(port) if port.isdigit() else None,
            matcher.get("HttpCode") or matcher.get("GrpcCode") or "200",
            "HTTPS" if encrypted else group.get("ProtocolVersion", "HTTP1"),
            int(group.get("HealthCheckIntervalSeconds", 30)) * int(group.get("UnhealthyThresholdCount", 2)),
        )


@dataclass(frozen=True)
class Target:
    """A task in a target group.

    Attributes:
        address: Its address.
        port: Port of its health check.
        state: Its state in Elastic Load Balancing, such as ``healthy``.
        reason: Elastic Load Balancing's code for the reason why it is not healthy.
        description: The reason in words.
        check: Its health check.
    """

    address: str
    port: int
    state: str
    reason: str
    description: str
    check: HealthCheck

    @property
    def healthy(self) -> bool:
        """Return whether it passes the health check."""
        return self.state == "healthy"

    @property
    def answers(self) -> bool:
        """Return whether it responds at all, with any status."""
        return self.reason != _NO_ANSWER

    @property
    def trouble(self) -> str:
        """The health check, and why the target does not pass it."""
        result = ": ".join(filter(None, (self.reason, self.description))) or self.state
        text = f"GET {self.check.path} on port {self.port}, expected {self.check.codes}: {result}"
        if self.check.protocol in _UNSUPPORTED:
            return f"{text}; its targets use {self.check.protocol}, and the embedded AWS supports only HTTP/1.1"
        return text


def targets_of(cloud: Cloud, service: Service) -> tuple[Target, ...]:
    """Return the targets of a service's target groups."""
    elb = cloud.client("elbv2")
    if not service.groups:
        return ()
    targets: list[Target] = []
    for group in elb.describe_target_groups(TargetGroupArns=[*service.groups, *service.alternates])["TargetGroups"]:
        check = HealthCheck.of(group)
        answer = elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])
        targets += [_target(each, check) for each in answer["TargetHealthDescriptions"]]
    return tuple(targets)


def of_wanted_version(service: Service, targets: Sequence[Target]) -> tuple[Target, ...]:
    """Return the targets that are running tasks of the version that the stack deployed."""
    addresses = {task.address for task in service.running if task.definition == service.wanted}
    return tuple(target for target in targets if target.address in addresses)


def _target(described: dict[str, Any], check: HealthCheck) -> Target:
    health, target = described.get("TargetHealth", {}), described["Target"]
    return Target(
        target["Id"],
        check.port or int(target.get("Port", 80)),
        health.get("State", ""),
        health.get("Reason", ""),
        health.get("Description", ""),
        check,
    )
