"""Deployments that do not take a service down, on a Fargate service of CDK."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs._cdk.durations import seconds_in
from ecr_fargate_constructs._rules.checks import whole_number
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.mixins.adopted import (
    containers,
    is_rolling,
    is_scaled,
    is_windows,
    platform_of,
    properties_of,
    stops_first,
    task_of,
)
from ecr_fargate_constructs.mixins.base import LibraryMixin
from ecr_fargate_constructs.mixins.deployment_alarms import add_alarms
from ecr_fargate_constructs.mixins.later import at_synth
from ecr_fargate_constructs.service.deployment.apply import nested
from ecr_fargate_constructs.service.deployment.rolling import Rolling, check_progress, percents_of, rolling_overrides
from ecr_fargate_constructs.service.ingress.targets import Targets
from ecr_fargate_constructs.service.parts import cfn_service
from ecr_fargate_constructs.service.plan import DEFAULT_COUNT

if TYPE_CHECKING:
    from typing import ClassVar

    from constructs import Construct

    from ecr_fargate_constructs._rules.tokens import Number

_ANSWERED = ("@aws-cdk/aws-ecs:shouldUseCircuitBreaker", "@aws-cdk/aws-ecs:minHealthyPercent")
"""Warnings of CDK about what the mixin sets."""


class SafeDeployment(LibraryMixin):
    """Give a Fargate service of CDK the deployments of this library.

    - ``Rolling()`` replaces its tasks: never fewer than desired, a circuit breaker and alarms that roll back. A service
      of which no task may start before another has stopped (a maximum of 100 %), such as a scheduler that must not run
      twice, keeps its percentages and its number of tasks, unless you pass ``rolling``.
    - Tasks are rebalanced among zones, unless the app says otherwise.
    - A service behind a load balancer that sets no number of tasks gets ``desired_count`` of them, unless it scales.
    - Tasks get SIGTERM and 30 seconds, through an init process, and their platform is explicit (x86-64 Linux, which is
      Fargate's default), where the app sets none of these.

    Skipped: services of this library, on EC2, with another deployment controller than ECS's, or with a strategy that
    shifts traffic.
    """

    _kinds: ClassVar[tuple[type[Construct], ...]] = (ecs.FargateService,)

    def __init__(self, rolling: Rolling | None = None, *, desired_count: Number | None = DEFAULT_COUNT) -> None:
        """Create the mixin.

        Args:
            rolling: The deployment; default, ``Rolling()``, with its alarms. ``Rolling(alarms=None)`` leaves alarms as
                they are.
            desired_count: Number of tasks of a load-balanced service that sets none, 1 or more; default, 2. ECS would
                start one. None leaves it to ECS, for services whose number is changed outside of the template, which
                an update would reset to ``desired_count``.

        Raises:
            ConfigurationError: The number of tasks is out of range, or ``rolling`` is ready for a traffic shift, whose
                second target group a mixin does not make.
        """
        self._given, self._rolling = rolling is not None, rolling or Rolling()
        if self._rolling.ready_for is not None:
            raise ConfigurationError(
                f"SafeDeployment.rolling is ready_for={type(self._rolling.ready_for).__name__}, which requires a "
                "second target group and its rule; omit it, or use LoadBalancedFargateService"
            )
        if desired_count is not None:
            whole_number("SafeDeployment.desired_count", desired_count, minimum=1, what="a number of tasks")
        self._desired_count = desired_count

    def _suits(self, construct: ecs.FargateService) -> bool:
        return is_rolling(properties_of(construct))

    def _apply(self, construct: ecs.FargateService) -> None:
        known, resource = properties_of(construct), cfn_service(construct)
        rolling, count = self._rolling, known.get("desiredCount")
        balanced = bool(known.get("loadBalancers"))
        alone = stops_first(known) and not self._given
        default = self._desired_count if balanced and count is None and not alone else None
        percents: dict[str, object] = {}
        if not alone:
            check_progress(rolling, default if count is None and not is_scaled(construct) else count)
            percents = dict(zip(("MinimumHealthyPercent", "MaximumPercent"), percents_of(rolling), strict=True))
        configuration = nested(
            {
                **percents,
                "DeploymentCircuitBreaker.Enable": True,
                "DeploymentCircuitBreaker.Rollback": True,
                **rolling_overrides(rolling, count),
            }
        )
        del configuration["LifecycleHooks"]  # they are the app's
        for name, value in configuration.items():
            resource.add_property_override(f"DeploymentConfiguration.{name}", value)
        # ECS rebalances only with a maximum above 100 %.
        if not alone and known.get("availabilityZoneRebalancing") is None and not _has_classic_load_balancer(known):
            resource.add_property_override("AvailabilityZoneRebalancing", "ENABLED")
        if default is not None:
            resource.add_property_override("DesiredCount", at_synth(partial(_unless_scaled, construct, default)))
        for warning in _ANSWERED:
            cdk.Annotations.of(construct).acknowledge_warning(warning, "SafeDeployment sets it")
        if rolling.alarms is not None:
            add_alarms(construct, rolling.alarms, known)
        _stop_gracefully(construct)


def _unless_scaled(service: ecs.FargateService, count: float) -> float | None:
    """Return the number of tasks; None if the app has added an autoscaler, whose number an update would undo."""
    return None if is_scaled(service) else count


def _has_classic_load_balancer(known: dict[str, Any]) -> bool:
    """Return whether a service is behind a load balancer with which ECS refuses to rebalance tasks."""
    return any("loadBalancerName" in each for each in known.get("loadBalancers") or ())


def _stop_gracefully(service: ecs.FargateService) -> None:
    """Set the stop timeout, the init process and the platform of the tasks, where the app sets none."""
    task = task_of(service)
    if task is None:
        return
    windows = is_windows(task)
    for path, _, known in containers(service):
        if known.get("stopTimeout") is None:
            task.add_property_override(f"{path}.StopTimeout", seconds_in(Targets().stop_timeout))
        if (known.get("linuxParameters") or {}).get("initProcessEnabled") is None and not windows:
            task.add_property_override(f"{path}.LinuxParameters.InitProcessEnabled", True)
    platform = platform_of(task)
    for name, value in {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"}.items():
        if name not in platform:
            task.add_property_override(f"RuntimePlatform.{name[0].upper()}{name[1:]}", value)
