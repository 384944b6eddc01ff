"""Where the story of a deployment comes from: files with answers of AWS, or AWS itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

from botocore.exceptions import BotoCoreError, ClientError

from ecr_fargate_constructs.tools.aws_calls import call_aws
from ecr_fargate_constructs.tools.errors import ToolError
from ecr_fargate_constructs.tools.explain.explain import failures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
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
_TASKS = 20  # stopped tasks that are read; they are all alike
_LINES = 20
_MOST_DESCRIBED = 100  # by one DescribeTasks


def from_files(files: Iterable[Path]) -> dict[str, list[Any]]:
    """What the AWS command line printed, merged.

    Raises:
        ToolError: A file holds no such answer.
    """
    record: dict[str, list[Any]] = {key: [] for key in _KEYS}
    for file in files:
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            if not isinstance(content, dict):
                raise TypeError("it is a list")  # noqa: TRY301 - caught below with the rest
        except (ValueError, TypeError) as error:
            raise ToolError(f"{file} is no answer of AWS: {error}", fix=_FILES) from error
        if "events" in content and "logEvents" not in content:  # aws logs get-log-events
            content["logEvents"] = content["events"]
        known = [key for key in _KEYS if isinstance(content.get(key), list)]
        if not known:
            raise ToolError(f"{file} has none of {', '.join(_KEYS)}", fix=_FILES)
        for key in known:
            record[key] += content[key]
    return record


_FILES = (
    "give what 'aws ecs describe-services', 'aws ecs describe-tasks', 'aws cloudformation describe-stack-events' or "
    "'aws elbv2 describe-target-health' print"
)


def from_stacks(clients: Clients, stacks: Iterable[str]) -> dict[str, list[Any]]:
    """All that AWS says of the services of several stacks."""
    record: dict[str, list[Any]] = {key: [] for key in _KEYS}
    for stack in stacks:
        for key, found in from_stack(clients, stack).items():
            record[key] += found
    return record


def from_stack(clients: Clients, stack: str) -> dict[str, list[Any]]:
    """All that AWS says of the services of a stack.

    Raises:
        ToolError: There is no such stack, or the caller may not ask.
    """
    cloudformation = clients("cloudformation")
    events = call_aws(
        lambda: cloudformation.describe_stack_events(StackName=stack)["StackEvents"],
        "cloudformation:DescribeStackEvents",
    )
    resources = call_aws(
        lambda: cloudformation.describe_stack_resources(StackName=stack)["StackResources"],
        "cloudformation:DescribeStackResources",
    )
    services = [each["PhysicalResourceId"] for each in resources if each["ResourceType"] == "AWS::ECS::Service"]
    record = from_services(clients, [arn for arn in services if arn])
    record["StackEvents"] += _since_the_last_start(events)
    return record


def from_services(
    clients: Clients, arns: Sequence[str], *, tasks_of_interest: Sequence[str] | None = None
) -> dict[str, list[Any]]:
    """All that AWS says of services.

    Args:
        clients: Makes a client for an AWS service.
        arns: ARNs of the services.
        tasks_of_interest: ARNs of the tasks to look at; left out, some of each service's.
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
                    for key, found in _health(clients, balancer["targetGroupArn"]).items():
                        record[key] += found
    return record


def _tasks(ecs: Any, cluster: str, service: str, known: Sequence[str] | None) -> list[Any]:  # noqa: ANN401 - boto3's
    found = list(known or ())[:_MOST_DESCRIBED]
    for status in ("STOPPED", "RUNNING") if known is None else ():
        answer = call_aws(
            lambda status=status: ecs.list_tasks(cluster=cluster, serviceName=service, desiredStatus=status),  # type: ignore[misc]
            "ecs:ListTasks",
        )
        found += answer["taskArns"][:_TASKS]
    if not found:
        return []
    tasks: list[Any] = call_aws(lambda: ecs.describe_tasks(cluster=cluster, tasks=found)["tasks"], "ecs:DescribeTasks")
    return tasks


def _deployments(ecs: Any, cluster: str, service: str) -> list[Any]:  # noqa: ANN401 - boto3 makes its clients at run time
    """The newest deployment; nothing where there are none to ask for, as on the embedded AWS."""
    try:
        newest = ecs.list_service_deployments(cluster=cluster, service=service, maxResults=1)["serviceDeployments"]
        arns = [each["serviceDeploymentArn"] for each in newest[:1]]
        found: list[Any] = (
            ecs.describe_service_deployments(serviceDeploymentArns=arns)["serviceDeployments"] if arns else []
        )
    except (BotoCoreError, ClientError):
        return []
    return found


def _health(clients: Clients, group: str) -> dict[str, list[Any]]:
    """How the targets of a group are, and how they are checked."""
    elb = clients("elbv2")
    try:
        found: list[Any] = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        groups: list[Any] = elb.describe_target_groups(TargetGroupArns=[group])["TargetGroups"]
    except (BotoCoreError, ClientError):
        return {}
    return {"TargetHealthDescriptions": found, "TargetGroups": groups}


def _last_lines(clients: Clients, failed: Sequence[Any]) -> list[Any]:
    """The last lines of the task that failed last, if its containers log to CloudWatch and the caller may read them."""
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
                logGroupName=options["awslogs-group"], logStreamName=stream, limit=_LINES
            )
            lines += answer["events"]
    except (BotoCoreError, ClientError):
        pass
    return lines


def _since_the_last_start(events: Sequence[Any]) -> list[Any]:
    """Events of the newest update, which come newest first: older failures are other stories."""
    found = []
    for event in events:
        found.append(event)
        started = event.get("ResourceStatus") in {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"}
        if started and event.get("ResourceType") == "AWS::CloudFormation::Stack":
            break
    return found
