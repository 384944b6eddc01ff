"""A service whose first deployment failed: a rollback deletes it, and the next deployment of the stack may make it."""

from __future__ import annotations

import contextlib
import importlib
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.local.ministack_patches.deployments.services import BALANCER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.local.ministack_patches.deployments.services import Aws


@pytest.fixture
def stack() -> Iterator[dict[str, Any]]:
    """MiniStack's record of the stack."""
    stacks = importlib.import_module("ministack.services.cloudformation")._stacks
    stacks["Shop"] = {"StackName": "Shop"}
    yield stacks["Shop"]
    stacks.pop("Shop", None)


def _create(aws: Aws, logical_id: str = "Web") -> str:
    properties = {
        "Cluster": "shop",
        "ServiceName": "web",
        "TaskDefinition": aws.register(),
        "DesiredCount": 1,
        "LoadBalancers": [{name[:1].upper() + name[1:]: value for name, value in BALANCER.items()}],
        "DeploymentConfiguration": {"DeploymentCircuitBreaker": {"Enable": True, "Rollback": True}},
    }
    return str(aws.handlers["AWS::ECS::Service"]["create"](logical_id, properties, "Shop")[0])


@contextlib.contextmanager
def _exiting(aws: Aws) -> Iterator[None]:
    """Let each task exit as soon as it runs."""
    end = threading.Event()

    def stop() -> None:
        while not end.wait(0.01):
            for arn, task in list(aws.ecs._tasks.items()):
                if task["lastStatus"] == "RUNNING":
                    aws.ecs._mark_task_stopped(arn, task, "Essential container exited", "EssentialContainerExited", 1)

    thread = threading.Thread(target=stop)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


def _fails(aws: Aws, healthy: set[bool]) -> None:
    healthy.clear()
    with _exiting(aws), pytest.raises(ValueError, match="ECS Deployment Circuit Breaker was triggered"):
        _create(aws)
    healthy.add(True)


def _status(aws: Aws) -> str:
    found = aws.do("DescribeServices", cluster="shop", services=["web"])["services"]
    return str(found[0]["status"]) if found else "INACTIVE"


@pytest.mark.usefixtures("stack")
def test_the_rollback_deletes_it_and_the_next_deployment_makes_it(aws: Aws, healthy: set[bool]) -> None:
    _fails(aws, healthy)
    assert _status(aws) in {"INACTIVE", "DRAINING"}
    _create(aws)
    assert (_status(aws), aws.newest()["status"]) == ("ACTIVE", "SUCCESSFUL")


def test_without_a_rollback_it_stays_until_the_next_deployment(
    aws: Aws, healthy: set[bool], stack: dict[str, Any]
) -> None:
    stack["DisableRollback"] = True
    _fails(aws, healthy)
    assert _status(aws) == "ACTIVE"
    _create(aws)
    assert aws.newest()["status"] == "SUCCESSFUL"


@pytest.mark.parametrize("name", ["Shop", "arn:aws:cloudformation:us-east-1:000000000000:stack/Shop/1"])
def test_without_a_rollback_it_goes_with_its_stack(
    aws: Aws, healthy: set[bool], stack: dict[str, Any], name: str
) -> None:
    stack["DisableRollback"] = True
    _fails(aws, healthy)
    cloudformation = importlib.import_module("ministack.services.cloudformation")
    delete = cloudformation._ACTION_HANDLERS["DeleteStack"]
    cloudformation._stacks.pop("Shop")  # MiniStack itself has nothing to delete
    delete({"StackName": ["Another"]})
    assert _status(aws) == "ACTIVE"
    delete({"StackName": [name]})
    assert _status(aws) in {"INACTIVE", "DRAINING"}
