"""Thresholds: the values from which an alarm should notify people. Pure, except for the durations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, TypeAlias

import aws_cdk as cdk

from ecr_fargate_constructs._cdk.duration_checks import token_in
from ecr_fargate_constructs._rules.tokens import Number, is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

Severities: TypeAlias = Mapping[str, Number]
"""Thresholds by the name of a severity, for example ``{"Warning": 70, "Critical": 90}``."""

_PERCENTS = ("cpu_percent", "memory_percent", "error_percent")


@typed
@dataclass(frozen=True, kw_only=True)
class ServiceThresholds:
    """Thresholds of the golden signals, by severity.

    A severity is any word: it names the alarm, and ``actions`` of the alarms set who is notified. An empty mapping
    makes no alarm for its signal.

    Defaults: CPU from 70 % (Warning) and 90 % (Critical), memory from 80 and 95, responses with 5xx from 1 % and 5 % of
    the requests, nine of ten requests not answered within 1 and 3 seconds, one unhealthy task (Critical). Traffic and
    the number of tasks have no default: a sensible minimum depends on the service.

    Attributes:
        cpu_percent: Average CPU utilization of the tasks.
        memory_percent: Average memory utilization of the tasks.
        error_percent: Responses with 5xx, in percent of the requests.
        latency: Time in which nine of ten requests are answered.
        unhealthy_hosts: Number of tasks that fail their health check.
        requests_below: Requests per minute that are too few; minutes with no data count as too few; default, no alarm.
        running_tasks_below: Running tasks that are too few; requires Container Insights; default, no alarm.

    Raises:
        ConfigurationError: A threshold cannot be reached, or a severity has no name.
    """

    cpu_percent: Severities = field(default_factory=lambda: {"Warning": 70, "Critical": 90})
    memory_percent: Severities = field(default_factory=lambda: {"Warning": 80, "Critical": 95})
    error_percent: Severities = field(default_factory=lambda: {"Warning": 1, "Critical": 5})
    latency: Mapping[str, cdk.Duration] = field(
        default_factory=lambda: {"Warning": cdk.Duration.seconds(1), "Critical": cdk.Duration.seconds(3)}
    )
    unhealthy_hosts: Severities = field(default_factory=lambda: {"Critical": 1})
    requests_below: Severities = field(default_factory=dict)
    running_tasks_below: Severities = field(default_factory=dict)

    def __post_init__(self) -> None:
        for signal, severity, value in self._all():
            if not severity or not severity.isalnum():
                raise ConfigurationError(
                    f"ServiceThresholds.{signal} has the severity {severity!r}; use letters and digits, for example "
                    "'Warning'"
                )
            if isinstance(value, cdk.Duration):
                if value.is_unresolved():
                    token_in(f"ServiceThresholds.{signal}[{severity!r}]", value.to_seconds, "seconds")
                elif value.to_milliseconds() <= 0:
                    raise ConfigurationError(
                        f"ServiceThresholds.{signal}[{severity!r}] is zero; use for example Duration.seconds(1)"
                    )
                continue
            self._check_number(signal, severity, value)

    @staticmethod
    def _check_number(signal: str, severity: str, value: object) -> None:
        if is_token(value):
            return
        name = f"ServiceThresholds.{signal}[{severity!r}]={value!r}"
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            what = "a duration" if signal == "latency" else "a number"
            raise ConfigurationError(
                f"{name} is not {what}; use for example {'Duration.seconds(1)' if signal == 'latency' else 70}"
            )
        if not math.isfinite(value):
            raise ConfigurationError(f"{name} is not a number that can be reached; use for example 70")
        if signal == "latency":
            raise ConfigurationError(f"{name} has no unit; use for example Duration.seconds(1)")
        if signal in _PERCENTS and not 0 <= value <= 100:  # noqa: PLR2004 - percent
            raise ConfigurationError(f"{name} is not a percentage; use 0 to 100")
        if signal not in _PERCENTS and value <= 0:
            raise ConfigurationError(f"{name} would always or never be reached; use more than 0")

    def severities(self) -> set[str]:
        """Return every severity of every signal."""
        return {severity for _, severity, _ in self._all()}

    def _all(self) -> Iterator[tuple[str, str, object]]:
        for each in fields(self):
            limits = getattr(self, each.name)
            if not isinstance(limits, Mapping):
                raise ConfigurationError(
                    f"ServiceThresholds.{each.name}={limits!r} has no severity; use for example {{'Warning': …}}"
                )
            for severity, value in limits.items():
                yield each.name, severity, value
