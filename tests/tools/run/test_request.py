"""The request that starts a task."""

from __future__ import annotations

import pytest

from ecr_fargate_constructs.tools.errors import ToolError
from ecr_fargate_constructs.tools.run.request import Order, container_for, request_for
from tests.tools.run.fake import DEFINITION, WEB


def test_a_task_runs_as_the_service_does() -> None:
    request = request_for(Order(command=["true"], environment={"A": "b=c"}), WEB, DEFINITION)
    assert request["networkConfiguration"] == WEB["networkConfiguration"]
    assert (request["cluster"], request["taskDefinition"]) == (WEB["clusterArn"], WEB["taskDefinition"])
    assert (request["launchType"], request["platformVersion"]) == ("FARGATE", "LATEST")
    assert request["overrides"] == {
        "containerOverrides": [{"name": "web", "command": ["true"], "environment": [{"name": "A", "value": "b=c"}]}]
    }


def test_capacity_providers_replace_the_launch_type() -> None:
    spot = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    request = request_for(Order(command=["true"]), {**WEB, "capacityProviderStrategy": spot}, DEFINITION)
    assert request["capacityProviderStrategy"] == spot
    assert "launchType" not in request
    assert request["platformVersion"] == "LATEST"


def test_instances_have_no_platform_version() -> None:
    on_ec2 = {**WEB, "launchType": "EC2", "placementStrategy": [{"type": "spread"}]}
    request = request_for(Order(command=["true"], memory=999), on_ec2, DEFINITION)
    assert "platformVersion" not in request
    assert request["placementStrategy"] == [{"type": "spread"}]
    assert request["overrides"]["memory"] == "999"


@pytest.mark.parametrize(("limit", "override"), [(512, {"memory": 4096}), (256, {}), (None, {})])
def test_more_memory_is_more_for_a_container_that_has_all_of_it(limit: int | None, override: dict[str, int]) -> None:
    container = {**DEFINITION["containerDefinitions"][0], **({} if limit is None else {"memory": limit})}
    definition = {**DEFINITION, "containerDefinitions": [container]}
    overrides = request_for(Order(command=["true"], cpu=1024, memory=4096), WEB, definition)["overrides"]
    assert (overrides["cpu"], overrides["memory"]) == ("1024", "4096")
    assert overrides["containerOverrides"] == [{"name": "web", "command": ["true"], **override}]


def test_a_volume_of_the_service_is_made_for_the_task_and_goes_with_it() -> None:
    volume = {"name": "data", "managedEBSVolume": {"roleArn": "role", "sizeInGiB": 10}}
    deployments = [{"status": "ACTIVE"}, {"status": "PRIMARY", "volumeConfigurations": [volume]}]
    [made] = request_for(Order(command=["true"]), {**WEB, "deployments": deployments}, DEFINITION)[
        "volumeConfigurations"
    ]
    assert made["managedEBSVolume"] == {
        "roleArn": "role",
        "sizeInGiB": 10,
        "terminationPolicy": {"deleteOnTermination": True},
    }


@pytest.mark.parametrize(
    ("order", "said"),
    [
        (Order(command=["true"], cpu=300), "--cpu 300 is not a CPU size of Fargate"),
        (Order(command=["true"], cpu=1024), "no task of 1024 CPU units and 512 MiB"),
        (Order(command=["x" * 9000]), "ECS takes 8192"),
        (Order(command=["true"], container="db"), "no container db"),
    ],
)
def test_what_ecs_refuses_is_refused_before(order: Order, said: str) -> None:
    with pytest.raises(ToolError, match=said):
        request_for(order, WEB, DEFINITION)


def test_a_worker_has_one_essential_container() -> None:
    worker = {**WEB, "loadBalancers": []}
    with pytest.raises(ToolError, match="several essential") as raised:
        container_for(Order(command=["true"]), worker, DEFINITION)
    assert raised.value.fix == "choose --container: web, beside"
    containers = [DEFINITION["containerDefinitions"][0], {"name": "beside", "essential": False}]
    assert container_for(Order(command=["true"]), worker, {"containerDefinitions": containers}) == "web"
