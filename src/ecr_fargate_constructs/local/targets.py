"""The targets of a service, with what the load balancer asks of them and what it got."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs.local.services import Cloud, Service

_NO_ANSWER = "Target.FailedHealthChecks"
_NOT_SPOKEN = frozenset({"GRPC", "HTTP2", "HTTPS"})


@dataclass(frozen=True)
class HealthCheck:
    """The health check of a target group.

    Attributes:
        path: Path that is asked.
        port: Port that is asked; None for the traffic port.
        codes: Status codes that are healthy.
        protocol: What targets have to speak: ``HTTP1``, ``HTTP2``, ``GRPC`` or ``HTTPS``.
        patience: Seconds of failed checks after which a target is unhealthy: interval times threshold.
    """

    path: str
    port: int | None
    codes: str
    protocol: str
    patience: int

    @classmethod
    def of(cls, group: dict[str, Any]) -> HealthCheck:
        """Read it from what Elastic Load Balancing says of a target group."""
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
        port: Port that it is asked on.
        state: ``healthy``, ``unhealthy`` and the states between.
        reason: Elastic Load Balancing's code for why it is not healthy.
        description: The same in words.
        check: What it is asked.
    """

    address: str
    port: int
    state: str
    reason: str
    description: str
    check: HealthCheck

    @property
    def healthy(self) -> bool:
        """Whether it passes."""
        return self.state == "healthy"

    @property
    def answers(self) -> bool:
        """Whether it answers at all, with whatever status."""
        return self.reason != _NO_ANSWER

    @property
    def trouble(self) -> str:
        """What it is asked, and why it does not pass."""
        said = ": ".join(filter(None, (self.reason, self.description))) or self.state
        asked = f"GET {self.check.path} on port {self.port}, healthy is {self.check.codes}: {said}"
        if self.check.protocol in _NOT_SPOKEN:
            return f"{asked}; its targets speak {self.check.protocol}, and the embedded AWS plain HTTP/1.1 alone"
        return asked


def targets_of(cloud: Cloud, service: Service) -> tuple[Target, ...]:
    """Return the targets of a service's target groups."""
    elb = cloud.client("elbv2")
    if not service.groups:
        return ()
    found: list[Target] = []
    for group in elb.describe_target_groups(TargetGroupArns=list(service.groups))["TargetGroups"]:
        check = HealthCheck.of(group)
        answer = elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])
        found += [_target(each, check) for each in answer["TargetHealthDescriptions"]]
    return tuple(found)


def of_wanted_version(service: Service, targets: Sequence[Target]) -> tuple[Target, ...]:
    """Return the targets that are running tasks of the version that the stack wants."""
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
