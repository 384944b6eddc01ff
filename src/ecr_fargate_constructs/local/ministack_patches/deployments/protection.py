"""ECS's API of task protection; MiniStack answers it with empty lists."""

from __future__ import annotations

from datetime import datetime, timezone
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from ecr_fargate_constructs.local.deployments.protection import LONGEST_MINUTES, minutes_of
from ecr_fargate_constructs.local.ministack_patches.internals import Properties, find

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.clock import Clock
    from ecr_fargate_constructs.local.ministack_patches.deployments.services import Controlled

UNTIL = "_protectedUntil"
"""Field of a task: until when it is protected, in the clock's seconds; 0 if it is not."""

_MINUTE = 60
_CLIENT_ERROR = 400
_RANGE = f"expiresInMinutes must be a whole number from 1 to {LONGEST_MINUTES}."


class InvalidProtectionError(ValueError):
    """ECS refuses the values of a request; the text is its message."""


class Answer(NamedTuple):
    """The protection of a task, or why there is none.

    Attributes:
        task: ARN of the task.
        failure: ``MISSING``, ``TASK_NOT_VALID`` or ``DEPLOYMENT_BLOCKED``; empty if the request succeeded.
        until: End of the protection, in seconds since 1970 of the machine; None if the task is not protected.
    """

    task: str
    failure: str = ""
    until: float | None = None

    @property
    def expiration(self) -> str | None:
        """The end of the protection as ECS's agent writes it."""
        if self.until is None:
            return None
        moment = datetime.fromtimestamp(self.until, timezone.utc)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Protection:
    """The protection of the tasks of services."""

    def __init__(self, ecs: Any, controlled: Controlled, clock: Clock) -> None:  # noqa: ANN401 - an untyped package
        """Answer ECS's operations about protection.

        Args:
            ecs: MiniStack's ECS module.
            controlled: The services.
            clock: The clock by which protection ends.

        Raises:
            MovedError: MiniStack's internals have changed.
        """
        responses = import_module("ministack.core.responses")
        self._answer, self._error = find(responses, "json_response"), find(responses, "error_response_json")
        self._resolve, self._cluster = find(ecs, "_resolve_task"), find(ecs, "_resolve_cluster_name")
        self._clusters = find(ecs, "_clusters")
        self._active, self._cluster_of = find(ecs, "_task_is_active"), find(ecs, "_cluster_name_from_arn")
        self._controlled, self._clock = controlled, clock
        find(ecs, "_ACTION_MAP").update(UpdateTaskProtection=self._update, GetTaskProtection=self._get)

    def get(self, task: Properties) -> Answer:
        """Return the protection of a task."""
        arn = str(task["taskArn"])
        if not str(task.get("group", "")).startswith("service:"):
            return Answer(arn, "TASK_NOT_VALID")
        until = float(task.get(UNTIL) or 0)
        return Answer(arn, until=self._clock.outside(until) if until > self._clock.now() else None)

    def set(self, task: Properties, *, enabled: bool, minutes: object) -> Answer:
        """Protect a task of a service, or end its protection.

        Raises:
            InvalidProtectionError: ECS refuses the number of minutes.
        """
        duration = minutes_of(minutes)
        if enabled and duration is None:
            raise InvalidProtectionError(_RANGE)
        now = self.get(task)
        cluster, name = self._cluster_of(task.get("clusterArn", "")), str(task.get("group", "")).partition(":")[2]
        service = None if now.failure else self._controlled.get(cluster, f"{cluster}/{name}")
        if service is None:
            return Answer(now.task, "TASK_NOT_VALID")
        if enabled and service.blocks_protection(str(task.get("_deployment_id"))):
            return Answer(now.task, "DEPLOYMENT_BLOCKED")
        task[UNTIL] = self._clock.now() + (duration or 0) * _MINUTE if enabled else 0.0
        if not enabled:
            service.wake.set()  # it may be the one that a deployment or a scale-in waits for
        return self.get(task)

    def _update(self, data: Properties) -> object:
        if not isinstance(data.get("protectionEnabled"), bool):
            return self._error("InvalidParameterException", "protectionEnabled is required.", _CLIENT_ERROR)
        enabled, minutes = data["protectionEnabled"], data.get("expiresInMinutes")
        try:
            return self._all(data, lambda task: self.set(task, enabled=enabled, minutes=minutes))
        except InvalidProtectionError as error:
            return self._error("InvalidParameterException", str(error), _CLIENT_ERROR)

    def _get(self, data: Properties) -> object:
        return self._all(data, self.get)

    def _all(self, data: Properties, act: Any) -> object:  # noqa: ANN401 - returns the answer of a task
        cluster = self._cluster(data.get("cluster") or "default")
        if cluster not in self._clusters:
            return self._error("ClusterNotFoundException", "Cluster not found.", _CLIENT_ERROR)
        answers = []
        for reference in data.get("tasks") or []:
            task = self._resolve(reference, cluster)
            gone = task is None or not self._active(task["taskArn"], task)
            answers.append(Answer(str(reference), "MISSING") if gone else act(task))
        protected = [
            {
                "taskArn": each.task,
                "protectionEnabled": each.until is not None,
                **({} if each.until is None else {"expirationDate": each.until}),
            }
            for each in answers
            if not each.failure
        ]
        failures = [{"arn": each.task, "reason": each.failure} for each in answers if each.failure]
        return self._answer({"protectedTasks": protected, "failures": failures})
