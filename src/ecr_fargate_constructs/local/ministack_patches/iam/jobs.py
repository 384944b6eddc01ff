"""Requests of Step Functions and EventBridge Scheduler, with their roles, to run a job. Written for MiniStack 1.5.33.

MiniStack runs tasks of state machines, and starts state machines of schedules, without asking IAM.
"""

from __future__ import annotations

from contextvars import ContextVar
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.ministack_patches.internals import Properties, find

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ecr_fargate_constructs.local.ministack_patches.iam.evaluator import Evaluator

_ECS = "arn:aws:states:::aws-sdk:ecs:"
_RUN_TASK = "arn:aws:states:::ecs:runTask"
_FIELDS = ("taskRoleArn", "executionRoleArn")

_Need = tuple[str, str, dict[str, str]]
"""An action, ARN of its resource, and condition keys in small letters."""


def ask_before_tasks_of_state_machines(evaluator: Evaluator) -> None:
    """Refuse what the role of a state machine may not do with ECS, as AWS does.

    Raises:
        MovedError: MiniStack's internals have changed.
    """
    states, ecs = (import_module(f"ministack.services.{name}") for name in ("stepfunctions", "ecs"))
    run, invoke, error = (
        find(states, "_run_execution"),
        find(states, "_invoke_resource"),
        find(states, "_ExecutionError"),
    )
    executions, machines = find(states, "_executions"), find(states, "_state_machines")
    definition_key, definitions = find(ecs, "_resolve_td_key"), find(ecs, "_task_defs")
    region = find(states, "get_region")
    role: ContextVar[str] = ContextVar("the role of the execution", default="")

    def run_execution(arn: str) -> None:
        machine = machines.get((executions.get(arn) or {}).get("stateMachineArn")) or {}
        role.set(str(machine.get("roleArn") or ""))
        run(arn)

    def invoke_resource(resource: str, parameters: Any) -> Any:  # noqa: ANN401 - JSON
        if role.get() and isinstance(parameters, dict):
            definition = definitions.get(definition_key(parameters.get("TaskDefinition", ""))) or {}
            key = evaluator.agent(role.get(), "states")
            for action, target, context in _needs(resource, parameters, definition):
                refused = evaluator.refusal(key, action, target, region=region(), context=context)
                if refused is not None:
                    raise error("ECS.AccessDeniedException", refused)
        return invoke(resource, parameters)

    states._run_execution, states._invoke_resource = run_execution, invoke_resource  # type: ignore[attr-defined]  # noqa: SLF001


def _needs(resource: str, parameters: Mapping[str, Any], definition: Properties) -> Iterator[_Need]:
    cluster = {"ecs:cluster": str(parameters.get("Cluster", ""))}
    if resource.startswith(_RUN_TASK):
        yield "ecs:RunTask", str(definition.get("taskDefinitionArn") or "*"), cluster
        for field in _FIELDS:
            if definition.get(field):
                yield "iam:PassRole", str(definition[field]), {"iam:passedtoservice": "ecs-tasks.amazonaws.com"}
    elif resource == f"{_ECS}listTasks":
        yield "ecs:ListTasks", "*", cluster
    elif resource == f"{_ECS}describeTasks":
        for task in parameters.get("Tasks", ()):
            yield "ecs:DescribeTasks", str(task), cluster
    elif resource == f"{_ECS}stopTask":
        yield "ecs:StopTask", str(parameters.get("Task", "")), cluster
