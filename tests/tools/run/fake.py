"""An AWS that answers from tables, for what ``run`` asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

CLUSTER = "arn:aws:ecs:eu-central-1:111122223333:cluster/shop"
SERVICE = "arn:aws:ecs:eu-central-1:111122223333:service/shop/web"
TASK = "arn:aws:ecs:eu-central-1:111122223333:task/shop/0123"

WEB: dict[str, Any] = {
    "serviceName": "web",
    "clusterArn": CLUSTER,
    "taskDefinition": "web:7",
    "launchType": "FARGATE",
    "platformVersion": "LATEST",
    "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}},
    "loadBalancers": [{"containerName": "web"}],
    "deployments": [{"status": "PRIMARY"}],
}
DEFINITION: dict[str, Any] = {
    "cpu": "256",
    "memory": "512",
    "containerDefinitions": [
        {
            "name": "web",
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {"awslogs-group": "logs", "awslogs-stream-prefix": "app"},
            },
        },
        {"name": "beside"},
    ],
}


def task(status: str, code: int | None = None, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - passed on
    """A task as ECS describes it."""
    container = {"name": "web", "lastStatus": status, **({} if code is None else {"exitCode": code})}
    desired = "STOPPED" if status == "STOPPED" else "RUNNING"
    return {
        "taskArn": TASK,
        "clusterArn": CLUSTER,
        "lastStatus": status,
        "desiredStatus": desired,
        "containers": [container],
        **changes,
    }


def refused(code: str, message: str = "no") -> ClientError:
    """An error of AWS."""
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


class Fake:
    """A client that answers, raises, or calls what it was given."""

    def __init__(self, **answers: Any) -> None:  # noqa: ANN401 - passed on as they are
        self.answers = answers
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, operation: str) -> Any:  # noqa: ANN401 - as boto3's clients
        def call(**options: Any) -> Any:  # noqa: ANN401 - passed on as they are
            self.asked.append((operation, options))
            answer = self.answers[operation]
            if isinstance(answer, list):
                answer = answer.pop(0) if len(answer) > 1 else answer[0]
            if isinstance(answer, BaseException):
                raise answer
            return answer(**options) if callable(answer) else answer

        return call

    def get_paginator(self, operation: str) -> Any:  # noqa: ANN401 - as boto3's
        """Every answer is one page."""

        class Pages:
            def paginate(_, **options: Any) -> list[Any]:  # noqa: ANN401, N805 - passed on
                return [getattr(self, operation)(**options)]

        return Pages()

    def times(self, operation: str) -> int:
        """How often an operation was asked for."""
        return sum(name == operation for name, _ in self.asked)


def cloud(**ecs: Any) -> tuple[Callable[[str], Any], Fake]:  # noqa: ANN401 - passed on
    """The clients of an AWS where a task of ``WEB`` starts, runs and ends with 0, and its ECS."""
    answers: dict[str, Any] = {
        "describe_services": {"services": [WEB]},
        "describe_task_definition": {"taskDefinition": DEFINITION},
        "run_task": {"tasks": [task("PROVISIONING")], "failures": []},
        "describe_tasks": [{"tasks": [task("RUNNING")]}, {"tasks": [task("STOPPED", 0)]}],
        "stop_task": {},
        **ecs,
    }
    clients = {
        "ecs": Fake(**answers),
        "logs": Fake(get_log_events=[{"events": [{"message": "hello"}], "nextForwardToken": "1"}, {"events": []}]),
    }
    return clients.__getitem__, clients["ecs"]
