"""MiniStack's own service records under the controller, without a container engine: its tasks run at once."""

from __future__ import annotations

import asyncio
import importlib
import time
from datetime import datetime, timezone
from typing import Any

import pytest

from ecr_fargate_constructs.local.deployments.hooks import Answer
from ecr_fargate_constructs.local.ministack_patches.deployments import control_deployments
from tests.local.ministack_patches.deployments.services import BLUE, CANARY, GREEN, PAUSE, RULE, Aws


def test_a_canary_moves_the_weights_and_the_tasks_of_the_other_group(aws: Aws) -> None:
    aws.create(**CANARY)
    first = {target["Id"] for target in aws.alb._targets[BLUE]}
    assert len(first) == 2
    assert not aws.alb._targets.get(GREEN)
    aws.update()
    aws.until(lambda: aws.weights() == [875, 125])  # whole numbers: 87.5 and 12.5 percent
    assert {target["Id"] for target in aws.alb._targets[BLUE]} == first
    assert len(aws.alb._targets[GREEN]) == 2
    aws.until(lambda: aws.weights() == [0, 100])
    aws.until(lambda: aws.newest()["status"] == "SUCCESSFUL")
    assert aws.alb._targets[BLUE] == []
    aws.until(lambda: "has reached a steady state" in aws.service()["events"][0]["message"])
    [only] = aws.service()["deployments"]
    assert (only["status"], only["rolloutState"], only["runningCount"]) == ("PRIMARY", "COMPLETED", 2)


@pytest.mark.parametrize("aws", [None], indirect=True)
def test_without_a_clock_no_time_is_spent_baking(aws: Aws) -> None:
    aws.create(**CANARY)
    aws.update()
    aws.until(lambda: aws.newest()["status"] == "SUCCESSFUL")
    assert aws.weights() == [0, 100]


def test_a_person_continues_or_stops(aws: Aws) -> None:
    aws.create(**CANARY)
    aws.update(deploymentConfiguration={**CANARY, "lifecycleHooks": [PAUSE]})
    aws.until(lambda: bool(aws.newest()["lifecycleHookDetails"]))
    newest = aws.newest()
    [hook] = newest["lifecycleHookDetails"]
    assert (newest["lifecycleStage"], hook["status"], hook["targetType"]) == (
        "POST_SCALE_UP",
        "AWAITING_ACTION",
        "PAUSE",
    )
    arn = newest["serviceDeploymentArn"]
    assert aws.refused("ContinueServiceDeployment", serviceDeploymentArn=arn, hookId="another") == (
        "InvalidParameterException"
    )
    aws.do("ContinueServiceDeployment", serviceDeploymentArn=arn, hookId=hook["hookId"])
    aws.until(lambda: aws.weights() == [875, 125])
    aws.do("StopServiceDeployment", serviceDeploymentArn=arn, stopType="ROLLBACK")
    aws.until(lambda: aws.newest()["status"] == "ROLLBACK_SUCCESSFUL")
    assert aws.weights() == [100, 0]
    assert aws.newest()["rollback"]["serviceRevisionArn"].startswith("arn:aws:ecs:")
    assert aws.refused("StopServiceDeployment", serviceDeploymentArn=arn) == "ConflictException"
    assert aws.refused("StopServiceDeployment", serviceDeploymentArn="arn:x") == "ServiceDeploymentNotFoundException"


def test_revisions_are_described(aws: Aws) -> None:
    aws.create(**CANARY)
    arn = aws.newest()["targetServiceRevision"]["arn"]
    answer = aws.do("DescribeServiceRevisions", serviceRevisionArns=[arn, "arn:x"])
    [revision] = answer["serviceRevisions"]
    assert revision["taskDefinition"] == aws.service()["taskDefinition"]
    assert revision["resolvedConfiguration"]["loadBalancers"] == [
        {"targetGroupArn": BLUE, "productionListenerRule": RULE}
    ]
    assert answer["failures"] == [{"arn": "arn:x", "reason": "MISSING"}]


def test_an_alarm_rolls_back(aws: Aws) -> None:
    aws.create(**CANARY)
    alarms = importlib.import_module("ministack.services.cloudwatch")._alarms
    alarms["errors"] = {"StateValue": "OK"}
    watched = {"enable": True, "rollback": True, "alarmNames": ["errors"]}
    aws.update(deploymentConfiguration={**CANARY, "alarms": watched, "bakeTimeInMinutes": 1440})
    aws.until(lambda: aws.weights() == [0, 100])
    alarms["errors"] = {"StateValue": "ALARM"}
    aws.until(lambda: aws.newest()["status"] == "ROLLBACK_SUCCESSFUL")
    assert (aws.weights(), aws.newest()["alarms"]["triggeredAlarmNames"]) == ([100, 0], ["errors"])


def test_exiting_tasks_trip_the_breaker(aws: Aws, healthy: set[bool]) -> None:
    breaker = {"enable": True, "rollback": True, "resetOnHealthyTask": False}
    aws.create(deploymentCircuitBreaker=breaker)
    before = aws.service()["taskDefinition"]
    healthy.clear()
    aws.update()
    bad = aws.service()["taskDefinition"]
    deadline = time.monotonic() + 20
    while aws.newest()["status"] == "IN_PROGRESS" and time.monotonic() < deadline:
        for arn, task in list(aws.ecs._tasks.items()):
            if task["taskDefinitionArn"] == bad and task["lastStatus"] == "RUNNING":
                aws.ecs._mark_task_stopped(arn, task, "Essential container exited", "EssentialContainerExited", 1)
    healthy.add(True)
    aws.until(lambda: aws.newest()["status"] == "ROLLBACK_SUCCESSFUL")
    described = aws.service()
    assert described["taskDefinition"] == before
    failed = [each for each in described["deployments"] if each["rolloutState"] == "FAILED"]
    assert [each["rolloutStateReason"] for each in failed] == ["ECS deployment circuit breaker: tasks failed to start."]
    assert any("deployment failed: tasks failed to start" in each["message"] for each in described["events"])


def test_a_task_whose_containers_are_unhealthy_is_replaced(aws: Aws) -> None:
    aws.create()
    aws.until(lambda: aws.newest()["status"] == "SUCCESSFUL")
    task = next(iter(aws.ecs._tasks.values()))
    task["_has_health_check"], task["healthStatus"] = True, "HEALTHY"
    aws.do("UpdateService", cluster="shop", service="web")  # wakes: tasks have health checks from their start
    task["healthStatus"] = "UNHEALTHY"
    aws.until(lambda: task["lastStatus"] == "STOPPED")
    assert task["stoppedReason"] == "Task failed container health checks"
    aws.until(lambda: len(aws.ecs._tasks) == 3)
    aws.until(lambda: aws.service()["runningCount"] == 2)


def test_a_deployment_waits_for_the_health_of_containers(aws: Aws) -> None:
    aws.create()
    aws.until(lambda: aws.newest()["status"] == "SUCCESSFUL")
    aws.update()
    task = next(
        each for each in list(aws.ecs._tasks.values()) if each["taskDefinitionArn"] == aws.service()["taskDefinition"]
    )
    task["_has_health_check"] = True
    time.sleep(3)
    assert aws.newest()["status"] == "IN_PROGRESS"
    task["healthStatus"] = "HEALTHY"
    aws.until(lambda: aws.newest()["status"] == "SUCCESSFUL")


def test_cloudformation_fails_with_the_deployment(aws: Aws) -> None:
    aws.create(**CANARY)
    alarms = importlib.import_module("ministack.services.cloudwatch")._alarms
    alarms["errors"] = {"StateValue": "OK"}
    watched = {"Enable": True, "Rollback": True, "AlarmNames": ["errors"]}
    old = {
        "Cluster": "shop",
        "ServiceName": "web",
        "TaskDefinition": aws.service()["taskDefinition"],
        "DeploymentConfiguration": {"Strategy": "CANARY", "BakeTimeInMinutes": 3},
    }
    new = {
        **old,
        "TaskDefinition": aws.register(),
        "DeploymentConfiguration": {"Strategy": "BLUE_GREEN", "BakeTimeInMinutes": 1440, "Alarms": watched},
    }

    def alarm() -> None:
        aws.until(lambda: aws.weights() == [0, 100])
        alarms["errors"] = {"StateValue": "ALARM"}

    async def both() -> None:
        await asyncio.gather(
            asyncio.to_thread(
                aws.handlers["AWS::ECS::Service"]["update"], aws.service()["serviceArn"], old, new, "Web"
            ),
            asyncio.to_thread(alarm),
        )

    with pytest.raises(ValueError, match=r'Resource handler returned message: "Service deployment rolled back because'):
        asyncio.run(both())
    # The settings are the old ones again, and an update that begins no deployment does not fail with the one before.
    configuration = aws.service()["deploymentConfiguration"]
    assert (configuration["strategy"], configuration["bakeTimeInMinutes"]) == ("CANARY", 3)
    failed = aws.newest()["serviceDeploymentArn"]
    other = {**old, "DeploymentConfiguration": {"Strategy": "BLUE_GREEN", "BakeTimeInMinutes": 1}}
    aws.handlers["AWS::ECS::Service"]["update"](aws.service()["serviceArn"], new, other, "Web")
    assert aws.newest()["serviceDeploymentArn"] == failed


@pytest.mark.parametrize("action", ["CreateChangeSet", "UpdateStack"])
def test_cloudformation_waits_unless_the_last_deployment_is_in_express_mode(aws: Aws, action: str) -> None:
    aws.create(**CANARY)
    cloudformation = importlib.import_module("ministack.services.cloudformation")
    old = {"Cluster": "shop", "ServiceName": "web", "TaskDefinition": aws.service()["taskDefinition"]}
    arn = aws.service()["serviceArn"]

    def update(**mode: list[str]) -> str:
        cloudformation._ACTION_HANDLERS[action](
            {"StackName": ["arn:aws:cloudformation:us-east-1:000000000000:stack/Web/1"], **mode}
        )
        aws.handlers["AWS::ECS::Service"]["update"](arn, old, {**old, "TaskDefinition": aws.register()}, "Web")
        return str(aws.newest()["status"])

    assert update(**{"DeploymentConfig.Mode": ["EXPRESS"]}) in {"PENDING", "IN_PROGRESS"}
    assert update(**{"DeploymentConfig.Mode": ["STANDARD"]}) == "SUCCESSFUL"
    assert update(**{"DeploymentConfig.Mode": ["EXPRESS"]}) in {"PENDING", "IN_PROGRESS"}
    assert update() == "SUCCESSFUL"


def test_a_function_gets_the_event_of_ecs(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    events = []

    def ask(_functions: object, function: str, event: dict[str, Any]) -> Answer:
        events.append((function, event))
        return Answer("SUCCEEDED")

    monkeypatch.setattr(f"{control_deployments.__module__.rpartition('.')[0]}.service.ask_function", ask)
    aws.create(**CANARY)
    [old] = [each["id"] for each in aws.service()["deployments"]]
    hook = {"hookTargetArn": "check", "lifecycleStages": ["PRE_PRODUCTION_TRAFFIC_SHIFT"], "hookDetails": {"a": 1}}
    aws.update(deploymentConfiguration={**CANARY, "lifecycleHooks": [hook]})
    aws.until(lambda: aws.newest()["status"] == "SUCCESSFUL")
    newest = aws.newest()
    green = newest["targetServiceRevision"]["arn"]
    blue = green.rpartition("/")[0] + "/" + old.rpartition("/")[2]
    assert [function for function, _ in events] == ["check", "check"]
    for (_, event), share in zip(events, (0, 12.5), strict=True):
        assert event.pop("executionId")
        assert event == {
            "lifecycleStage": "PRE_PRODUCTION_TRAFFIC_SHIFT",
            "resourceArn": newest["serviceDeploymentArn"],
            "executionDetails": {
                "serviceArn": newest["serviceArn"],
                "targetServiceRevisionArn": green,
                "testTrafficWeights": {},
                "productionTrafficWeights": {green: share, blue: 100 - share},
            },
            "hookDetails": {"a": 1},
        }


def test_the_short_name_of_a_service_is_that_of_its_cluster(aws: Aws) -> None:
    aws.create(**CANARY)
    assert aws.refused("ListServiceDeployments", cluster="other", service="web") == "ServiceNotFoundException"
    listed = aws.do("ListServiceDeployments", service=aws.service()["serviceArn"])
    assert (
        listed["serviceDeployments"]
        == aws.do("ListServiceDeployments", cluster="shop", service="web")["serviceDeployments"]
    )


def test_service_deployments_are_listed_in_pages_and_by_their_time(aws: Aws) -> None:
    aws.create(**CANARY)
    for _ in range(2):
        aws.update()
        aws.until(lambda: aws.newest()["status"] == "SUCCESSFUL")
    where = {"cluster": "shop", "service": "web"}
    every = aws.do("ListServiceDeployments", **where)
    assert "nextToken" not in every
    newest, middle, oldest = every["serviceDeployments"]
    first = aws.do("ListServiceDeployments", **where, maxResults=2)
    assert first["serviceDeployments"] == [newest, middle]
    aws.update()  # while the pages are read
    rest = aws.do("ListServiceDeployments", **where, maxResults=2, nextToken=first["nextToken"])
    assert (rest["serviceDeployments"], "nextToken" in rest) == ([oldest], False)
    for bad in ({"nextToken": "other"}, {"maxResults": 101}, {"maxResults": -1}):
        assert aws.refused("ListServiceDeployments", **where, **bad) == "InvalidParameterException"
    between = {"after": oldest["createdAt"], "before": newest["createdAt"]}
    assert aws.do("ListServiceDeployments", **where, createdAt=between)["serviceDeployments"] == [middle]
    as_text = {"before": datetime.fromtimestamp(newest["createdAt"], tz=timezone.utc).isoformat()}
    assert oldest in aws.do("ListServiceDeployments", **where, createdAt=as_text)["serviceDeployments"]


def test_a_service_that_is_deleted_leaves_no_target(aws: Aws) -> None:
    aws.create(**CANARY)
    aws.do("DeleteService", cluster="shop", service="web", force=True)
    assert (aws.alb._targets.get(BLUE), aws.alb._targets.get(GREEN, [])) == ([], [])
