"""Collect the descriptions of a deployment: from files with responses of AWS, or from AWS itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

from botocore.exceptions import BotoCoreError, ClientError

from ecr_fargate_constructs.tools.aws_calls import call_aws, resources_of_stack
from ecr_fargate_constructs.tools.errors import ToolError
from ecr_fargate_constructs.tools.explain.explain import failures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    Clients: TypeAlias = Callable[[str], Any]

_KEYS = (
    "services",
    "tasks",
    "serviceDeployments",
    "StackEvents",
    "TargetHealthDescriptions",
    "TargetGroups",
    "logEvents",
)
_STATE_MACHINE = "AWS::StepFunctions::StateMachine"
_MAX_TASKS = 20  # read for each service and state; stopped tasks are much alike
_MAX_LINES = 20
_MAX_DESCRIBED = 100  # by one call of DescribeTasks


def from_files(files: Iterable[Path]) -> dict[str, list[Any]]:
    """Read responses that the AWS command line printed, and merge them.

    Raises:
        ToolError: A file holds no such response.
    """
    record: dict[str, list[Any]] = {key: [] for key in _KEYS}
    for file in files:
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            if not isinstance(content, dict):
                raise TypeError("it is a list")  # noqa: TRY301 - caught below with the rest
        except (ValueError, TypeError) as error:
            raise ToolError(f"{file} is not a response of AWS: {error}", fix=_FILES) from error
        if "events" in content and "logEvents" not in content:  # aws logs get-log-events
            content["logEvents"] = content["events"]
        present = [key for key in _KEYS if isinstance(content.get(key), list)]
        if not present:
            raise ToolError(f"{file} has none of {', '.join(_KEYS)}", fix=_FILES)
        for key in present:
            record[key] += content[key]
    return record


_FILES = (
    "give what 'aws ecs describe-services', 'aws ecs describe-tasks', 'aws ecs describe-service-deployments', "
    "'aws cloudformation describe-stack-events' or 'aws elbv2 describe-target-health' print"
)


def from_stacks(clients: Clients, stacks: Iterable[str]) -> dict[str, list[Any]]:
    """Describe the services of several stacks."""
    record: dict[str, list[Any]] = {key: [] for key in _KEYS}
    for stack in stacks:
        for key, items in from_stack(clients, stack).items():
            record[key] += items
    return record


def from_stack(clients: Clients, stack: str) -> dict[str, list[Any]]:
    """Describe the services of a stack, and the events of its last update.

    Raises:
        ToolError: There is no such stack, or the caller lacks a permission.
    """
    cloudformation = clients("cloudformation")
    events = call_aws(
        lambda: cloudformation.describe_stack_events(StackName=stack)["StackEvents"],
        "cloudformation:DescribeStackEvents",
    )
    resources = resources_of_stack(cloudformation, stack)
    services = [each.get("PhysicalResourceId") for each in resources if each["ResourceType"] == "AWS::ECS::Service"]
    record = from_services(clients, [arn for arn in services if arn])
    record["StackEvents"] += _since_the_last_start(events)
    machines = [each.get("PhysicalResourceId") for each in resources if each["ResourceType"] == _STATE_MACHINE]
    failed = [task for arn in machines if arn for task in _task_of_last_run(clients("stepfunctions"), arn)]
    record["tasks"] += failed
    record["logEvents"] += _last_lines(clients, failed)
    return record


def from_services(
    clients: Clients, arns: Sequence[str], *, tasks_of_interest: Sequence[str] | None = None
) -> dict[str, list[Any]]:
    """Describe services, their tasks, targets and deployments.

    Args:
        clients: Makes the client for an AWS service.
        arns: ARNs of the services.
        tasks_of_interest: ARNs of the tasks to describe; by default some tasks of each service.
    """
    record: dict[str, list[Any]] = {key: [] for key in _KEYS}
    ecs = clients("ecs")
    for arn in arns:
        cluster = arn.split("/")[-2]
        answer = call_aws(
            lambda arn=arn, cluster=cluster: ecs.describe_services(cluster=cluster, services=[arn]),  # type: ignore[misc]
            "ecs:DescribeServices",
        )
        record["services"] += answer["services"]
        tasks = _tasks(ecs, cluster, arn.rpartition("/")[2], tasks_of_interest)
        record["tasks"] += tasks
        record["logEvents"] += _last_lines(clients, failures(tasks, answer["services"]))
        record["serviceDeployments"] += _deployments(ecs, cluster, arn)
        for service in answer["services"]:
            for balancer in service.get("loadBalancers", ()):
                if "targetGroupArn" in balancer:
                    for key, items in _health(clients, balancer["targetGroupArn"]).items():
                        record[key] += items
    return record


def _task_of_last_run(states: Any, machine: str) -> Iterator[Any]:  # noqa: ANN401 - boto3 makes its clients at run time
    """Yield the task of a state machine's last execution, if that failed because its task did.

    The cause of such an execution is the task, as ``DescribeTasks`` describes it, with capital letters.
    """
    try:
        last = states.list_executions(stateMachineArn=machine, maxResults=1)["executions"]
        if not last or last[0]["status"] != "FAILED":
            return
        cause = json.loads(states.describe_execution(executionArn=last[0]["executionArn"]).get("cause") or "{}")
    except (BotoCoreError, ClientError, ValueError):  # not a job, or not for this caller
        return
    task = _with_small_letters(cause)
    if isinstance(task, dict) and "taskArn" in task:
        yield task


def _with_small_letters(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return [_with_small_letters(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {key[:1].lower() + key[1:]: _with_small_letters(each) for key, each in value.items()}


def _tasks(ecs: Any, cluster: str, service: str, only: Sequence[str] | None) -> list[Any]:  # noqa: ANN401 - boto3's
    arns = list(only or ())[:_MAX_DESCRIBED]
    for status in ("STOPPED", "RUNNING") if only is None else ():
        answer = call_aws(
            lambda status=status: ecs.list_tasks(cluster=cluster, serviceName=service, desiredStatus=status),  # type: ignore[misc]
            "ecs:ListTasks",
        )
        arns += answer["taskArns"][:_MAX_TASKS]
    if not arns:
        return []
    tasks: list[Any] = call_aws(lambda: ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"], "ecs:DescribeTasks")
    return tasks


def _deployments(ecs: Any, cluster: str, service: str) -> list[Any]:  # noqa: ANN401 - boto3 makes its clients at run time
    """Return the newest deployment; nothing if the caller may not read it."""
    try:
        newest = ecs.list_service_deployments(cluster=cluster, service=service, maxResults=1)["serviceDeployments"]
        arns = [each["serviceDeploymentArn"] for each in newest[:1]]
        deployments: list[Any] = (
            ecs.describe_service_deployments(serviceDeploymentArns=arns)["serviceDeployments"] if arns else []
        )
    except (BotoCoreError, ClientError):
        return []
    return deployments


def _health(clients: Clients, group: str) -> dict[str, list[Any]]:
    """Return the health of a target group's targets, and the group with its health check."""
    elb = clients("elbv2")
    try:
        targets: list[Any] = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        groups: list[Any] = elb.describe_target_groups(TargetGroupArns=[group])["TargetGroups"]
    except (BotoCoreError, ClientError):
        return {}
    return {"TargetHealthDescriptions": targets, "TargetGroups": groups}


def _last_lines(clients: Clients, failed: Sequence[Any]) -> list[Any]:
    """Return the last log lines of the task that failed last, if CloudWatch has them and the caller may read them."""
    stopped = max(failed, key=lambda task: str(task.get("stoppedAt", "")), default=None)
    if stopped is None:
        return []
    lines: list[Any] = []
    try:
        definition = clients("ecs").describe_task_definition(taskDefinition=stopped["taskDefinitionArn"])[
            "taskDefinition"
        ]
        for container in definition["containerDefinitions"]:
            options = container.get("logConfiguration", {}).get("options", {})
            if "awslogs-group" not in options or "awslogs-stream-prefix" not in options:
                continue
            stream = f"{options['awslogs-stream-prefix']}/{container['name']}/{stopped['taskArn'].rpartition('/')[2]}"
            answer = clients("logs").get_log_events(
                logGroupName=options["awslogs-group"], logStreamName=stream, limit=_MAX_LINES
            )
            lines += answer["events"]
    except (BotoCoreError, ClientError):
        pass
    return lines


def _since_the_last_start(events: Sequence[Any]) -> list[Any]:
    """Return the events of the newest update, newest first: earlier failures have nothing to do with it."""
    newest = []
    for event in events:
        newest.append(event)
        started = event.get("ResourceStatus") in {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"}
        if started and event.get("ResourceType") == "AWS::CloudFormation::Stack":
            break
    return newest
