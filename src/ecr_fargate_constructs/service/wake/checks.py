"""Options that conflict with a service that sleeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs._cdk.durations import seconds_in
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.deployment.rolling import Rolling, shift_of

if TYPE_CHECKING:
    import aws_cdk as cdk

    from ecr_fargate_constructs.service.capacity.scaling import Scaling
    from ecr_fargate_constructs.service.deployment.rolling import Deployment
    from ecr_fargate_constructs.service.ingress.targets import Targets


def check_wake(
    scaling: Scaling | None, deployment: Deployment | None, targets: Targets, *, idle_timeout: cdk.Duration | None
) -> None:
    """Refuse options that conflict with ``Scaling.wake``.

    Args:
        scaling: Limits and signals of the service.
        deployment: Its deployment.
        targets: Its target group.
        idle_timeout: Idle timeout of its load balancer; None if it is unknown.
    """
    if scaling is None or scaling.wake is None:
        return
    shift = None if deployment is None else shift_of(deployment)
    if shift is not None:
        name = type(shift).__name__
        if isinstance(deployment, Rolling):
            name = f"Rolling(ready_for={name}(…))"
        raise ConfigurationError(
            f"Scaling.wake cannot be combined with {name}: a shift needs tasks of both versions and requests to judge "
            "them by, and a service that sleeps has neither; deploy with Rolling(), or omit wake"
        )
    if targets.target_group.protocol_version is elbv2.ApplicationProtocolVersion.GRPC:
        raise ConfigurationError(
            "Scaling.wake answers the first requests with a redirect or 503, which a gRPC client does not understand; "
            "omit wake, or TargetGroupSettings.protocol_version"
        )
    hold = seconds_in(scaling.wake.hold)
    timeout = None if idle_timeout is None else seconds_in(idle_timeout)
    if hold is not None and timeout is not None and hold >= timeout:
        raise ConfigurationError(
            f"Wake.hold is {hold:g} seconds, but the load balancer closes a connection on which nothing is sent after "
            f"{timeout:g} (idle_timeout); use less, or raise idle_timeout"
        )
