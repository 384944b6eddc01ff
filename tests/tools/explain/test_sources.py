"""What is asked of AWS to explain a deployment, and what of it is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ecr_fargate_constructs.tools.errors import ToolError
from ecr_fargate_constructs.tools.explain.explain import explain
from ecr_fargate_constructs.tools.explain.sources import from_services, from_stack, from_stacks

SERVICE = "arn:aws:ecs:eu-central-1:111122223333:service/shop/web"
STOPPED = {
    "taskArn": "arn:aws:ecs:eu-central-1:111122223333:task/shop/0123",
    "taskDefinitionArn": "arn:aws:ecs:eu-central-1:111122223333:task-definition/web:1",
    "lastStatus": "STOPPED",
    "stopCode": "EssentialContainerExited",
    "stoppedReason": "Essential container in task exited",
}
START = {"ResourceType": "AWS::CloudFormation::Stack", "ResourceStatus": "UPDATE_IN_PROGRESS"}


def _refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "Operation")


class Fake:
    """Answers, or raises, what it was given."""

    def __init__(self, **answers: Any) -> None:  # noqa: ANN401 - passed on as they are
        self._answers = answers
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, operation: str) -> Any:  # noqa: ANN401 - as boto3's clients
        def call(**options: Any) -> Any:  # noqa: ANN401 - passed on as they are
            self.asked.append((operation, options))
            answer = self._answers[operation]
            if isinstance(answer, Exception):
                raise answer
            return answer(**options) if callable(answer) else answer

        return call

    def get_paginator(self, operation: str) -> Any:  # noqa: ANN401 - as boto3's
        """The answer is a list of pages."""

        class Pages:
            def paginate(_, **options: Any) -> Any:  # noqa: ANN401, N805 - passed on
                return getattr(self, operation)(**options)

        return Pages()


def _clients(**changes: Any) -> dict[str, Fake]:  # noqa: ANN401 - passed on as they are
    ecs: dict[str, Any] = {
        "describe_services": {"services": [{"serviceName": "web", "loadBalancers": [{"targetGroupArn": "group"}]}]},
        "list_tasks": lambda desiredStatus, **_: {"taskArns": ["0123"] if desiredStatus == "STOPPED" else []},  # noqa: N803
        "describe_tasks": {"tasks": [STOPPED]},
        "list_service_deployments": {"serviceDeployments": [{"serviceDeploymentArn": "deployment"}]},
        "describe_service_deployments": {"serviceDeployments": [{"status": "ROLLBACK_SUCCESSFUL"}]},
        "describe_task_definition": {
            "taskDefinition": {
                "containerDefinitions": [
                    {
                        "name": "web",
                        "logConfiguration": {"options": {"awslogs-group": "logs", "awslogs-stream-prefix": "app"}},
                    },
                    {"name": "other"},
                ]
            }
        },
        **changes,
    }
    return {
        "ecs": Fake(**ecs),
        "elbv2": Fake(
            describe_target_health={"TargetHealthDescriptions": [{"Target": {"Id": "10.0.0.1"}}]},
            describe_target_groups={"TargetGroups": [{"TargetGroupName": "web", "HealthCheckPath": "/healthz"}]},
        ),
        "logs": Fake(get_log_events={"events": [{"message": "exec /app: exec format error"}]}),
        "cloudformation": Fake(
            describe_stack_events={
                "StackEvents": [
                    {"ResourceStatus": "UPDATE_FAILED", "LogicalResourceId": "New"},
                    START,
                    {"ResourceStatus": "UPDATE_FAILED", "LogicalResourceId": "Old"},
                ]
            },
            list_stack_resources=[
                {"StackResourceSummaries": [{"ResourceType": "AWS::ECS::Cluster", "PhysicalResourceId": "shop"}] * 100},
                {
                    "StackResourceSummaries": [
                        {"ResourceType": "AWS::ECS::Service", "PhysicalResourceId": SERVICE},
                        {"ResourceType": "AWS::ECS::Service"},  # not created yet
                    ]
                },
            ],
        ),
    }


def test_a_stack_is_read_with_all_that_is_said_of_its_services() -> None:
    clients = _clients()
    record = from_stack(clients.__getitem__, "Web")
    assert {key: len(value) for key, value in record.items()} == {
        "services": 1,
        "tasks": 1,
        "serviceDeployments": 1,
        "StackEvents": 2,
        "TargetHealthDescriptions": 1,
        "TargetGroups": 1,
        "logEvents": 1,
    }
    assert "Old" not in str(record["StackEvents"])
    assert clients["logs"].asked == [
        ("get_log_events", {"logGroupName": "logs", "logStreamName": "app/web/0123", "limit": 20})
    ]
    assert explain(record)[0].rule.cause == "wrong architecture"


def test_the_lines_of_the_task_that_failed_last_are_read() -> None:
    told = {"taskArn": "t/told", "stopCode": "ServiceSchedulerInitiated", "stoppedAt": "2026-11-02T10:00:00Z"}
    older = {"taskArn": "t/older", "stoppedAt": "2026-11-02T08:00:00Z"}
    newer = {"taskArn": "t/newer", "stoppedAt": "2026-11-02T09:00:00Z"}
    tasks = [{**STOPPED, **each} for each in (told, older, newer)]
    clients = _clients(describe_tasks={"tasks": tasks})
    from_services(clients.__getitem__, [SERVICE])
    assert clients["logs"].asked[0][1]["logStreamName"] == "app/web/newer"


def test_a_task_that_was_told_to_stop_is_not_read() -> None:
    told = {
        **STOPPED,
        "stopCode": "ServiceSchedulerInitiated",
        "stoppedReason": "Scaling activity",
    }
    clients = _clients(describe_tasks={"tasks": [told]})
    assert from_services(clients.__getitem__, [SERVICE])["logEvents"] == []


def test_a_failed_health_check_of_this_version_counts_more_than_a_crash_of_the_one_before() -> None:
    crash = {**STOPPED, "taskArn": "t/crash", "stoppedAt": "2026-11-02T08:00:00Z"}
    check = {
        **STOPPED,
        "taskArn": "t/check",
        "taskDefinitionArn": STOPPED["taskDefinitionArn"].replace(":1", ":2"),
        "stopCode": "ServiceSchedulerInitiated",
        "stoppedReason": "Task failed ELB health checks in (target-group web)",
        "stoppedAt": "2026-11-02T09:00:00Z",
    }
    clients = _clients(
        describe_services={"services": [{"serviceName": "web", "taskDefinition": check["taskDefinitionArn"]}]},
        describe_tasks={"tasks": [crash, check]},
    )
    from_services(clients.__getitem__, [SERVICE])
    assert clients["logs"].asked[0][1]["logStreamName"] == "app/web/check"


def test_several_stacks_are_one_story() -> None:
    record = from_stacks(_clients().__getitem__, ["Web", "Shop"])
    assert (len(record["services"]), len(record["StackEvents"])) == (2, 4)


def test_what_cannot_be_read_beside_the_tasks_is_left_out() -> None:
    clients = _clients(
        list_service_deployments=_refused("UnknownOperationException"),
        describe_task_definition=_refused("AccessDeniedException"),
    )
    clients["elbv2"] = Fake(describe_target_health=_refused("AccessDenied"))
    record = from_services(clients.__getitem__, [SERVICE])
    assert record["serviceDeployments"] == record["TargetHealthDescriptions"] == record["logEvents"] == []
    assert explain(record)[0].rule.cause == "container exited"


def test_a_permission_that_is_missing_is_named() -> None:
    clients = _clients(list_tasks=_refused("AccessDeniedException"))
    with pytest.raises(ToolError, match="lacks ecs:ListTasks"):
        from_services(clients.__getitem__, [SERVICE])


def test_a_service_without_tasks_is_read() -> None:
    record = from_services(_clients(list_tasks={"taskArns": []}).__getitem__, [SERVICE])
    assert record["tasks"] == []


@pytest.mark.parametrize("tasks", [["task/7"], []])
def test_the_tasks_of_one_version_alone_are_looked_at(tasks: list[str]) -> None:
    clients = _clients()
    record = from_services(clients.__getitem__, [SERVICE], tasks_of_interest=tasks)
    asked = [options["tasks"] for operation, options in clients["ecs"].asked if operation == "describe_tasks"]
    assert asked == ([tasks] if tasks else [])
    assert "list_tasks" not in [operation for operation, _ in clients["ecs"].asked]
    assert len(record["tasks"]) == len(tasks)


JOB = "arn:aws:states:eu-central-1:111122223333:stateMachine:job"
TASK_OF_A_JOB = json.dumps(
    {
        "TaskArn": "arn:aws:ecs:eu-central-1:111122223333:task/shop/4567",
        "TaskDefinitionArn": "arn:aws:ecs:eu-central-1:111122223333:task-definition/job:1",
        "LastStatus": "STOPPED",
        "StopCode": "EssentialContainerExited",
        "StoppedReason": "Essential container in task exited",
        "Containers": [{"Name": "web", "ExitCode": 137, "Reason": "OutOfMemoryError: container killed"}],
    }
)


@pytest.mark.parametrize(
    ("status", "cause", "found"),
    [
        ("FAILED", TASK_OF_A_JOB, True),
        ("SUCCEEDED", TASK_OF_A_JOB, False),
        ("FAILED", "The job was due while a task of it still ran.", False),
        ("FAILED", "[]", False),
    ],
)
def test_the_task_of_a_job_s_last_run_is_explained_if_it_failed(status: str, cause: str, *, found: bool) -> None:
    clients = _clients()
    clients["cloudformation"] = Fake(
        describe_stack_events={"StackEvents": []},
        list_stack_resources=[
            {
                "StackResourceSummaries": [
                    {"ResourceType": "AWS::StepFunctions::StateMachine", "PhysicalResourceId": JOB}
                ]
            }
        ],
    )
    clients["stepfunctions"] = Fake(
        list_executions={"executions": [{"executionArn": "run", "status": status}]},
        describe_execution={"cause": cause},
    )
    record = from_stack(clients.__getitem__, "Web")
    assert bool(explain(record)) is found
    assert [each["message"] for each in record["logEvents"]] == ["exec /app: exec format error"] * found
    if found:
        assert record["tasks"][0]["containers"][0]["exitCode"] == 137
