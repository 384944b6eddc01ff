"""Settings of a service's target group: health check, deregistration delay and distribution of requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ecr_fargate_constructs._cdk.duration_checks import seconds
from ecr_fargate_constructs._cdk.durations import of_seconds, seconds_in
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.ingress.settings import TargetGroupSettings
from ecr_fargate_constructs.service.ingress.values import TargetHealthCheck

if TYPE_CHECKING:
    import aws_cdk as cdk

    from ecr_fargate_constructs.service.ingress.values import Ingress


@dataclass(frozen=True, kw_only=True)
class Targets:
    """The three options on targets, which an ingress has, and each service behind a shared load balancer."""

    health_check: TargetHealthCheck = field(default_factory=TargetHealthCheck)
    deregistration_delay: cdk.Duration = field(default_factory=lambda: of_seconds(30))
    target_group: TargetGroupSettings = field(default_factory=TargetGroupSettings)

    @property
    def stop_timeout(self) -> cdk.Duration:
        """Stop timeout of containers that set none: the deregistration delay, within the limits of ECS."""
        delay = seconds_in(self.deregistration_delay)
        return of_seconds(30 if delay is None else min(120, max(30, delay)))

    def replaced(
        self,
        health_check: TargetHealthCheck | None,
        deregistration_delay: cdk.Duration | None,
        target_group: TargetGroupSettings | None,
    ) -> Targets:
        """Return the options of a service: the given ones, and these for the rest."""
        if deregistration_delay is not None:
            seconds("deregistration_delay", deregistration_delay, minimum=0, maximum=3600)
        return Targets(
            health_check=health_check or self.health_check,
            deregistration_delay=self.deregistration_delay if deregistration_delay is None else deregistration_delay,
            target_group=target_group or self.target_group,
        )


def further_ports(targets: Targets, port: float) -> dict[float, str]:
    """Return the ports of a task that the load balancer needs besides that of the requests, with what they are for.

    Raises:
        ConfigurationError: The target control port is that of the requests.
    """
    check, control = targets.health_check.port, targets.target_group.target_control_port
    if control is not None and control == port:
        raise ConfigurationError(
            f"TargetGroupSettings.target_control_port={control:g} is also the port of the requests; use another, on "
            "which the target control agent listens"
        )
    given = ((check, "Load balancer to health check"), (control, "Load balancer to target control agent"))
    return {number: description for number, description in given if number is not None and number != port}


def targets_of(ingress: Ingress) -> Targets:
    """Return the options of an ingress."""
    return Targets(
        health_check=ingress.health_check,
        deregistration_delay=ingress.deregistration_delay,
        target_group=ingress.target_group,
    )
