"""The service, its tasks, its rule and its alarm, by the clients of AWS."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from collections.abc import Mapping

_SDK = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "max_attempts": 4})
_MOST_TASKS = 100  # "DescribeTasks" in the Amazon ECS API reference
_BEFORE_IT_RUNS = 600
"""Seconds that a task may wait for its instance, and for its image."""

_LONGEST_START = 900
"""Seconds that an application may take to start; a longer grace period does not keep a service awake."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the template says.

    Attributes:
        cluster: ARN of the cluster.
        service: ARN of the service.
        group: ARN of the service's target group.
        rule: ARN of the rule that forwards to it.
        first: Priority of the rule while the service is awake.
        last: Its priority while the service sleeps.
        alarm: Name of the alarm that is in the state ALARM while the service is idle.
        hold: Seconds for which a request is held.
        paused: Whether the service stays stopped.
    """

    cluster: str
    service: str
    group: str
    rule: str
    first: int
    last: int
    alarm: str
    hold: float
    paused: bool

    @classmethod
    def of_environment(cls, variables: Mapping[str, str] | None = None) -> Settings:
        """Read the function's environment."""
        given = os.environ if variables is None else variables
        return cls(
            cluster=given["CLUSTER"],
            service=given["SERVICE"],
            group=given["TARGET_GROUP"],
            rule=given["RULE"],
            first=int(given["FIRST_PRIORITY"]),
            last=int(given["LAST_PRIORITY"]),
            alarm=given["ALARM"],
            hold=float(given["HOLD_SECONDS"]),
            paused=given["PAUSED"] == "true",
        )


@dataclass(frozen=True)
class Service:
    """A service.

    Attributes:
        desired: Number of tasks that it should have.
        deploying: Whether a deployment is in progress.
        start: Seconds that its tasks may take to become healthy, once they run.
    """

    desired: int
    deploying: bool
    start: float = 0


class Aws:
    """One service."""

    def __init__(self, settings: Settings) -> None:
        """Make the clients."""
        self._settings = settings
        self._ecs, self._balancing, self._cloudwatch = (
            boto3.client(name, config=_SDK) for name in ("ecs", "elbv2", "cloudwatch")
        )

    def service(self) -> Service:
        """Return the service."""
        found = self._ecs.describe_services(**self._where(), services=[self._settings.service])["services"]
        if not found:
            raise LookupError(f"there is no service {self._settings.service}")
        deployments = found[0].get("deployments") or ()
        deploying = any(each.get("rolloutState") == "IN_PROGRESS" for each in deployments)
        grace = found[0].get("healthCheckGracePeriodSeconds") or 0
        return Service(int(found[0]["desiredCount"]), deploying, min(float(grace), _LONGEST_START))

    def start(self) -> None:
        """Let one task run; to say it twice changes nothing."""
        print("starting the service")
        self._set_desired(1)

    def stop(self) -> None:
        """Let no task run."""
        print("stopping the service")
        self._set_desired(0)

    def _set_desired(self, count: int) -> None:
        self._ecs.update_service(**self._where(), service=self._settings.service, desiredCount=count)

    def youngest_task(self) -> float | None:
        """Return when the youngest task began to run, in seconds since 1970; None without a task.

        One that does not run yet may be about to.
        """
        name = self._settings.service.rpartition("/")[2]  # which this call takes, other than the others
        arns = self._ecs.list_tasks(**self._where(), serviceName=name, desiredStatus="RUNNING", maxResults=_MOST_TASKS)[
            "taskArns"
        ]
        tasks = self._ecs.describe_tasks(**self._where(), tasks=arns)["tasks"] if arns else []
        return max((_began(each) for each in tasks), default=None)

    def has_healthy_target(self) -> bool:
        """Return whether the load balancer may send a request to a task."""
        states = self._balancing.describe_target_health(TargetGroupArn=self._settings.group)
        return any(each["TargetHealth"]["State"] == "healthy" for each in states["TargetHealthDescriptions"])

    def rule_is_first(self) -> bool:
        """Return whether the service's rule comes before the function's."""
        [rule] = self._balancing.describe_rules(RuleArns=[self._settings.rule])["Rules"]
        return int(rule["Priority"]) <= self._settings.first

    def put_rule_first(self) -> None:
        """Let requests go to the service."""
        self._set_priority(self._settings.first)

    def put_rule_last(self) -> None:
        """Let requests come to the function."""
        self._set_priority(self._settings.last)

    def _set_priority(self, priority: int) -> None:
        print(f"the service's rule gets the priority {priority}")
        self._balancing.set_rule_priorities(RulePriorities=[{"RuleArn": self._settings.rule, "Priority": priority}])

    def is_idle(self) -> bool:
        """Return whether the alarm says so."""
        alarms = self._cloudwatch.describe_alarms(AlarmNames=[self._settings.alarm])["MetricAlarms"]
        return any(each["StateValue"] == "ALARM" for each in alarms)

    def _where(self) -> dict[str, Any]:
        return {"cluster": self._settings.cluster}


def _began(task: Mapping[str, Any]) -> float:
    started = task.get("startedAt")
    return float(task["createdAt"].timestamp() + _BEFORE_IT_RUNS if started is None else started.timestamp())
