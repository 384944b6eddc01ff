"""ECS tasks that Step Functions runs and waits for.

MiniStack waits for ten minutes, and takes any end of a task for a success. Source: "Run Amazon ECS or Fargate tasks
with Step Functions" and "Handling errors in Step Functions workflows" in the AWS Step Functions developer guide.
"""

from __future__ import annotations

import json
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

from ecr_fargate_constructs.local.ministack_patches.internals import MovedError, find

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.clock import Clock

_Properties: TypeAlias = dict[str, Any]

_RUN_TASK = "arn:aws:states:::ecs:runTask"
_POLL = 0.2  # seconds
_CLIENT_ERROR = 400


def wait_for_tasks() -> None:
    """Let ``ecs:runTask.sync`` wait until the task has stopped, and fail unless all its containers exited with 0.

    Raises:
        MovedError: MiniStack's internals have changed.
    """
    states, ecs = (import_module(f"ministack.services.{name}") for name in ("stepfunctions", "ecs"))
    dispatch, error = find(states, "_SERVICE_DISPATCH"), find(states, "_ExecutionError")
    to_api = find(states, "_pascal_to_camel")
    for name in ("_run_task", "_describe_tasks"):  # looked up for each call: other patches replace them
        find(ecs, name)
    if _RUN_TASK not in dispatch:
        raise MovedError(f"_SERVICE_DISPATCH[{_RUN_TASK}]")

    def run_task(resource: str, parameters: _Properties) -> _Properties:
        status, _, body = ecs._run_task(to_api(parameters))  # noqa: SLF001
        answer: _Properties = json.loads(body)
        if status >= _CLIENT_ERROR:
            raise error("ECS.AmazonECSException", str(answer.get("message") or answer))
        if not resource.endswith(".sync"):
            return answer
        if answer.get("failures") or not answer.get("tasks"):
            raise error("AmazonECS.Unknown", json.dumps(answer.get("failures")))
        task = answer["tasks"][0]
        while task["lastStatus"] != "STOPPED":
            time.sleep(_POLL)
            _, _, body = ecs._describe_tasks({"cluster": task["clusterArn"], "tasks": [task["taskArn"]]})  # noqa: SLF001
            found = json.loads(body).get("tasks")
            if not found:
                raise error("States.TaskFailed", f"the task {task['taskArn']} is gone")
            task = found[0]
        if task.get("stopCode") == "TaskFailedToStart" or any(each.get("exitCode") != 0 for each in task["containers"]):
            raise error("States.TaskFailed", json.dumps(_with_capitals(task), default=str))
        return dict(task)

    dispatch[_RUN_TASK] = run_task


def _with_capitals(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return an answer of ECS as Step Functions names its members."""
    if isinstance(value, list):
        return [_with_capitals(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {key[:1].upper() + key[1:]: _with_capitals(each) for key, each in value.items()}


def keep_time(clock: Clock) -> None:
    """Let waits, retries and timeouts of state machines pass as the clock does.

    Args:
        clock: The clock of the embedded AWS.

    Raises:
        MovedError: MiniStack's internals have changed.
    """
    states: Any = import_module("ministack.services.stepfunctions")
    limited = find(states, "_invoke_resource_with_timeout")
    find(states, "_SFN_WAIT_SCALE")
    if clock.speed == 1:
        return
    states._SFN_WAIT_SCALE = 1 / clock.speed  # noqa: SLF001 - what this module is for
    states._invoke_resource_with_timeout = lambda resource, parameters, timeout: limited(  # noqa: SLF001
        resource, parameters, timeout / clock.speed
    )
