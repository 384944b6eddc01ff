"""Task protection: the API, the endpoint of the agent, and what interruptions make of it."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.local.ministack_patches.agent import Agent
from ecr_fargate_constructs.local.ministack_patches.deployments import Interruptions, Protection

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.local.ministack_patches.deployments.services import Aws

STATE = "/task-protection/v1/state"
ALLOWED: Callable[..., str | None] = lambda *_: None  # noqa: E731 - a table of two
DENIED: Callable[..., str | None] = lambda *asked: " ".join(asked)  # noqa: E731


@pytest.fixture
def protection(aws: Aws) -> Protection:
    """A running service of two tasks, and the API."""
    found = Protection(aws.ecs, aws.controlled, aws.clock)
    aws.do("CreateCluster", clusterName="shop")
    aws.create()
    return found


def running(aws: Aws) -> list[str]:
    return sorted(aws.do("ListTasks", cluster="shop", serviceName="web", desiredStatus="RUNNING")["taskArns"])


def protect(aws: Aws, *tasks: str, minutes: int = 2880) -> dict[str, Any]:
    return aws.do(
        "UpdateTaskProtection", cluster="shop", tasks=list(tasks), protectionEnabled=True, expiresInMinutes=minutes
    )


def release(aws: Aws, *tasks: str) -> None:
    aws.do("UpdateTaskProtection", cluster="shop", tasks=list(tasks), protectionEnabled=False)


def scale(aws: Aws, count: int) -> None:
    aws.do("UpdateService", cluster="shop", service="web", desiredCount=count)


def test_scale_in_leaves_a_protected_task_until_it_is_free(aws: Aws, protection: Protection) -> None:
    assert protection
    first, second = running(aws)
    [protected] = protect(aws, first)["protectedTasks"]
    assert (protected["taskArn"], protected["protectionEnabled"]) == (first, True)
    scale(aws, 0)
    aws.until(lambda: running(aws) == [first])
    assert second not in running(aws)
    release(aws, first)
    aws.until(lambda: not running(aws))


def test_protection_ends_by_the_clock(aws: Aws, protection: Protection) -> None:
    assert protection
    first, _ = running(aws)
    [protected] = protect(aws, first, minutes=60)["protectedTasks"]  # a second of this machine
    assert 0 < protected["expirationDate"] - time.time() <= 1.1
    scale(aws, 0)
    assert running(aws) == [first]
    aws.until(lambda: not running(aws))
    [answer] = aws.do("GetTaskProtection", cluster="shop", tasks=[first])["failures"]
    assert answer["reason"] == "MISSING"


def test_a_blocked_deployment_refuses_more_protection(aws: Aws, protection: Protection) -> None:
    assert protection
    first, second = running(aws)
    protect(aws, first)
    aws.update()
    aws.until(lambda: len(running(aws)) == 3)  # the second task was replaced, and both new ones are healthy
    assert second not in running(aws)
    [failure] = protect(aws, first)["failures"]
    assert failure == {"arn": first, "reason": "DEPLOYMENT_BLOCKED"}
    [other, _] = [each for each in running(aws) if each != first]
    assert protect(aws, other)["failures"] == []  # the new version's
    release(aws, first)
    aws.until(lambda: aws.newest()["status"] == "SUCCESSFUL")


def test_what_ecs_refuses(aws: Aws, protection: Protection) -> None:
    assert protection
    first, _ = running(aws)
    for minutes in (0, 2881):
        request = {"cluster": "shop", "tasks": [first], "protectionEnabled": True, "expiresInMinutes": minutes}
        assert aws.refused("UpdateTaskProtection", **request) == "InvalidParameterException"
    assert aws.refused("UpdateTaskProtection", cluster="shop", tasks=[first]) == "InvalidParameterException"
    assert aws.refused("GetTaskProtection", cluster="nowhere", tasks=[first]) == "ClusterNotFoundException"
    [task] = aws.do("RunTask", cluster="shop", taskDefinition=aws.register())["tasks"]
    [failure] = protect(aws, task["taskArn"])["failures"]
    assert failure["reason"] == "TASK_NOT_VALID"


def ask(
    aws: Aws,
    protection: Protection,
    method: str,
    path: str,
    body: object = None,
    refusal: Callable[..., str | None] = ALLOWED,
) -> tuple[int, Any]:
    """Status and document of the agent; 418 for what is left to others."""
    agent, sent = Agent(aws.ecs, protection, refusal), []

    async def others(_scope: Any, _receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        await send({"status": 418})
        await send({"body": b"null"})

    async def send(message: Any) -> None:  # noqa: ANN401
        await asyncio.sleep(0)
        sent.append(message)

    async def receive() -> Any:  # noqa: ANN401
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"" if body is None else json.dumps(body).encode()}

    scope = {"type": "http", "method": method, "path": path, "headers": []}

    async def answered() -> None:
        await agent.answer(others)(scope, receive, send)

    asyncio.run(answered())
    return sent[0]["status"], json.loads(sent[1]["body"])


@pytest.fixture
def token(aws: Aws, protection: Protection) -> str:
    """Path of the agent of the first task; its role is in the task definition."""
    assert protection
    first, _ = running(aws)
    aws.ecs.ecs_metadata.register_container("a-token-of-it", first, {}, {"Name": "web"})
    [definition] = [each for each in aws.ecs._task_defs.values() if isinstance(each, dict)][:1]
    definition["taskRoleArn"] = "arn:aws:iam::000000000000:role/Worker"
    return f"/api/a-token-of-it{STATE}"


def test_a_task_protects_itself(aws: Aws, protection: Protection, token: str) -> None:
    first, _ = running(aws)
    assert ask(aws, protection, "GET", token) == (200, {"protection": {"ProtectionEnabled": False, "TaskArn": first}})
    status, answer = ask(aws, protection, "PUT", token, {"ProtectionEnabled": True})
    assert (status, answer["protection"]["ProtectionEnabled"]) == (200, True)
    assert answer["protection"]["ExpirationDate"].endswith("Z")
    scale(aws, 0)
    aws.until(lambda: running(aws) == [first])
    ask(aws, protection, "PUT", token, {"ProtectionEnabled": False})
    aws.until(lambda: not running(aws))
    assert ask(aws, protection, "GET", token)[1]["failure"]["Reason"] == "MISSING"


@pytest.mark.parametrize(
    "body", [{}, {"ProtectionEnabled": "yes"}, [], {"ProtectionEnabled": True, "ExpiresInMinutes": 0}]
)
def test_the_agent_refuses(aws: Aws, protection: Protection, token: str, body: object) -> None:
    status, answer = ask(aws, protection, "PUT", token, body)
    assert (status, answer["error"]["Code"]) == (400, "InvalidParameterException")


def test_the_role_is_asked(aws: Aws, protection: Protection, token: str) -> None:
    first, _ = running(aws)
    role = "arn:aws:iam::000000000000:role/Worker"
    for method, action in (("GET", "ecs:GetTaskProtection"), ("PUT", "ecs:UpdateTaskProtection")):
        status, answer = ask(aws, protection, method, token, {"ProtectionEnabled": True}, refusal=DENIED)
        assert (status, answer["error"]["Code"]) == (400, "AccessDeniedException")
        assert answer["error"]["Message"] == f"{role} {first} {action} {first}"


def test_other_tokens_and_paths(aws: Aws, protection: Protection, token: str) -> None:
    assert ask(aws, protection, "GET", token.replace("a-token", "another"))[0] == 418
    assert ask(aws, protection, "GET", "/v4/a-token-of-it")[0] == 418
    assert ask(aws, protection, "GET", "/api/a-token-of-it/fault/v1")[0] == 404
    assert ask(aws, protection, "DELETE", token)[0] == 405


def test_an_interruption_stops_a_protected_task_and_the_service_replaces_it(aws: Aws, protection: Protection) -> None:
    assert protection
    before = running(aws)
    protect(aws, *before)
    interruptions = Interruptions(aws.ecs, aws.controlled)
    assert interruptions.interrupt(before[0])
    assert not interruptions.interrupt(before[0])
    aws.until(lambda: len(running(aws)) == 2)
    assert before[1] in running(aws)
    [task] = aws.do("DescribeTasks", cluster="shop", tasks=[before[0]])["tasks"]
    assert (task["stopCode"], task["stoppedReason"]) == ("SpotInterruption", "Your Spot Task was interrupted.")
    assert aws.newest()["status"] == "SUCCESSFUL"
    assert aws.service()["deployments"][0]["failedTasks"] == 0  # the circuit breaker does not count it
