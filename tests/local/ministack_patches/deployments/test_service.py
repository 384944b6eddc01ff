"""The health of a service's tasks, as the target group says."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from ecr_fargate_constructs.local.clock import Clock
from ecr_fargate_constructs.local.ministack_patches.deployments.service import ControlledService, Ministack


def _service(results: list[bool], **group: int) -> ControlledService:
    task = {
        "taskArn": "task",
        "group": "service:web",
        "clusterArn": "c",
        "lastStatus": "RUNNING",
        "_deployment_id": "1",
    }
    ecs = SimpleNamespace(_tasks={"task": task}, _PRE_STOP_STATUSES={"RUNNING"}, _task_ip=lambda _: "10.0.0.1")
    alb = SimpleNamespace(_tgs={"blue": {"TargetType": "ip", **group}})

    def check(*_: object) -> SimpleNamespace:
        return SimpleNamespace(state="healthy" if results.pop(0) else "unhealthy")

    none: Any = None
    ministack = Ministack(ecs, alb, none, none, Clock(), False, check, none)
    balancers = [{"targetGroupArn": "blue", "containerPort": 80}]
    record = {"serviceName": "web", "clusterArn": "c", "desiredCount": 1, "loadBalancers": balancers}
    return ControlledService(ministack, "c", record)


def _states(results: list[bool], **group: int) -> list[str]:
    service = _service(list(results), **group)
    states = []
    for _ in results:
        service.check_health()
        states.append(service._seen["task"].checks["blue"].state)
        service._seen["task"].due = 0
    return states


def test_a_target_passes_and_fails_as_many_checks_in_a_row_as_its_group_says() -> None:
    failing = [True, True, False, False, False, True]
    thresholds = {"HealthyThresholdCount": 2, "UnhealthyThresholdCount": 3}
    assert _states(failing, **thresholds) == ["initial", "healthy", "healthy", "healthy", "unhealthy", "unhealthy"]
    assert _states([False] * 5, **thresholds) == ["initial", "initial", "unhealthy", "unhealthy", "unhealthy"]


def test_it_is_looked_at_again_when_its_next_check_is_due() -> None:
    service = _service([True], HealthyThresholdCount=1, HealthCheckIntervalSeconds=7)
    assert service.check_health() is False
    assert 6 < service._seconds_to_next_check() <= 7
    starting = _service([False])
    assert starting.check_health() is True


def test_a_task_keeps_the_port_of_its_revision_when_the_service_gets_another() -> None:
    service = _service([])
    registered: dict[str, list[tuple[str, int]]] = {}
    service._ministack.alb.set_targets_for_group = lambda arn, targets, _: registered.update({arn: targets})
    service.record["status"] = "ACTIVE"
    service.revisions["1"] = {"loadBalancers": [{"targetGroupArn": "blue", "containerPort": 80}]}
    service.record["loadBalancers"] = [{"targetGroupArn": "blue", "containerPort": 8081}]
    service.register_targets()
    assert registered == {"blue": [("10.0.0.1", 80)]}
    service.record["loadBalancers"] = [{"targetGroupArn": "green", "containerPort": 8081}]
    service._ministack.ecs._tasks.clear()
    service.register_targets()
    assert registered == {"blue": [], "green": []}
