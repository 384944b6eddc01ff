"""What is read of a deployed service: its tasks, target groups and grace period; its lines in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.local.instance import Instance, Memory
from ecr_fargate_constructs.local.services import Cloud

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ARN = "arn:aws:ecs:us-east-1:000000004600:service/Cluster/Web-Service"


class _Client:
    """A client for an AWS service, which answers what it was given."""

    def __init__(self, **answers: Callable[..., Any]) -> None:
        self.__dict__.update(answers)


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    instance = Instance(tmp_path, 4600, "000000004600", "us-east-1")
    Memory(instance.account, instance.region, "podman", "").save(instance)
    return Cloud(instance)


def test_a_service_is_read_with_all_of_its_tasks(cloud: Cloud) -> None:
    """More than the hundred that one question may name: those that crashed just now may be the last."""
    arns = {"RUNNING": ["task/run"], "STOPPED": [f"task/stopped-{number}" for number in range(150)]}
    asked = []

    def describe_tasks(cluster: str, tasks: list[str]) -> dict[str, Any]:
        assert cluster == "Cluster"
        assert len(tasks) <= 100
        asked.append(tasks)
        eni = {"details": [{"name": "subnetId", "value": "s"}, {"name": "privateIPv4Address", "value": "10.0.0.1"}]}
        return {
            "tasks": [
                {"taskArn": arn, "taskDefinitionArn": "family:2", "lastStatus": "RUNNING", "attachments": [eni]}
                for arn in tasks
            ]
        }

    described = {
        "serviceName": "Web-Service",
        "clusterArn": "Cluster",
        "taskDefinition": "family:1",
        "desiredCount": 1,
        "deployments": [{"status": "PRIMARY"}, {"status": "INACTIVE"}],
        "loadBalancers": [{"targetGroupArn": "group"}, {"loadBalancerName": "classic"}],
        "healthCheckGracePeriodSeconds": 60,
    }
    resources = [
        {"ResourceType": "AWS::ECS::Service", "LogicalResourceId": "Service", "PhysicalResourceId": ARN},
        {"ResourceType": "AWS::ECS::TaskDefinition", "LogicalResourceId": "Task", "PhysicalResourceId": "family:2"},
    ]
    cloud._clients["cloudformation"] = _Client(describe_stack_resources=lambda **_: {"StackResources": resources})
    cloud._clients["ecs"] = _Client(
        describe_services=lambda **_: {"services": [described]},
        describe_tasks=describe_tasks,
        get_paginator=lambda _: _Client(paginate=lambda desiredStatus, **_: [{"taskArns": arns[desiredStatus]}]),  # noqa: N803
    )
    [service] = cloud.services(["Web"])
    assert len(service.tasks) == 151
    assert len(asked) == 2
    assert service.tasks[0].address == "10.0.0.1"
    assert (service.wanted, service.logical_id, service.groups, service.grace) == (
        "family:2",
        "Service",
        ("group",),
        60,
    )
    assert service.deployments == ({"status": "PRIMARY"},)


def test_lines_of_one_millisecond_stay_in_order(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sorted by text, a traceback would be scrambled."""
    said = {
        "web/web/t1": [(1, "z first"), (2, "\x1b[31mm third\x1b[0m"), (2, "a fourth")],
        "web/web/t2": [(1, "b second")],
    }
    cloud._clients["logs"] = _Client(
        describe_log_streams=lambda **_: {"logStreams": [{"logStreamName": name} for name in said]},
        get_log_events=lambda logStreamName, **_: {  # noqa: N803
            "events": [{"timestamp": time, "message": f"{text}\n"} for time, text in said[logStreamName]]
        },
    )
    monkeypatch.setattr(cloud, "_log_groups", lambda _stacks: ["group"])
    assert cloud.last_lines(["Web"]) == ["z first", "b second", "m third", "a fourth"]
    assert cloud.last_lines(["Web"], 2) == ["m third", "a fourth"]
    assert cloud.last_lines(["Web"], tasks=["t2"]) == ["b second"]
