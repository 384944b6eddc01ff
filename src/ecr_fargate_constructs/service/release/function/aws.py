"""Requests of the function to AWS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_SDK = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "max_attempts": 8})
_DENIED = {"AccessDenied", "AccessDeniedException"}
_NOT_ASSUMED = "unable to assume the role"
"""ECS's answer about a role that it does not know yet: "API error messages" in the Amazon ECS developer guide."""

_MISSING = {"ParameterNotFound", "ResourceNotFoundException"}
_LINES = 20


class RefusedError(Exception):
    """AWS refuses a request that it may accept a moment later: a new permission takes seconds to apply."""


class Aws:
    """ECS, the log and the parameter with the history."""

    def __init__(self, cluster: str) -> None:
        """Make the clients.

        Args:
            cluster: ARN of the cluster.
        """
        self._cluster = cluster
        self._ecs, self._ssm = (boto3.client(name, config=_SDK) for name in ("ecs", "ssm"))

    def definition(self, arn: str) -> Mapping[str, Any]:
        """Return a task definition."""
        answer = _asked(lambda: self._ecs.describe_task_definition(taskDefinition=arn))
        definition: Mapping[str, Any] = answer["taskDefinition"]
        return definition

    def run(self, request: Mapping[str, Any]) -> tuple[str | None, str]:
        """Start a task, and return its ARN, or why there is none."""
        answer = _asked(lambda: self._ecs.run_task(cluster=self._cluster, **request))
        if answer.get("tasks"):
            return answer["tasks"][0]["taskArn"], ""
        failures = answer.get("failures") or [{}]
        return None, "; ".join(f"{each.get('reason', '')} {each.get('detail', '')}".strip() for each in failures)

    def running(self, started_by: str) -> Sequence[Mapping[str, Any]]:
        """Return the tasks that were started by ``started_by`` and are meant to run."""
        arns = _asked(lambda: self._ecs.list_tasks(cluster=self._cluster, startedBy=started_by))["taskArns"]
        return [] if not arns else self._described(arns)

    def task(self, arn: str) -> Mapping[str, Any] | None:
        """Return a task; None if ECS does not know it (yet, or any more)."""
        return next(iter(self._described([arn])), None)

    def stop(self, arn: str, reason: str) -> None:
        """Stop a task."""
        _asked(lambda: self._ecs.stop_task(cluster=self._cluster, task=arn, reason=reason))

    def lines(self, definition: Mapping[str, Any], container_name: str, task_arn: str) -> list[str] | None:
        """Return the last lines of a container; None if its log is not one that the function reads."""
        container = next(each for each in definition["containerDefinitions"] if each["name"] == container_name)
        log = container.get("logConfiguration") or {}
        options = log.get("options") or {}
        prefix = options.get("awslogs-stream-prefix")
        if log.get("logDriver") != "awslogs" or not prefix:
            return None
        client = boto3.client("logs", region_name=options.get("awslogs-region"), config=_SDK)
        try:
            answer = client.get_log_events(
                logGroupName=options["awslogs-group"],
                logStreamName=f"{prefix}/{container_name}/{task_arn.rpartition('/')[2]}",
                limit=_LINES,
                startFromHead=False,
            )
        except ClientError as error:  # the reason is worth less without the lines, and nothing without an answer
            print(f"the log could not be read: {error}")
            return [] if _code_of(error) in _MISSING else None
        return [line for each in answer["events"] if (line := each["message"].strip())]

    def history(self, name: str) -> str | None:
        """Return the value of a parameter; None if there is none."""
        try:
            value: str = _asked(lambda: self._ssm.get_parameter(Name=name))["Parameter"]["Value"]
        except ClientError as error:
            if _code_of(error) in _MISSING:
                return None
            raise
        return value

    def remember(self, name: str, value: str) -> None:
        """Write a parameter."""
        _asked(lambda: self._ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True))

    def forget(self, name: str) -> None:
        """Delete a parameter, if there is one."""
        try:
            _asked(lambda: self._ssm.delete_parameter(Name=name))
        except ClientError as error:
            if _code_of(error) not in _MISSING:
                raise

    def _described(self, arns: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        answer = _asked(lambda: self._ecs.describe_tasks(cluster=self._cluster, tasks=list(arns)))
        tasks: Sequence[Mapping[str, Any]] = answer["tasks"]
        return tasks


def continue_later(function: str, event: Mapping[str, Any]) -> None:
    """Call the function itself again, without waiting for it."""
    client = boto3.client("lambda", config=_SDK)
    _asked(
        lambda: client.invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps(event).encode()),
    )


def _asked(call: Callable[[], Any]) -> Any:  # noqa: ANN401 - boto3 makes its answers at run time
    try:
        return call()
    except ClientError as error:
        if _code_of(error) in _DENIED or _NOT_ASSUMED in str(error):
            raise RefusedError(str(error)) from error
        raise


def _code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
