"""The settings of a deployment, read from ECS's ``deploymentConfiguration``."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Strategy: TypeAlias = Literal["ROLLING", "BLUE_GREEN", "CANARY", "LINEAR"]
HookAction: TypeAlias = Literal["CONTINUE", "ROLLBACK"]
_Fields: TypeAlias = "Mapping[str, Any]"

_MINUTE = 60
_LEAST_FAILURES, _MOST_FAILURES = 3, 200  # ServiceDeploymentCircuitBreaker.threshold, ECS API reference

REVISION_FIELDS = (
    "taskDefinition",
    "loadBalancers",
    "networkConfiguration",
    "serviceRegistries",
    "launchType",
    "capacityProviderStrategy",
    "platformVersion",
    "serviceConnectConfiguration",
    "volumeConfigurations",
)
"""Fields of a service that make a new service revision (``ServiceRevision``, ECS API reference)."""


@dataclass(frozen=True)
class Breaker:
    """The deployment circuit breaker.

    Attributes:
        enabled: Whether failed tasks end the deployment.
        rollback: Whether the deployment is then rolled back.
        reset_on_healthy_task: Whether a healthy task resets the number of failures.
        kind: ``BOUNDED_PERCENT``, ``UNBOUNDED_PERCENT`` or ``COUNT``.
        value: A percentage of the desired count, or a number of failures.
    """

    enabled: bool = False
    rollback: bool = False
    reset_on_healthy_task: bool = True
    kind: str = "BOUNDED_PERCENT"
    value: int = 50

    def threshold(self, desired: int) -> int:
        """Return the number of failures that end a deployment.

        Source: ``ThresholdConfiguration`` and ``ServiceDeploymentCircuitBreaker``, ECS API reference.
        """
        if self.kind == "COUNT":
            return max(1, self.value)
        failures = math.ceil(desired * self.value / 100)
        if self.kind == "UNBOUNDED_PERCENT":
            return max(1, failures)
        return min(_MOST_FAILURES, max(_LEAST_FAILURES, failures))


@dataclass(frozen=True)
class Alarms:
    """The alarms that end a deployment."""

    names: frozenset[str] = frozenset()
    rollback: bool = False


@dataclass(frozen=True)
class Hook:
    """A lifecycle hook.

    Attributes:
        stages: Stages at which it runs.
        function: ARN of the Lambda function; None for a ``PAUSE`` hook.
        timeout: Seconds until ``timeout_action``.
        timeout_action: What happens then.
        details: ``hookDetails`` of the function.
    """

    stages: frozenset[str]
    function: str | None = None
    timeout: float = 1440 * _MINUTE  # DeploymentLifecycleHookTimeoutConfiguration, ECS API reference
    timeout_action: HookAction = "ROLLBACK"
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def target_type(self) -> str:
        """ECS's name for what the hook does."""
        return "PAUSE" if self.function is None else "AWS_LAMBDA"


@dataclass(frozen=True)
class EarlySuccess:
    """The early success criteria of a rolling deployment.

    Attributes:
        healthy_percent: Percentage of the desired count that is enough.
        blocking: Whether old tasks are removed before the deployment completes.
    """

    healthy_percent: int
    blocking: bool = True


@dataclass(frozen=True)
class Step:
    """A shift of production traffic: the new revision's percentage, and the seconds to wait afterwards."""

    percent: float
    bake: float = 0.0


@dataclass(frozen=True)
class Settings:
    """The settings of a deployment; all times in seconds."""

    strategy: Strategy = "ROLLING"
    min_healthy_percent: int = 100
    max_percent: int = 200
    bake: float = 0.0
    breaker: Breaker = Breaker()
    alarms: Alarms = Alarms()
    hooks: tuple[Hook, ...] = ()
    early_success: EarlySuccess | None = None
    steps: tuple[Step, ...] = (Step(100),)
    test_traffic: bool = False

    @property
    def shifts_traffic(self) -> bool:
        """Whether the strategy moves traffic from one target group to another."""
        return self.strategy != "ROLLING"

    def without_waiting(self) -> Settings:
        """Return these settings with bake times of zero."""
        return replace(self, bake=0.0, steps=tuple(replace(step, bake=0.0) for step in self.steps))

    def minimum(self, desired: int) -> int:
        """Return the least number of healthy tasks: rounded up (``minimumHealthyPercent``, ECS API reference)."""
        return math.ceil(desired * self.min_healthy_percent / 100)

    def maximum(self, desired: int) -> int:
        """Return the largest number of tasks: rounded down (``maximumPercent``, ECS API reference)."""
        return math.floor(desired * self.max_percent / 100)


def read_settings(configuration: _Fields, *, test_traffic: bool = False) -> Settings:
    """Read a ``deploymentConfiguration`` of ECS's API.

    Args:
        configuration: The configuration, with ECS's names.
        test_traffic: Whether the service has a listener rule for test traffic.
    """
    strategy: Strategy = configuration.get("strategy") or "ROLLING"
    early = configuration.get("earlySuccessCriteria") or {}
    alarms = configuration.get("alarms") or {}
    return Settings(
        strategy=strategy,
        min_healthy_percent=int(configuration.get("minimumHealthyPercent", 100)),
        max_percent=int(configuration.get("maximumPercent", 200)),
        bake=float(configuration.get("bakeTimeInMinutes") or 0) * _MINUTE,
        breaker=_breaker(configuration.get("deploymentCircuitBreaker") or {}),
        alarms=Alarms(frozenset(alarms.get("alarmNames") or ()), _true(alarms.get("rollback")))
        if _true(alarms.get("enable"))
        else Alarms(),
        hooks=tuple(_hook(each) for each in configuration.get("lifecycleHooks") or ()),
        early_success=EarlySuccess(
            int(early.get("healthyPercent", 100)), early.get("sourceServiceRevisionCleanup") != "DEFERRED"
        )
        if _true(early.get("enable")) and strategy == "ROLLING"
        else None,
        steps=_steps(strategy, configuration),
        test_traffic=test_traffic and strategy != "ROLLING",
    )


def _breaker(fields: _Fields) -> Breaker:
    threshold = fields.get("thresholdConfiguration") or {}
    return Breaker(
        enabled=_true(fields.get("enable")),
        rollback=_true(fields.get("rollback")),
        reset_on_healthy_task=_true(fields.get("resetOnHealthyTask", True)),
        kind=threshold.get("type", "BOUNDED_PERCENT"),
        value=int(threshold.get("value", 50)),
    )


def _hook(fields: _Fields) -> Hook:
    timeout = fields.get("timeoutConfiguration") or {}
    return Hook(
        stages=frozenset(fields.get("lifecycleStages") or ()),
        function=None if fields.get("targetType") == "PAUSE" else fields.get("hookTargetArn"),
        timeout=float(timeout.get("timeoutInMinutes", 1440)) * _MINUTE,
        timeout_action=timeout.get("action", "ROLLBACK"),
        details=_object(fields.get("hookDetails")),
    )


def _steps(strategy: Strategy, configuration: _Fields) -> tuple[Step, ...]:
    """Return the shifts of traffic; the defaults are those of ECS's API reference."""
    if strategy == "CANARY":
        canary = configuration.get("canaryConfiguration") or {}
        percent = float(canary.get("canaryPercent", 5))
        bake = float(canary.get("canaryBakeTimeInMinutes", 10)) * _MINUTE
        return (Step(percent, bake), Step(100)) if percent < 100 else (Step(100),)  # noqa: PLR2004 - all of the traffic
    if strategy == "LINEAR":
        linear = configuration.get("linearConfiguration") or {}
        percent = float(linear.get("stepPercent", 10))
        bake = float(linear.get("stepBakeTimeInMinutes", 6)) * _MINUTE
        before = math.ceil(round(100 / percent, 6)) - 1
        # "This bake time is not applied after reaching 100 percent traffic": LinearConfiguration, ECS API reference.
        return (*(Step(round(percent * number, 1), bake) for number in range(1, before + 1)), Step(100))
    return (Step(100),)


def _object(details: object) -> dict[str, Any]:
    """Return ``hookDetails``, which CloudFormation also sends as text."""
    found = json.loads(details) if isinstance(details, str) else details
    return dict(found) if isinstance(found, dict) else {}


def _true(value: object) -> bool:
    """Return whether a value is true; CloudFormation also sends it as text."""
    return str(value).lower() == "true"
